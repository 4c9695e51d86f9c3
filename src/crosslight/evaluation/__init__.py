"""Are maps right? Where the evidence is known, how well methods point to it, against what chance gives.

Trying maps out on their classifiers is in `crosslight.evaluation.probing`, which needs PyTorch.
"""

from __future__ import annotations

from .masks import MaskSource, open_masks
from .probed import Probed
from .rankings import Rankings, rankings
from .saved import save_scores, saved_probes, saved_rankings, saved_scores
from .score import score, score_maps
from .scorecard import Scorecard
from .together import rank_methods

__all__ = [
    "MaskSource",
    "Probed",
    "Rankings",
    "Scorecard",
    "open_masks",
    "rank_methods",
    "rankings",
    "save_scores",
    "saved_probes",
    "saved_rankings",
    "saved_scores",
    "score",
    "score_maps",
]
