"""Results as pages, figures and files that people read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .build import Report, build_report, write_report
    from .findings import Finding

__all__ = ["Finding", "Report", "build_report", "write_report"]

#: where each name is; imported when it is asked for, because a page of recorded runs needs no PyTorch
_PLACES = {"Finding": "findings", "Report": "build", "build_report": "build", "write_report": "build"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PLACES[name]}", __name__), name)
