"""Harmonic filling: each removed pixel becomes the mean of its neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .edit import Cut, edit


@edit("harmonic", does="the {} removed", redraw="without")
def harmonic(cut: Cut) -> NDArray[np.float64]:
    """Fill the region in from its rim, as smoothly as a soap film; the fast way to remove something.

    Args:
        cut: the picture.

    Returns:
        float64 ``[h, w, 3]``; at removed pixels between the smallest and the largest value at the rim. Where all is
        removed, the mean colour.

    Source: Rong et al. 2022, arXiv:2202.00449, without their noise: Laplace's equation on the pixels.
    """
    return fill(cut.picture, cut.removed)


def fill(picture: NDArray[np.float64], removed: NDArray[np.bool_], *, bounded: bool = True) -> NDArray[np.float64]:
    """Removed pixels from those around them.

    Args:
        picture: ``[h, w, c]``.
        removed: bool ``[h, w]``.
        bounded: hold what is filled in within the range of the rim, which is exact but for the last correction.
    """
    from scipy.ndimage import binary_dilation

    from ..probing.imputation import impute  # PyTorch comes with it

    if removed.all() or not removed.any():
        out = picture.copy()
        if removed.any():
            out[:] = picture.mean(axis=(0, 1))
        return out
    out = impute(picture.transpose(2, 0, 1), removed).transpose(1, 2, 0)
    if bounded:
        rim = picture[binary_dilation(removed, np.ones((3, 3))) & ~removed]
        out[removed] = np.clip(out[removed], rim.min(axis=0), rim.max(axis=0))
    return np.ascontiguousarray(out)
