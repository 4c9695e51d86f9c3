"""Maps and predictions in one folder: Zarr v3 arrays, written block by block so that a crash loses nothing."""

from __future__ import annotations

from ..core.errors import StoreError
from .failures import left_out
from .layout import ARRAYS, ImageEntry, Manifest, set_key, slug
from .records import Failure, MapBlock, MapSet, PredictionBlock, PredictionTable
from .store import Store

__all__ = [
    "ARRAYS",
    "Failure",
    "ImageEntry",
    "Manifest",
    "MapBlock",
    "MapSet",
    "PredictionBlock",
    "PredictionTable",
    "Store",
    "StoreError",
    "left_out",
    "set_key",
    "slug",
]
