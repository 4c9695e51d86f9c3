"""How a classifier learned: every image's prediction at every epoch, what is measured of it, and the training."""

from __future__ import annotations

from .confusion import confusion
from .findings import Finding, findings
from .from_scenes import scenes_history
from .history import MISSING, UNKNOWN, History
from .instanceflow import read_instanceflow, write_instanceflow
from .measures import MEASURES, measure_all, measure_one
from .reading import follow, open_history, stamp
from .recorder import Recorder
from .selection import select
from .summary import Summary, summary
from .tables import write_table

__all__ = [
    "MEASURES",
    "MISSING",
    "UNKNOWN",
    "Finding",
    "History",
    "Recorder",
    "Summary",
    "confusion",
    "findings",
    "follow",
    "measure_all",
    "measure_one",
    "open_history",
    "read_instanceflow",
    "scenes_history",
    "select",
    "stamp",
    "summary",
    "write_instanceflow",
    "write_table",
]
