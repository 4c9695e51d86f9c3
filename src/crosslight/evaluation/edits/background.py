"""Background: everything but the region becomes something else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, UnknownNameError
from .blur import blurred
from .edit import Cut, edit
from .mask import colour_of

KINDS = ("picture", "flat", "blur")


@edit("background", does="the {} before another background", removes="rest", redraw="elsewhere")
def background(cut: Cut, *, by: str = "picture", colour: str = "mean", radius: float = 0.08) -> NDArray[np.float64]:
    """Put the region before another background.

    Args:
        cut: the picture; `cut.other` is what another picture of the set shows without its own region.
        by: ``picture`` (another one of the set, cut to the same shape), ``flat`` (one colour) or ``blur``.
        colour: for ``flat``: ``mean`` of the region, or one such as ``#808080``.
        radius: for ``blur``: standard deviation as a share of the shorter side, in (0, 1].

    Returns:
        float64 ``[h, w, 3]``.

    Raises:
        UnknownNameError: there is no such kind of background.
        InputError: there is no other picture, or a setting is out of range.
    """
    if by not in KINDS:
        raise UnknownNameError("background", by, KINDS)
    if by == "flat":
        return np.broadcast_to(colour_of(cut, colour), cut.picture.shape)
    if by == "blur":
        if not 0 < radius <= 1:
            raise InputError(f"radius is above 0 and at most 1, not {radius}")
        return blurred(cut.picture, cut.removed, radius * min(cut.picture.shape[:2]))
    if cut.other is None:
        raise InputError("there is no other picture to take a background from; use by=flat or by=blur")
    from PIL import Image, ImageOps

    height, width = cut.picture.shape[:2]
    fitted = ImageOps.fit(Image.fromarray(cut.other), (width, height), Image.Resampling.BICUBIC)
    return np.asarray(fitted, np.float64)
