"""The parts of a superpixel map: which pixels belong together, and the lines between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from ...core.maps import Maps


@dataclass(frozen=True)
class Segments:
    """A map as parts of one value each.

    Attributes:
        labels: ``[h, w]``, numbered from 0.
        values: float64 ``[segment]``: what the map says of each.
    """

    labels: NDArray[np.intp]
    values: NDArray[np.float64]

    def strongest(self, number: int) -> NDArray[np.intp]:
        """The segments of the largest magnitude, the largest first; those of 0 are never among them."""
        order = np.argsort(-np.abs(self.values), kind="stable")[:number]
        return order[self.values[order] != 0]


def has_segments(maps: Maps) -> bool:
    """Whether a method cut the pictures into superpixels."""
    return "segmentation" in (maps.attributes.get("settings") or {})


def segments_of(values: NDArray[np.floating]) -> Segments:
    """Connected pixels of one value; two neighbours of the very same value count as one part.

    Args:
        values: a map ``[h, w]``; what is not finite counts as 0.
    """
    clean = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    labels = np.zeros(clean.shape, np.intp)
    found: list[float] = []
    for value in np.unique(clean):
        parts, count = label(clean == value)
        labels[parts > 0] = parts[parts > 0] - 1 + len(found)
        found += [float(value)] * count
    return Segments(labels, np.array(found))


def borders(inside: NDArray[np.generic]) -> list[NDArray[np.float64]]:
    """Straight lines between neighbouring cells that differ.

    Args:
        inside: ``[h, w]`` of anything that can be compared, such as labels or a mask.

    Returns:
        Lines ``[2, (x, y)]`` in cells from the upper left corner, each as long as it can be; none along the outer edge.
    """
    across = inside[1:] != inside[:-1]  # [h - 1, w]: lines along x
    down = inside[:, 1:] != inside[:, :-1]
    lines = [np.array([(begin, y + 1), (end, y + 1)], np.float64) for y, begin, end in _runs(across)]
    return lines + [np.array([(x + 1, begin), (x + 1, end)], np.float64) for x, begin, end in _runs(down.T)]


def outline(inside: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """As `borders` of a mask, closed along the outer edge of the map."""
    return [line - 1 for line in borders(np.pad(inside, 1))]


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Row, begin and end of every stretch of marked cells."""
    padded = np.pad(marked, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    rows, begins = np.nonzero(change == 1)
    _, ends = np.nonzero(change == -1)
    return list(zip(rows.tolist(), begins.tolist(), ends.tolist(), strict=True))
