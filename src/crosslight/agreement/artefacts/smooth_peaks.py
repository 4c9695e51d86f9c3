"""Where smooth maps peak by chance: more often on the border than its area says."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...core.seeds import seed_for

#: widths of the Gaussian correlation, in cells of the grid
WIDTHS = (0.0, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)

#: maps drawn for each width; symmetry makes eight of each
DRAWN = 2000


def smooth_chance(shape: tuple[int, int], correlation: float, signed: bool) -> NDArray[np.float64]:
    """Share of peaks in each cell for maps that are no more likely to be high in one place than in another.

    The peak of a stationary smooth field over a window tends to lie on the window's edge, where it goes on rising:
    with neighbours that correlate .8, a fifth of the peaks on 7 x 7 cells is in a corner, not the 8 % of the area.

    Args:
        shape: rows and columns of the grid.
        correlation: between neighbouring cells within maps, see `neighbour_correlation`.
        signed: whether the magnitude of signed values peaks, or what is left of them above 0.

    Returns:
        ``[row, column]``, sums to 1; Gaussian fields by simulation, interpolated in the correlation.
    """
    correlations, shares = _table(shape, signed)
    flat = shares.reshape(len(shares), -1)
    place = float(np.clip(correlation, correlations[0], correlations[-1]))
    return np.array([np.interp(place, correlations, column) for column in flat.T]).reshape(shape)


def neighbour_correlation(size: NDArray[np.float64], lag: tuple[int, int] = (1, 1)) -> NDArray[np.float64]:
    """Correlation of a map with itself, `lag` cells on, the mean over both axes.

    Args:
        size: ``[image, y, x]``: maps.
        lag: rows and columns to the next cell, smaller than the map.

    Returns:
        ``[image]``; 0 for a constant map.
    """
    off = size - size.mean(axis=(1, 2), keepdims=True)
    variance = (off**2).mean(axis=(1, 2))
    down = (off[:, lag[0] :] * off[:, : -lag[0]]).mean(axis=(1, 2))
    right = (off[:, :, lag[1] :] * off[:, :, : -lag[1]]).mean(axis=(1, 2))
    return np.asarray(np.where(variance > 0, (down + right) / 2 / np.where(variance > 0, variance, 1), 0.0))


@lru_cache(maxsize=32)
def _table(shape: tuple[int, int], signed: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(seed_for("peaks of smooth maps", *shape, int(signed)))
    correlations, shares = [], []
    for width in WIDTHS:
        noise = random.standard_normal((DRAWN, *shape))
        field = _root(shape[0], width) @ noise @ _root(shape[1], width).T
        size = np.abs(field) if signed else np.maximum(field, 0)
        best = size.reshape(DRAWN, -1).argmax(axis=1)
        counts = np.bincount(best, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
        turned = [counts, counts.T] if shape[0] == shape[1] else [counts]
        counts = np.sum([each[::down, ::right] for each in turned for down in (1, -1) for right in (1, -1)], axis=0)
        correlations.append(float(neighbour_correlation(size).mean()))
        shares.append(counts / counts.sum())
    shares[0] = np.full(shape, 1 / (shape[0] * shape[1]))  # known without drawing
    return np.maximum.accumulate(correlations), np.array(shares)


def _root(cells: int, width: float) -> NDArray[np.float64]:
    """A square root of the correlation matrix of cells along one axis."""
    if width == 0:
        return np.eye(cells)
    distance = np.subtract.outer(np.arange(cells), np.arange(cells))
    values, vectors = np.linalg.eigh(np.exp(-(distance**2) / (4 * width**2)))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))
