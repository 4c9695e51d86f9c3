"""Crosslight explains image classifiers, and measures where models and methods agree.

The names listed here are the public interface. They are imported when first used, so that
``import crosslight`` and ``crosslight --help`` stay quick: PyTorch alone takes seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .__about__ import __version__
from .core.accessors import register
from .core.errors import (
    CrosslightError,
    ImageError,
    InputError,
    MethodError,
    ModelError,
    Problem,
    StoreError,
    StudyError,
    UnknownNameError,
    suggestion,
)

if TYPE_CHECKING:
    from .core.maps import Maps, Status
    from .images import open_images
    from .methods import method
    from .models import load_model
    from .store import Store
    from .study import Study, explain

#: where each lazily imported name lives
_HOMES = {
    "Maps": "core.maps",
    "Status": "core.maps",
    "Store": "store",
    "Study": "study",
    "explain": "study",
    "load_model": "models",
    "method": "methods",
    "open_images": "images",
}

register(
    {
        "plot": ("crosslight.report.figures.plots", "plots_of"),
        "notebook": ("crosslight.report.notebook", "notebook_html"),
    }
)

__all__ = [
    "CrosslightError",
    "ImageError",
    "InputError",
    "Maps",
    "MethodError",
    "ModelError",
    "Problem",
    "Status",
    "Store",
    "StoreError",
    "Study",
    "StudyError",
    "UnknownNameError",
    "__version__",
    "explain",
    "load_model",
    "method",
    "open_images",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'crosslight' has no attribute {name!r}{suggestion(name, __all__)}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"_HOMES", "register"})
