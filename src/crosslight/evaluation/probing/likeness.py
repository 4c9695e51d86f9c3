"""How alike two maps of one image are: ranks of their pixels, and their structure."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ...core.sampling import sample

WINDOW, K1, K2 = 7, 0.01, 0.03


def centred_ranks(maps: Tensor) -> NDArray[np.float64]:
    """Ranks of the pixels, ties at their mean rank, centred and of length 1.

    Args:
        maps: float64 ``[b, y, x]``.

    Returns:
        float64 ``[b, y * x]``; NaN where a map is constant or not finite.
    """
    values = maps.flatten(1).numpy()
    pixels = values.shape[1]
    order = values.argsort(axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    rises = np.ones(values.shape, dtype=bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=rises[:, 1:])
    first = np.flatnonzero(rises)
    tied = np.diff(first, append=values.size)
    ranks = np.empty(values.shape)
    middle = first % pixels + (tied - pixels) / 2
    np.put_along_axis(ranks, order, np.repeat(middle, tied).reshape(values.shape), axis=1)
    length = np.linalg.norm(ranks, axis=1, keepdims=True)
    length[(length == 0) | ~np.isfinite(values).all(axis=1, keepdims=True)] = np.nan
    return ranks / length


def spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> Tensor:
    """Rank correlation of each pair of maps, float64 ``[b]``, from their `centred_ranks`."""
    return torch.from_numpy(np.einsum("bp,bp->b", first, second))


def ssim(first: Tensor, second: Tensor, size: tuple[int, int]) -> Tensor:
    """Structural similarity of each pair of maps, each divided by its largest magnitude.

    Args:
        first: float64 ``[b, y, x]``.
        second: the same.
        size: rows and columns that both are interpolated to.

    Returns:
        float64 ``[b]``; NaN where a map is zero or not finite.

    Source: Wang et al. 2004, with flat windows of 7 x 7 and sample covariances, the defaults of scikit-image, which
        Quantus uses; the range of values is that of the two maps together.
    """
    pair = [enlarged(maps / maps.abs().amax(dim=(1, 2), keepdim=True), size) for maps in (first, second)]
    both = torch.stack(pair)
    extent = both.amax(dim=(0, 2, 3)) - both.amin(dim=(0, 2, 3))
    c1, c2 = ((k * extent[:, None, None]) ** 2 for k in (K1, K2))
    window = min(WINDOW, *(side - 1 + side % 2 for side in size))
    a, b = pair
    mean_a, mean_b, aa, bb, ab = _window_means(torch.stack([a, b, a * a, b * b, a * b]), window)
    correction = window**2 / (window**2 - 1)
    spread = correction * (aa + bb - mean_a**2 - mean_b**2)
    together = correction * (ab - mean_a * mean_b)
    value = (2 * mean_a * mean_b + c1) * (2 * together + c2)
    value /= (mean_a**2 + mean_b**2 + c1) * (spread + c2)
    return value.mean(dim=(1, 2))


def _window_means(values: Tensor, window: int) -> Tensor:
    """Means over all square windows inside: differences of running sums, whose cost does not grow with the window."""
    for axis in (-1, -2):
        sums = functional.pad(values.transpose(axis, -1).cumsum(dim=-1), (1, 0))
        values = (sums[..., window:] - sums[..., :-window]).transpose(axis, -1)
    return values / window**2


def enlarged(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps over the input at another resolution, linearly interpolated: float64 ``[b, *size]``."""
    if maps.shape[1:] == size:
        return maps
    box = np.tile([0.0, 0.0, size[1], size[0]], (len(maps), 1))
    return torch.from_numpy(sample(maps.numpy(), box, box, size))
