"""Settings chosen on other images: the second pass of metrics that offer several candidates."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.means import known_mean
from .metric import LocalisationMetric


def halves(identities: Sequence[str]) -> NDArray[np.intp]:
    """Which half each image belongs to, 0 or 1; of as equal size as can be, the same in whatever order they come.

    Args:
        identities: of the images.
    """
    hashed = [hashlib.sha256(f"half {identity}".encode()).digest() for identity in identities]
    half = np.zeros(len(hashed), np.intp)
    half[sorted(range(len(hashed)), key=lambda row: hashed[row])[: len(hashed) // 2]] = 1
    return half


def choose_elsewhere(values: NDArray[np.floating], half: NDArray[np.intp]) -> NDArray[np.float64]:
    """In each half the candidate with the highest mean on the other half; the first of those that are equal.

    Args:
        values: ``[candidate, ..., image]``, NaN where unknown.
        half: ``[image]``, 0 or 1.

    Returns:
        float64 ``[..., image]``; NaN also where no image of the other half has a value.
    """
    out = np.full(values.shape[1:], np.nan)
    for mine in (0, 1):
        there = known_mean(values[..., half != mine], axis=-1) if (half != mine).any() else None
        if there is None:
            continue
        best = np.where(np.isnan(there), -np.inf, there).argmax(axis=0)
        chosen = np.take_along_axis(values, best[None, ..., None], axis=0)[0]
        known = np.isfinite(there).any(axis=0)
        out[..., half == mine] = np.where(np.asarray(known)[..., None], chosen, np.nan)[..., half == mine]
    return out


def settle(
    values: NDArray[np.floating], metrics: Sequence[LocalisationMetric], identities: Sequence[str]
) -> NDArray[np.float32]:
    """One value for each metric and image, from those of all candidates.

    Args:
        values: ``[column, ..., image]``: a column for each metric, or for each candidate of one that has several.
        metrics: in the order of the columns.
        identities: of the images.

    Returns:
        float32 ``[metric, ..., image]``.
    """
    half = halves(identities)
    rows, at = [], 0
    for metric in metrics:
        columns = values[at : at + metric.columns]
        rows.append(columns[0] if not metric.candidates else choose_elsewhere(columns, half))
        at += metric.columns
    return np.stack(rows).astype(np.float32)
