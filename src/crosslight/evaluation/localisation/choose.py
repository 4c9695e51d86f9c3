"""Settings chosen on other images: the second pass of metrics that offer several candidates."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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


def choose_elsewhere(
    values: NDArray[np.floating], half: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """In each half the candidate with the highest mean on the other half; the first of those that are equal.

    Args:
        values: ``[candidate, ..., image]``, NaN where unknown.
        half: ``[image]``, 0 or 1.

    Returns:
        float64 ``[..., image]``; NaN also where no image of the other half has a value. And which candidate each half
        uses, ``[2, ...]``, -1 where none.
    """
    out = np.full(values.shape[1:], np.nan)
    used = np.full((2, *values.shape[1:-1]), -1, np.intp)
    for mine in (0, 1):
        there = known_mean(values[..., half != mine], axis=-1) if (half != mine).any() else None
        if there is None:
            continue
        best = np.where(np.isnan(there), -np.inf, there).argmax(axis=0)
        chosen = np.take_along_axis(values, best[None, ..., None], axis=0)[0]
        known = np.asarray(np.isfinite(there).any(axis=0))
        out[..., half == mine] = np.where(known[..., None], chosen, np.nan)[..., half == mine]
        used[mine] = np.where(known, best, -1)
    return out, used


@dataclass(frozen=True)
class Settled:
    """One value for each metric and image.

    Attributes:
        values: float32 ``[metric, ..., image]``.
        chosen: by metric that has several candidates, the one that each half of the images uses, ``[2, ...]`` as nested
            lists; None where there is none.
    """

    values: NDArray[np.float32]
    chosen: dict[str, Any]


def settle(values: NDArray[np.floating], metrics: Sequence[LocalisationMetric], identities: Sequence[str]) -> Settled:
    """One value for each metric and image, from those of all candidates.

    Args:
        values: ``[column, ..., image]``: a column for each metric, or for each candidate of one that has several.
        metrics: in the order of the columns.
        identities: of the images.
    """
    half = halves(identities)
    rows, chosen, at = [], {}, 0
    for metric in metrics:
        columns = values[at : at + metric.columns]
        row = columns[0]
        if metric.candidates:
            row, used = choose_elsewhere(columns, half)
            offered = np.array([*metric.candidates, None], dtype=object)  # -1 takes the last
            chosen[metric.name] = offered[used].tolist()
        rows.append(row)
        at += metric.columns
    return Settled(np.stack(rows).astype(np.float32), chosen)
