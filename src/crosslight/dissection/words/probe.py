"""What scores read: images, concepts and units that are compared, and each unit's top images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import InputError

#: ``published`` is the paper's; in ``own`` a unit's scores do not depend on which other units are scored
Form = Literal["own", "published"]
#: scores a block of concepts: ``[units, concepts of the block]``
Scorer = Callable[[slice], NDArray[np.float32]]
#: numbers that a block may have
_BLOCK = 1 << 21
_UNITS = 256


@dataclass(frozen=True)
class Probe:
    """Images, concepts and units that are compared.

    Attributes:
        images: float32 ``[images, dimensions]`` of length 1.
        concepts: float32 ``[concepts, dimensions]`` of length 1.
        activations: float32 ``[images, units]``, finite.
    """

    images: NDArray[np.float32]
    concepts: NDArray[np.float32]
    activations: NDArray[np.float32]

    def part(self, rows: NDArray[np.intp]) -> Probe:
        """The same concepts and units on some of the images."""
        return Probe(self.images[rows], self.concepts, self.activations[rows])


def unit_length(features: ArrayLike, what: str) -> NDArray[np.float32]:
    """Feature vectors scaled to length 1, in float64, so that a product is a cosine.

    Args:
        features: ``[n, dimensions]``; rows that are NaN stay so.
        what: they are, for error messages.

    Returns:
        float32 of the same shape.

    Raises:
        InputError: the shape is another, or a vector has length 0.
    """
    given = np.asarray(features)
    if given.ndim != 2 or not given.shape[1]:
        raise InputError(f"features of {what} are [n, dimensions], not of shape {given.shape}")
    made = np.empty(given.shape, np.float32)
    for start in range(0, len(given), 1024):
        rows = np.asarray(given[start : start + 1024], np.float64)
        length = np.sqrt(np.einsum("nd,nd->n", rows, rows))
        if (length == 0).any():
            raise InputError(
                f"the features of {what} {start + int(np.argmin(length))} are all zero; compute them again"
            )
        made[start : start + 1024] = rows / length[:, None]
    return made


def blocks(count: int, rows: int, width: int | None = None) -> list[slice]:
    """Concepts in blocks.

    Args:
        count: of the concepts.
        rows: numbers that each concept of a block has in memory.
        width: concepts of a block; by default as many as keep a block in 8 MB.
    """
    size = width or min(max(_BLOCK // max(rows, 1), 8), 1024)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def top_rows(activations: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """The images of highest activation of every unit, best first; of equal ones the first.

    Args:
        activations: ``[images, units]``, finite.
        count: how many, at most the number of images.

    Returns:
        ``[units, count]``.
    """
    units = activations.shape[1]
    found = np.empty((units, count), np.intp)
    for start in range(0, units, _UNITS):
        part = activations[:, start : start + _UNITS]
        some = part.shape[1]
        least = _lower_bound(part, count)
        within = part > least
        # Equal ones may be many, such as zeros; the first of them are enough.
        for short in np.flatnonzero(np.count_nonzero(within, axis=0) < count):
            equal = np.flatnonzero(part[:, short] == least[short])
            within[equal[: count - np.count_nonzero(within[:, short])], short] = True
        image, unit = np.divmod(np.flatnonzero(within), some)
        order = np.lexsort((-part[image, unit], unit))  # stable, so that the first of equal images comes first
        ends = np.cumsum(np.bincount(unit, minlength=some))
        firsts = np.concatenate([[0], ends[:-1]])
        found[start : start + some] = image[order[firsts[:, None] + np.arange(count)]]
    return found


def _lower_bound(activations: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """A value for every unit that at least `count` of its images reach, and not many more.

    It is the `count`-th highest of the maxima of groups of images, which are found much faster than in full order.
    """
    images, units = activations.shape
    size = max(1, images // (3 * count))
    groups = images // size
    highest = activations[: groups * size].reshape(groups, size, units).max(axis=1)
    lowest = np.partition(-np.ascontiguousarray(highest.T), count - 1, axis=1)
    bound: NDArray[np.float32] = -lowest[:, count - 1]
    return bound


def active(activations: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many of each unit's top images are above its lowest activation.

    Args:
        activations: ``[images, units]``.
        rows: ``[units, top]``, see `top_rows`.

    Returns:
        ``[units]``, at least 1.
    """
    lowest = activations.min(axis=0)
    above = activations[rows, np.arange(len(rows))[:, None]] > lowest[:, None]
    return np.maximum(above.sum(axis=1), 1)


def check_form(form: Any) -> None:
    """Check the name of a form.

    Raises:
        InputError: there is no such form.
    """
    if form not in ("own", "published"):
        raise InputError(f"the form is 'own' or 'published', not {form!r}")
