"""The classifiers of a store, loaded again: see `crosslight.study.again`."""

from __future__ import annotations

from ...study.again import check_same, load_again, stored_attributes

__all__ = ["check_same", "load_again", "stored_attributes"]
