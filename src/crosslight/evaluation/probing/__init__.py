"""Metrics that try maps out on the classifier they are of: does it depend on what they mark?

A module in this folder that uses `probe_metric` is found by itself; other packages add theirs through the entry-point
group ``crosslight.probes``.
"""

from __future__ import annotations

from .metric import PROBES, ProbeMetric, probe_metric
from .probe import probe_store
from .subject import MapsOfAll, Subject

__all__ = ["PROBES", "MapsOfAll", "ProbeMetric", "Subject", "probe_metric", "probe_store"]
