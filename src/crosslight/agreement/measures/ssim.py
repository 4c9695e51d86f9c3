"""Structural similarity: means, spreads and correlation of two maps within a sliding Gaussian window."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...core.errors import InputError
from .base import Array, Cells
from .grids import known_rows, minmax, on_grid
from .registry import measure

Norm = Literal["max", "minmax", "none"]

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03


def window_sums(length: int, size: int) -> Array:
    """Weights that make Gaussian means of all windows that lie inside an axis, ``[length - size + 1, length]``."""
    distance = np.arange(size) - (size - 1) / 2
    weights = np.exp(-(distance**2) / (2 * SIGMA**2))
    sums = np.zeros((length - size + 1, length))
    for start, row in enumerate(sums):
        row[start : start + size] = weights / weights.sum()
    return sums


def structure(first: Array, second: Array, *, range: float = 1.0) -> Array:
    """Mean SSIM of all pairs over all windows inside the grid.

    Args:
        first: ``[a, image, 1 + cell]``, as `ssim` makes them.
        second: ``[b, image, 1 + cell]``.
        range: the range of values L in the constants ``(K1 L)^2`` and ``(K2 L)^2``; the same for all maps.

    Returns:
        ``[image, a, b]``, computed in double precision, because variances are differences of larger numbers.

    Raises:
        InputError: the range is not positive.
    """
    if not range > 0:
        raise InputError(f"ssim: range must be positive, not {range}")
    found = np.full((first.shape[1], len(first), len(second)), np.nan, first.dtype)
    heads = np.concatenate([first[..., 0].ravel(), second[..., 0].ravel()])
    if not np.isfinite(heads).any():
        return found
    columns = int(heads[np.isfinite(heads)][0])
    rows = (first.shape[-1] - 1) // columns
    size = window_size(rows, columns)
    down, across = window_sums(rows, size), window_sums(columns, size).T
    c1, c2 = (K1 * range) ** 2, (K2 * range) ** 2
    for image, into in enumerate(found):
        stacks = [part[:, image, 1:].reshape(-1, rows, columns).astype(np.float64) for part in (first, second)]
        means = [down @ stack @ across for stack in stacks]
        spreads = [down @ (s * s) @ across - m * m for s, m in zip(stacks, means, strict=True)]
        for a, (one, mean, spread) in enumerate(zip(stacks[0], means[0], spreads[0], strict=True)):
            start = a if first is second else 0  # SSIM is symmetric
            together = down @ (one * stacks[1][start:]) @ across - mean * means[1][start:]
            value = (2 * mean * means[1][start:] + c1) * (2 * together + c2)
            value /= (mean**2 + means[1][start:] ** 2 + c1) * (spread + spreads[1][start:] + c2)
            into[a, start:] = value.mean(axis=(-2, -1))
            if first is second:
                into[start:, a] = into[a, start:]
    return found


def window_size(rows: int, columns: int) -> int:
    """Side of the window: 11 cells, on smaller grids the largest odd number that fits.

    Raises:
        InputError: not even 3 x 3 cells fit.
    """
    shorter = min(rows, columns)
    if shorter < 3:
        raise InputError(f"ssim needs a grid of 3 x 3 cells or more, not {rows} x {columns}")
    return min(WINDOW, shorter - 1 + shorter % 2)


@measure("ssim", compare=structure, title="SSIM", reference="Wang et al. 2004")
def ssim(cells: Cells, *, norm: Norm = "max") -> Array:
    """Each map on a fixed scale, with the number of columns before it, by which windows find their cells.

    Args:
        cells: maps, on a grid.
        norm: ``max`` divides a map by its largest magnitude, so that maps without negative values fill [0, 1] and
            signed ones [-1, 1], for which ``range=2`` is right; ``minmax`` stretches its own range to [0, 1], which
            moves zero; ``none`` takes it as it is.

    Returns:
        ``[set, image, 1 + cell]``; NaN where a map is not finite, or is zero and cannot be scaled (``max``), or
        constant (``minmax``).

    Raises:
        InputError: native coordinates, a grid below 3 x 3, or an unknown norm.

    Source:
        Wang, Bovik, Sheikh and Simoncelli, Image quality assessment, 2004, with its 11 x 11 Gaussian window of standard
        deviation 1.5, K1 = .01 and K2 = .03. Deviation: on grids with fewer than 11 rows or columns the window is cut
        to the largest odd size that fits, with the same standard deviation.
    """
    columns = on_grid(cells, "ssim")[1]
    window_size(*cells.grid or (0, 0))
    values = cells.values
    if norm == "minmax":
        scaled = minmax(values)
    elif norm in ("max", "none"):
        largest = np.abs(values).max(axis=-1)
        known = np.isfinite(largest) & ((largest > 0) | (norm == "none"))
        divisor = np.where(known & (norm == "max"), largest, 1).astype(values.dtype)
        scaled = known_rows(values / divisor[..., None], known)
    else:
        raise InputError(f"ssim: norm is 'max', 'minmax' or 'none', not {norm!r}")
    head = np.where(np.isnan(scaled[..., :1]), np.nan, columns)
    return np.concatenate([head.astype(values.dtype), scaled], axis=-1)
