"""How alike the maps of every pair of models are on every image: what a pair's own pictures are found by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...agreement import Agreement
from ..parts import deflated
from .packed import rounded

UNKNOWN, TOP = 255, 254


def pairs_part(agreement: Agreement, models: Sequence[str], images: Sequence[str]) -> dict[str, Any] | None:
    """Similarities per image in bytes; None where no pair of the page's models has any.

    Args:
        agreement: with similarities per image.
        models: labels of the page's models.
        images: identities of the page's images.

    Returns:
        ``pairs`` of numbers of models, and ``bytes``: uint8 ``[pair, image]``, deflated, in base64; 255 is unknown, any
        other byte stands for ``low + byte / 254 * (high - low)``.
    """
    at = {identity: place for place, identity in enumerate(images)}
    rows = [(place, at[identity]) for place, identity in enumerate(agreement.images) if identity in at]
    number = {label: place for place, label in enumerate(models)}
    first, second = np.triu_indices(len(agreement.sets), 1)
    known = [
        (i, j)
        for i, j in zip(first.tolist(), second.tolist(), strict=True)
        if agreement.sets[i] in number and agreement.sets[j] in number
    ]
    if not rows or not known or not len(agreement.per_image):
        return None
    own, shown = np.array(rows).T
    values = np.full((len(known), len(images)), np.nan)
    for place, (i, j) in enumerate(known):
        values[place, shown] = agreement.per_image[own, i, j]
    finite = np.isfinite(values)
    if not finite.any():
        return None
    low, high = float(values[finite].min()), float(values[finite].max())
    share = (np.where(finite, values, low) - low) / ((high - low) or 1.0)
    bytes_ = np.where(finite, np.rint(TOP * share), UNKNOWN).astype(np.uint8)
    return {
        "pairs": [[number[agreement.sets[i]], number[agreement.sets[j]]] for i, j in known],
        "low": rounded(low, 6),
        "high": rounded(high, 6),
        "bytes": deflated(bytes_.tobytes()),
    }
