"""Mask: one colour in place of what is removed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .edit import Cut, edit


@edit("mask", does="the {} covered")
def mask(cut: Cut, *, colour: str = "mean") -> NDArray[np.float64]:
    """Cover the region with one colour.

    Args:
        cut: the picture.
        colour: ``mean`` of what stays (of the whole picture where nothing stays), or one such as ``#808080``.

    Returns:
        float64 ``[h, w, 3]``.

    Raises:
        InputError: there is no such colour.
    """
    return np.broadcast_to(colour_of(cut, colour), cut.picture.shape)


def colour_of(cut: Cut, colour: str) -> NDArray[np.float64]:
    """float64 ``[3]``, 0 to 255: the mean of what stays, or the colour that is named.

    Raises:
        InputError: there is no such colour.
    """
    if colour == "mean":
        stays = cut.picture[~cut.removed] if not cut.removed.all() else cut.picture.reshape(-1, 3)
        return np.asarray(stays.mean(axis=0))
    from PIL import ImageColor

    try:
        return np.array(ImageColor.getrgb(colour)[:3], np.float64)
    except (ValueError, AttributeError):
        raise InputError(
            f"colour is 'mean', a name such as 'grey' or a code such as '#808080', not {colour!r}"
        ) from None
