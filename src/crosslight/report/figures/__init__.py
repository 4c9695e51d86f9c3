"""Figures of results for papers, as Matplotlib objects without any global state, in one style.

Every function returns a `matplotlib.figure.Figure` with its own canvas: ``figure.savefig("name.svg")``.
"""

from __future__ import annotations

from .communities import community_graph
from .comparison import comparison_figure
from .concepts import concept_histogram
from .curve import curve_figure
from .dendrogram import dendrogram_figure
from .learning import learning_figure
from .matrix import matrix_figure
from .overlays import Said, Shot, Tile, overlay_grid
from .pairs import pair_distributions
from .points import map_figure
from .scorecard import scorecard_figure

__all__ = [
    "Said",
    "Shot",
    "Tile",
    "community_graph",
    "comparison_figure",
    "concept_histogram",
    "curve_figure",
    "dendrogram_figure",
    "learning_figure",
    "map_figure",
    "matrix_figure",
    "overlay_grid",
    "pair_distributions",
    "scorecard_figure",
]
