"""Are maps right? Where the evidence is known, how well methods point to it, against what chance gives."""

from __future__ import annotations

from .masks import MaskSource, open_masks
from .saved import save_scores, saved_scores
from .score import score, score_maps
from .scorecard import Scorecard

__all__ = ["MaskSource", "Scorecard", "open_masks", "save_scores", "saved_scores", "score", "score_maps"]
