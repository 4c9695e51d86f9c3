"""Measures of similarity of two maps of one image, one short file each."""

from .base import Cells, Measure
from .registry import MEASURES, find_measure, measure

__all__ = ["MEASURES", "Cells", "Measure", "find_measure", "measure"]
