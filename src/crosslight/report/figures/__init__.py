"""Figures of results for papers, as Matplotlib objects without any global state, in one style.

Every function returns a `matplotlib.figure.Figure` with its own canvas: ``figure.savefig("name.svg")``.
"""

from __future__ import annotations

from .curve import curve_figure
from .dendrogram import dendrogram_figure
from .matrix import matrix_figure
from .points import map_figure

__all__ = ["curve_figure", "dendrogram_figure", "map_figure", "matrix_figure"]
