"""Matrices that others published: read, analysed again, compared with each other, and tested for groups."""

from __future__ import annotations

from .case import Case, open_case
from .correlation import Correlation, correlate
from .group_table import GroupTable, read_groups
from .matrix import Kind, Published, read_matrix
from .reanalysis import Family, Reanalysis, reanalyse
from .save import save_reanalysis
from .structure import Structure, structure

__all__ = [
    "Case",
    "Correlation",
    "Family",
    "GroupTable",
    "Kind",
    "Published",
    "Reanalysis",
    "Structure",
    "correlate",
    "open_case",
    "read_groups",
    "read_matrix",
    "reanalyse",
    "save_reanalysis",
    "structure",
]
