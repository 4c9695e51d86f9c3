"""A map as the page draws it: one byte per cell."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.maps import Maps
from ..report.overlay import FINE, FINE_PERCENTILE, is_signed, limit_of

#: most cells along a side; finer maps are reduced by area averaging
CELLS = 224
#: the highest byte; even, so that 0 of a signed map has a value of its own
TOP = 254


def encode(maps: Maps, row: int) -> dict[str, Any]:
    """One image's map, after the method's published final step.

    A cell's value is ``low + byte / 254 * (limit - low)``, where ``low`` is ``-limit`` of a signed map and 0 otherwise.

    Args:
        maps: raw and finite.
        row: which of them.

    Returns:
        ``cells`` and ``native`` ``[h, w]``; ``box`` in pixels of the upright picture; ``signed``; ``range``, the least
        and the greatest value before the final step; ``limit``, the magnitude shown in full colour (0 where nothing is
        to be seen); and ``bytes``, base64 of uint8 ``[h, w]``.
    """
    signed = is_signed(maps)
    finished = maps.finished().values[row]
    values = reduced(finished if signed else np.maximum(finished, 0))
    limit = limit_of(values, FINE_PERCENTILE if min(finished.shape) > FINE else 100.0)
    low = -limit if signed else 0.0
    share = np.clip((values.astype(np.float64) - low) / (limit - low), 0, 1) if limit > 0 else np.zeros(values.shape)
    raw = maps.values[row]
    return {
        "cells": list(values.shape),
        "native": list(finished.shape),
        "box": [round(float(edge), 2) for edge in maps.boxes[row]],
        "signed": signed,
        "range": [float(f"{raw.min():.4g}"), float(f"{raw.max():.4g}")],
        "limit": float(f"{limit:.6g}"),
        "bytes": base64.b64encode(np.rint(share * TOP).astype(np.uint8).tobytes()).decode("ascii"),
    }


def reduced(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """A map with at most `CELLS` cells a side, each the mean of what it covers."""
    height, width = values.shape
    scale = CELLS / max(height, width)
    if scale >= 1:
        return values.astype(np.float32)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, Image.Resampling.BOX))
