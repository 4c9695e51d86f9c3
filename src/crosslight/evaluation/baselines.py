"""Maps that know nothing of any classifier: what a method must beat before its score says anything."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..core.seeds import seed_for

#: white noise, a bump in the middle, and edges
BASELINES = ("random", "centre", "edge")

#: what chance gives: a method that is no better than one of these says nothing of where the evidence is
CHANCE = ("random", "centre")

#: pixels of random maps held at a time
_PIXELS = 4_000_000


def random_maps(size: tuple[int, int], draws: int, *, seed: int, identity: str) -> Iterator[NDArray[np.float64]]:
    """White noise, one value for each pixel of the picture, uniform in [0, 1).

    Noise of single pixels rather than of 7 x 7 cells: its expected score is known (energy, pointing without tolerance
    and rank accuracy are the share that the mask has of the box), it favours no place and no method's resolution, and
    its spread is the smallest, so that a few draws are enough. Noise depends on the picture alone, so all models
    and methods are held against the same.

    Args:
        size: height and width of the picture.
        draws: how many maps.
        seed: of the scores.
        identity: of the image.

    Yields:
        float64 ``[n, h, w]``; `draws` maps in all.
    """
    several = max(1, _PIXELS // (size[0] * size[1]))
    for start in range(0, draws, several):
        yield np.stack(
            [
                np.random.default_rng(seed_for(seed, identity, "random map", draw)).random(size)
                for draw in range(start, min(draws, start + several))
            ]
        )


def centre_map(size: tuple[int, int]) -> NDArray[np.float64]:
    """A Gaussian in the middle of the picture; its standard deviations are a quarter of the picture's sides.

    Photographers put things in the middle, so this beats noise nearly everywhere.

    Args:
        size: height and width of the picture.

    Returns:
        float64 ``[h, w]``.
    """
    rows, columns = (np.exp(-(((np.arange(side) + 0.5) / side - 0.5) ** 2) / (2 * 0.25**2)) for side in size)
    return np.asarray(rows[:, None] * columns)


def edge_map(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Sobel magnitude of the luminance: what any picture shows without a classifier.

    Args:
        picture: uint8 ``[h, w, 3]``, sRGB.

    Returns:
        float64 ``[h, w]``, none negative; all 0 for a picture of one colour.

    Source: Adebayo et al. 2018, "Sanity checks for saliency maps", compare maps with edge detectors. Luminance is
        Rec. 601 luma; the border is mirrored.
    """
    from scipy.ndimage import sobel

    luma = picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return np.asarray(np.hypot(sobel(luma, axis=0, mode="reflect"), sobel(luma, axis=1, mode="reflect")))
