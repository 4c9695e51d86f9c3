"""Rank reorder: how far a unit's activations move when its top images are ordered by a concept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..probe import Form, Probe, Scorer, top_rows
from ..registry import text_score
from .usual import usual_top

#: smallest mean similarity; a power of a negative one has no value
_LEAST_ALIKE = 1e-4


@text_score("rank-reorder", title="rank reorder", reference="arXiv:2204.10965, section 3")
def rank_reorder(
    probe: Probe, form: Form, *, share: float = 0.05, power: float = 3.0, scale: float = 0.5, top: int | None = None
) -> Scorer:
    """Minus the mean change of activation when the unit's top images are put into the order of the concept.

    Both forms are the same: a unit's scores do not depend on other units.

    Args:
        probe: images, concepts and units.
        form: makes no difference.
        share: of the images that are a unit's top images.
        power: of the change.
        scale: power of the mean similarity that the change is divided by.
        top: images of a unit, in place of `share`.

    Source:
        Oikarinen and Weng, CLIP-Dissect, 2023. Its code divides by the change in five random orders; this divides by
        the expected change in a random order, which is a unit's own factor and changes no label.
    """
    images = len(probe.images)
    count = min(max(usual_top(probe, form, top, int(share * images)), 2), images)
    chosen = top_rows(probe.activations, count)
    falling = np.take_along_axis(probe.activations, chosen.T, axis=0).T.astype(np.float32)
    usual = np.array([_expected(row.astype(np.float64), power) for row in falling])
    rows, local = np.unique(chosen, return_inverse=True)
    local = local.reshape(chosen.shape)
    pictures = probe.images if len(rows) == images else probe.images[rows]

    def score(part: slice) -> NDArray[np.float32]:
        alike = pictures @ probe.concepts[part].T
        found = np.empty((len(chosen), alike.shape[1]), np.float32)
        for unit, own in enumerate(local):
            similarity = alike[own]
            order = np.argsort(-similarity.T, axis=1, kind="stable")
            change = np.abs(falling[unit][order] - falling[unit])
            mean = np.maximum(similarity.mean(axis=0, dtype=np.float64), _LEAST_ALIKE)
            moved = (change * change * change if power == 3 else change**power).mean(axis=1, dtype=np.float64)
            found[unit] = -(moved / usual[unit]) / mean**scale
        return found

    return score


def _expected(falling: NDArray[np.float64], power: float) -> float:
    """The mean of ``|x - y| ** power`` over all pairs of values, which fall; 1 where all are equal."""
    if power != 3:
        mean = float(np.mean([(np.abs(falling - value) ** power).mean() for value in falling]))
        return mean or 1.0
    x = falling - falling.mean()
    before = np.arange(len(x))
    first, second, third = (np.concatenate([[0], np.cumsum(x**n)[:-1]]) for n in (1, 2, 3))
    total = 2 * float((third - 3 * second * x + 3 * first * x**2 - before * x**3).sum())
    return max(total, 0.0) / len(x) ** 2 or 1.0
