"""Similarities between what chance gives and what two runs of one model reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from .result import Agreement

Matrix = NDArray[np.float64]


def calibrated(mean: Matrix, floor: Matrix, ceiling: Matrix | float) -> Matrix:
    """Where similarities lie between floor and ceiling: ``(mean - floor) / (ceiling - floor)``.

    Args:
        mean: ``[set, set]``.
        floor: ``[set, set]``: similarity of maps of different images.
        ceiling: ``[set, set]``, or one number.

    Returns:
        0 at chance, 1 at the ceiling; NaN where one of them is unknown, or the ceiling is not above the floor.
    """
    room = np.broadcast_to(ceiling, mean.shape) - floor
    above = room > 0  # false for NaN
    return np.where(above, (mean - floor) / np.where(above, room, 1), np.nan)


def ceiling_between(repeats: Agreement, repeat_of: Mapping[str, str], sets: Sequence[str]) -> Matrix:
    """How alike two sets of maps can be expected to be, given how alike each is to repeats of itself.

    Maps of one model and method from another seed, or from the other half of the samples, differ by noise alone. What
    two noisy measurements can have in common is the geometric mean of how reliable each is.

    Args:
        repeats: agreement of the repeats, by the same measure and steps as what it shall be a ceiling of.
        repeat_of: for each set in `repeats` that is a repeat, the label in `sets` of what it repeats.
        sets: labels of the compared sets, in their order. A set counts as a repeat of itself if `repeats` has it.

    Returns:
        ``[set, set]``: ``sqrt(r_a r_b)``, with r the mean similarity of a set's repeats with one another; r itself on
        the diagonal. NaN for sets with fewer than two repeats, or with a negative r.

    Raises:
        UnknownNameError: a label is not among the sets.
        InputError: nothing is a repeat.

    Source:
        Spearman, "The proof and measurement of association between two things", American Journal of Psychology 15,
        1904: the correction for attenuation. Exact for correlations; for other measures a convention.
    """
    for label, original in repeat_of.items():
        if label not in repeats.sets:
            raise UnknownNameError("set", label, repeats.sets)
        if original not in sets:
            raise UnknownNameError("set", original, sets)
    if not repeat_of:
        raise InputError("name the sets that are repeats of others")
    origin = {label: label for label in repeats.sets if label in sets} | dict(repeat_of)
    reliability = np.full(len(sets), np.nan)
    for number, one in enumerate(sets):
        places = [i for i, label in enumerate(repeats.sets) if origin.get(label) == one]
        rows, columns = np.triu_indices(len(places), 1)
        values = repeats.mean[np.ix_(places, places)][rows, columns] if len(places) > 1 else np.empty(0)
        if np.isfinite(values).any():
            reliability[number] = np.nanmean(values)
    reliability = np.where(reliability >= 0, reliability, np.nan)
    return np.sqrt(np.outer(reliability, reliability))
