"""A part of a history: a range of epochs, some of the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, suggestion
from .history import History

#: first and last number, both included, either of them None for no bound; None for all
Epochs = tuple[int | None, int | None] | None
#: ``[images]`` bool, columns, or ids; None for all
Images = NDArray[Any] | Sequence[int] | Sequence[str] | None


def select(history: History, *, epochs: Epochs = None, images: Images = None) -> History:
    """A part of a history.

    Args:
        history: what was recorded.
        epochs: first and last number, both included; those in between that were recorded are kept.
        images: a mask, columns or ids, in the order wanted.

    Raises:
        InputError: no epoch lies in the range, or there is no such image.
    """
    if epochs is not None:
        history = _rows(history, epochs)
    if images is not None:
        columns = _columns(history, images)
        history = replace(
            history,
            ids=tuple(history.ids[at] for at in columns.tolist()),
            labels=history.labels[columns],
            predictions=history.predictions[:, columns],
            probability=None if history.probability is None else history.probability[:, columns],
            margin=None if history.margin is None else history.margin[:, columns],
        )
    return history


def _rows(history: History, epochs: tuple[int | None, int | None]) -> History:
    first, last = epochs
    kept = np.ones(len(history.epochs), bool)
    if first is not None:
        kept &= history.epochs >= first
    if last is not None:
        kept &= history.epochs <= last
    if not kept.any():
        there = f"{history.epochs[0]} to {history.epochs[-1]}" if len(history.epochs) else "none"
        raise InputError(f"no recorded epoch lies in {first} to {last}; there are {there}")
    return replace(
        history,
        epochs=history.epochs[kept],
        predictions=history.predictions[kept],
        probability=None if history.probability is None else history.probability[kept],
        margin=None if history.margin is None else history.margin[kept],
        metrics={name: values[kept] for name, values in history.metrics.items()},
    )


def _columns(history: History, images: Any) -> NDArray[np.int64]:
    chosen = np.asarray(images)
    size = len(history.ids)
    if chosen.dtype.kind == "b":
        if chosen.shape != (size,):
            raise InputError(f"a mask of images has the shape ({size},), not {chosen.shape}")
        return np.flatnonzero(chosen)
    if chosen.dtype.kind in "UO":
        column = {name: at for at, name in enumerate(history.ids)}
        for name in chosen.tolist():
            if name not in column:
                raise InputError(f"there is no image {name!r}{suggestion(str(name), history.ids)}")
        return np.array([column[name] for name in chosen.tolist()], np.int64)
    if not chosen.size:
        return np.empty(0, np.int64)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or chosen.min() < 0 or chosen.max() >= size:
        raise InputError(f"images are columns from 0 to {size - 1}, ids, or a mask")
    return chosen.astype(np.int64)
