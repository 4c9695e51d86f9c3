"""Results as pages, figures and files that people read."""

from __future__ import annotations

from .build import build_report

__all__ = ["build_report"]
