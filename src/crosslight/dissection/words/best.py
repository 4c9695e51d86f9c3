"""The concepts of highest score for every unit, found block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .probe import Probe, Scorer, blocks


def best_concepts(
    scorer: Scorer, probe: Probe, count: int, block: int | None = None
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The best concepts of every unit.

    Args:
        scorer: scores a block of concepts.
        probe: what it scores.
        count: how many are kept.
        block: concepts scored at once; see `blocks`.

    Returns:
        int32 ``[units, count]`` concepts, best first and of equal ones the first, -1 fills; float32 ``[units, count]``
        their scores, NaN fills.
    """
    units = probe.activations.shape[1]
    found = np.full((units, count), -1, np.int32)
    scores = np.full((units, count), -np.inf, np.float32)
    for part in blocks(len(probe.concepts), max(len(probe.images), units), block):
        fresh = scorer(part)
        fresh[np.isnan(fresh)] = -np.inf
        own, values = _highest(fresh, count)
        # Concepts of earlier blocks come first, so that they win where scores are equal.
        both = np.concatenate([scores, values], axis=1)
        order = np.argsort(-both, axis=1, kind="stable")[:, :count]
        found = np.take_along_axis(np.concatenate([found, own + part.start], axis=1), order, axis=1)
        scores = np.take_along_axis(both, order, axis=1)
    empty = np.isneginf(scores)
    return np.where(empty, -1, found).astype(np.int32), np.where(empty, np.nan, scores)


def _highest(values: NDArray[np.float32], count: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Columns and values of the highest of each row, of equal ones the first; `values` is used up."""
    count = min(count, values.shape[1])
    rows = np.arange(len(values))
    columns, highest = np.empty((len(values), count), np.int32), np.empty((len(values), count), np.float32)
    for at in range(count):
        columns[:, at] = values.argmax(axis=1)
        highest[:, at] = values[rows, columns[:, at]]
        values[rows, columns[:, at]] = -np.inf
    return columns, highest
