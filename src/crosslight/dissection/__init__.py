"""What every unit of a classifier detects, by masks or by words, and how sure that is."""

from __future__ import annotations

from .records import Dissection, Labelling, UnitLayer

__all__ = ["Dissection", "Labelling", "UnitLayer"]
