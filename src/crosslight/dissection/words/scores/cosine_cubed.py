"""Cosine of cubes, in which the largest deviations count most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..probe import Form, Probe, Scorer
from ..registry import text_score

#: the shortest length that the published code divides by
_SHORTEST = 1e-3


@text_score("cosine-cubed", title="cosine cubed", reference="arXiv:2204.10965, section 3")
def cosine_cubed(probe: Probe, form: Form) -> Scorer:
    """Cosine of the cubed deviations from the means, over all images.

    Args:
        probe: images, concepts and units.
        form: the published one divides by 0.001 where a length is below that, so scores depend on the scale of the
            activations; our own always divides by the length. A unit's scores never depend on other units.

    Source:
        Oikarinen and Weng, CLIP-Dissect, 2023.
    """
    cubes = np.ascontiguousarray(_cubed(probe.activations.copy(), form).T)

    def score(part: slice) -> NDArray[np.float32]:
        return cubes @ _cubed(probe.images @ probe.concepts[part].T, form)

    return score


def _cubed(values: NDArray[np.float32], form: Form) -> NDArray[np.float32]:
    """Columns of cubed deviations, divided by their length; in place."""
    values -= values.mean(axis=0, dtype=np.float64).astype(np.float32)
    largest = np.abs(values).max(axis=0).astype(np.float64)
    values /= np.where(largest > 0, largest, 1).astype(np.float32)  # cubes of small numbers leave float32
    for start in range(0, len(values), 256):
        rows = values[start : start + 256]
        rows *= rows * rows
    length = np.sqrt(np.einsum("nu,nu->u", values, values, dtype=np.float64))
    if form == "published":
        length = np.maximum(length, _SHORTEST / np.maximum(largest, 1e-9) ** 3)
    values /= np.where(length > 0, length, 1).astype(np.float32)
    return values
