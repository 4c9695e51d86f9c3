"""Artefacts in maps, looked for without being asked: maps that say more about a fault than about the image."""

from __future__ import annotations

from .find import SetTally, artefacts_of_store, find_artefacts, judge_sets, strides, tally
from .finding import KINDS, Finding, Severity
from .outliers import critical_z, outlying_sets, robust_z

__all__ = [
    "KINDS",
    "Finding",
    "SetTally",
    "Severity",
    "artefacts_of_store",
    "critical_z",
    "find_artefacts",
    "judge_sets",
    "outlying_sets",
    "robust_z",
    "strides",
    "tally",
]
