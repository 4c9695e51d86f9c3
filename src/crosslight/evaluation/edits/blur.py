"""Blur: what is removed loses its details, and keeps its colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .edit import Cut, edit

#: standard deviations after which a Gaussian is cut off
_REACH = 4


@edit("blur", does="the {} blurred")
def blur(cut: Cut, *, radius: float = 0.08) -> NDArray[np.float64]:
    """Blur the region together with what is around it.

    A coarse shape and its colours stay, so a classifier that still says the class may have seen just these.

    Args:
        cut: the picture.
        radius: standard deviation of the Gaussian as a share of the picture's shorter side, in (0, 1].

    Returns:
        float64 ``[h, w, 3]``.

    Raises:
        InputError: the radius is out of range.
    """
    if not 0 < radius <= 1:
        raise InputError(f"radius is above 0 and at most 1, not {radius}")
    return blurred(cut.picture, cut.removed, radius * min(cut.picture.shape[:2]))


def blurred(picture: NDArray[np.float64], where: NDArray[np.bool_], sigma: float) -> NDArray[np.float64]:
    """A picture blurred around some of its pixels; the rest is as it was, or somewhere between.

    Args:
        picture: ``[h, w, 3]``.
        where: bool ``[h, w]``, at least one pixel.
        sigma: standard deviation in pixels.
    """
    from scipy.ndimage import gaussian_filter

    reach = int(_REACH * sigma) + 2
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    part = (
        slice(max(0, rows[0] - reach), rows[-1] + reach + 1),
        slice(max(0, columns[0] - reach), columns[-1] + reach + 1),
    )
    out = picture.copy()
    out[part] = gaussian_filter(picture[part], (sigma, sigma, 0), mode="nearest", truncate=_REACH)
    return out
