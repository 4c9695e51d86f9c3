"""Metrics of localisation: how well a map points to where the evidence is, one short file each.

A module in this folder that uses `localisation_metric` is found by itself; other packages add theirs through the
entry-point group ``crosslight.localisation``.
"""

from __future__ import annotations

from .choose import settle
from .laid import Laid, PictureMask, covered, lay
from .metric import DEFAULT, METRICS, LocalisationMetric, localisation_metric, metrics_named

__all__ = [
    "DEFAULT",
    "METRICS",
    "Laid",
    "LocalisationMetric",
    "PictureMask",
    "covered",
    "lay",
    "localisation_metric",
    "metrics_named",
    "settle",
]
