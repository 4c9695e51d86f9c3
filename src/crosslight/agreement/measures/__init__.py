"""Measures of similarity of two maps of one image, one short file each."""

from .base import Cells, Measure
from .pooled_kappa import pooled_kappa
from .rbf import freeze, median_sigma
from .registry import MEASURES, find_measure, measure

__all__ = ["MEASURES", "Cells", "Measure", "find_measure", "freeze", "measure", "median_sigma", "pooled_kappa"]
