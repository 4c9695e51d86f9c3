"""Measures of how an image was learned, one short file each.

All follow one rule for what is missing: an epoch without a prediction of an image is left out for that image, as if the
run had not had it. Where nothing can be said of an image the value is NaN, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..history import History
from ..selection import Epochs, Images, select
from .base import Measure
from .registry import MEASURES, in_order, measure

__all__ = ["MEASURES", "Measure", "in_order", "measure", "measure_all", "measure_one"]


def measure_one(name: str, history: History, *, epochs: Epochs = None, images: Images = None) -> NDArray[np.float64]:
    """One measure of every image.

    Args:
        name: as registered, such as ``frequency``.
        history: what was recorded.
        epochs: first and last number, both included, or None for all.
        images: a mask, columns or ids; None for all.

    Returns:
        float64 ``[images]``; NaN where nothing can be said.

    Raises:
        UnknownNameError: there is no such measure.
        InputError: there is no such epoch or image.
    """
    return MEASURES[name](select(history, epochs=epochs, images=images))


def measure_all(
    history: History, *, epochs: Epochs = None, images: Images = None, names: Iterable[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Several measures of every image.

    Args:
        history: what was recorded.
        epochs: first and last number, both included, or None for all.
        images: a mask, columns or ids; None for all.
        names: of the measures; if None, all that the history has what is needed for, in the order of tables.

    Returns:
        float64 ``[images]`` by name.

    Raises:
        UnknownNameError: there is no such measure.
        InputError: there is no such epoch or image.
    """
    chosen = select(history, epochs=epochs, images=images)
    if names is None:
        return {one.name: one(chosen) for one in in_order() if one.available(chosen)}
    return {name: MEASURES[name](chosen) for name in names}
