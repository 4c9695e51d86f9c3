"""What every unit of a classifier detects, by masks or by words, and how sure that is."""

from __future__ import annotations

from .api import dissect, label_by_masks, record_units
from .records import Dissection, Labelling, UnitLayer
from .saved import open_dissection, save_dissection

__all__ = [
    "Dissection",
    "Labelling",
    "UnitLayer",
    "dissect",
    "label_by_masks",
    "open_dissection",
    "record_units",
    "save_dissection",
]
