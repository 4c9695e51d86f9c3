"""Removed pixels filled in from those around them: each becomes the weighted mean of its eight neighbours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .lattice import Array, Lattice, coarser, lattice, spread, summed, surroundings

#: of Jacobi's method, which smooths what coarser lattices cannot see
_DAMPING = 0.8

#: corrections of piecewise constant functions are too small by about this factor (Braess 1995)
_LONGER = 1.5

#: tolerances from here on are met in single precision, which is twice as fast
_SINGLE = 1e-5

#: rounds after which no more is tried; 10 are seldom needed
_MOST = 60


def impute(
    picture: NDArray[np.floating], removed: NDArray[np.bool_], *, tolerance: float = 2e-4
) -> NDArray[np.float64]:
    """Fill in removed pixels so that each is the mean of its neighbours, side by side with twice the weight.

    Solved by conjugate gradients, preconditioned by one V-cycle over three lattices, from the means around each removed
    pixel. Only the part of the picture is worked on that has removed pixels in it.

    Args:
        picture: ``[c, h, w]``, any range.
        removed: bool ``[h, w]``.
        tolerance: stop where the next correction of a removed pixel would be smaller than this on average, as a share
            of the picture's range. The mean error then is about twice that.

    Returns:
        float64 ``[c, h, w]``; what was not removed is as it was. Where everything is removed there is nothing to fill
        in from, and the picture becomes its mean colour.

    Source: Rong et al. 2022, arXiv:2202.00449, "noisy linear imputation", without the noise. The authors solve the same
        equations with a sparse LU decomposition. Aggregation: Braess 1995, "Towards algebraic multigrid for elliptic
        problems of second order".
    """
    out = np.array(picture, np.float64)
    if not removed.any():
        return out
    if removed.all():
        out[:] = out.mean(axis=(1, 2), keepdims=True)
        return out
    span = float(np.ptp(out))
    rows, columns = np.flatnonzero(removed.any(axis=1)), np.flatnonzero(removed.any(axis=0))
    window = (
        slice(max(0, rows[0] - 1), rows[-1] + 2),  # with a rim of pixels that are known
        slice(max(0, columns[0] - 1), columns[-1] + 2),
    )
    part = out[:, *window]
    part[:] = _solve(part.astype(np.float32 if tolerance >= _SINGLE else np.float64), removed[window], tolerance * span)
    return out


def _solve(picture: Array, unknown: NDArray[np.bool_], tolerance: float) -> Array:
    found = np.where(unknown, surroundings(picture, unknown), picture)
    if tolerance <= 0:  # a picture of one colour
        return found
    inside = unknown.astype(picture.dtype)
    fine = lattice(inside)
    around = _around(picture)

    def residual_of(values: Array) -> Array:
        """Minus the operator, of values that are 0 where pixels are known."""
        return inside * around(values) - fine.degree * values

    correct = _cycle(fine, inside, residual_of)
    rest = inside * around(found) - fine.degree * found
    count = max(1, int(unknown.sum())) * len(picture)
    direction, before = np.zeros_like(found), np.ones(len(found), found.dtype)
    for turn in range(_MOST):
        correction = correct(rest)
        if float(np.abs(correction).sum()) / count < tolerance:
            return found + correction
        now = (rest * correction).sum((1, 2))
        share = now / np.where(before > 0, before, 1) if turn else np.zeros_like(before)
        direction = correction + share[:, None, None] * direction
        bent = -residual_of(direction)
        steep = (direction * bent).sum((1, 2))
        step = np.where(steep > 0, now / np.where(steep > 0, steep, 1), 0)[:, None, None]
        found = found + step * direction
        rest = rest - step * bent
        before = now
    return found


def _cycle(fine: Lattice, inside: Array, residual_of: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """One symmetric V-cycle over three lattices: pixels, cells of 4 x 4, cells of 16 x 16."""
    from scipy.linalg import cho_factor, cho_solve

    middle = coarser(fine)
    coarse = coarser(middle)
    factor = cho_factor(coarse.matrix())
    occupied = (middle.degree > 0).astype(inside.dtype)

    def within(rest: Array) -> Array:
        found = _DAMPING * middle.inverse * rest
        left = rest - middle.degree * found + middle.linked(found)
        below = summed(left).reshape(len(left), -1)
        solved = cho_solve(factor, below.T, check_finite=False).T.astype(left.dtype).reshape(len(left), *coarse.shape)
        found += _LONGER * spread(solved, middle.shape) * occupied
        left = rest - middle.degree * found + middle.linked(found)
        return found + _DAMPING * middle.inverse * left

    def cycle(rest: Array) -> Array:
        found = fine.inverse * _DAMPING * rest
        left = rest + residual_of(found)
        found += _LONGER * spread(within(summed(left)), fine.shape) * inside
        left = rest + residual_of(found)
        return found + fine.inverse * _DAMPING * left

    return cycle


def _around(like: Array) -> Callable[[Array], Array]:
    """The sum of the eight neighbours of every pixel, twice those at its sides; the same memory every time."""
    channels, height, width = like.shape
    padded = np.zeros((channels, height + 2, width + 2), like.dtype)
    across = np.empty((channels, height, width + 2), like.dtype)

    def around(values: Array) -> Array:
        padded[:, 1:-1, 1:-1] = values
        np.add(padded[:, :-2], padded[:, 2:], out=across)
        np.add(across, padded[:, 1:-1], out=across)
        np.add(across, padded[:, 1:-1], out=across)
        found = across[:, :, :-2] + across[:, :, 2:]
        found += across[:, :, 1:-1]
        found += across[:, :, 1:-1]
        found -= 4 * values
        return found

    return around
