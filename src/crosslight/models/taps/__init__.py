"""Features, tails and attention of any network. No other package touches hooks or replaces `forward`."""

from __future__ import annotations

from .attention import recorded_attention
from .attention_path import AttentionPath, find_attention
from .capture import Captured, capture
from .check import TailFacts, check_tail, measure_tail
from .find import find_sites
from .layout import Layout
from .reading import reading
from .receptive import receptive_energy
from .site import DepthUnit, Site, Sites
from .state import modules_run_by
from .tail import Tail
from .tree import logits_of

__all__ = [
    "AttentionPath",
    "Captured",
    "DepthUnit",
    "Layout",
    "Site",
    "Sites",
    "Tail",
    "TailFacts",
    "capture",
    "check_tail",
    "find_attention",
    "find_sites",
    "logits_of",
    "measure_tail",
    "modules_run_by",
    "reading",
    "receptive_energy",
    "recorded_attention",
]
