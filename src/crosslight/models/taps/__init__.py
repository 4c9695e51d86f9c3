"""Features, tails and attention of any network. No other package touches hooks or replaces `forward`."""

from __future__ import annotations

from .attention import recorded_attention
from .attention_path import AttentionPath, find_attention
from .capture import Captured, capture
from .find import find_sites
from .layout import Layout
from .site import Site, Sites
from .state import modules_run_by
from .tail import Tail, check_tail
from .tree import logits_of

__all__ = [
    "AttentionPath",
    "Captured",
    "Layout",
    "Site",
    "Sites",
    "Tail",
    "capture",
    "check_tail",
    "find_attention",
    "find_sites",
    "logits_of",
    "modules_run_by",
    "recorded_attention",
]
