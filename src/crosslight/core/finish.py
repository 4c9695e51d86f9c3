"""Finishing steps that published methods end with, applied on reading: raw maps are stored without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import UnknownNameError

Finish = Callable[[NDArray[Any]], NDArray[Any]]

#: what becomes of the sign when maps are compared or scored
Sign = Literal["keep", "positive", "absolute"]


def none(values: NDArray[Any]) -> NDArray[Any]:
    """No finishing step: the map as it is."""
    return values


def relu(values: NDArray[Any]) -> NDArray[Any]:
    """Negative values become 0: only what speaks for the class stays (Grad-CAM and most of its family)."""
    return np.maximum(values, 0)


def absolute(values: NDArray[Any]) -> NDArray[Any]:
    """The magnitude: for and against the class count alike."""
    return np.abs(values)


FINISHES: dict[str, Finish] = {step.__name__: step for step in (none, relu, absolute)}


def finish_named(name: str) -> Finish:
    """The finishing step of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in FINISHES:
        raise UnknownNameError("finishing step", name, FINISHES)
    return FINISHES[name]


def with_sign(values: NDArray[Any], sign: Sign) -> NDArray[Any]:
    """Values as they are (``keep``), only what is ``positive``, or all of them ``absolute``."""
    if sign == "keep":
        return values
    return relu(values) if sign == "positive" else absolute(values)
