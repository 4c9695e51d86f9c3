"""Results as pages, figures and files that people read."""

from __future__ import annotations

from .build import Report, build_report, write_report
from .findings import Finding

__all__ = ["Finding", "Report", "build_report", "write_report"]
