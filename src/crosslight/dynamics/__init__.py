"""How a classifier learned: every image's prediction at every epoch, what is measured of it, and the training itself."""

from __future__ import annotations

from .history import MISSING, History

__all__ = ["MISSING", "History"]
