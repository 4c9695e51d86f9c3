"""The weighted pointwise mutual information of units and concepts that soft-WPMI and WPMI share."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .likelihood import Likelihood
from .probe import Form, Probe, Scorer, active, top_rows
from .products import FLOOR, log_likelihoods

#: ``float32`` sums as the published code does, whose sums of some hundreds are known to 1e-4
Rounding = Literal["exact", "float32"]


def mutual_information(
    probe: Probe,
    form: Form,
    weights: NDArray[np.float64],
    *,
    sharpness: float,
    prior: float,
    rounding: Rounding = "exact",
    width: int | None = None,
) -> Scorer:
    """The log-likelihood of each unit's top images under a concept, less what it is anyway.

    ``sum_r log(1 + w_r (P[i_r, c] - 1) + 1e-7) - prior * anyway_c``, where P is a softmax over all concepts. In the
    published form ``anyway`` is the mean likelihood over the units; in our own it is the same sum with P's mean over
    all images in place of ``P[i_r, c]``, which knows nothing of other units.

    Args:
        probe: images, concepts and units.
        form: see above. In our own, images on which the unit has its lowest activation do not count.
        weights: ``[top]``: of the images by rank, in (0, 1].
        sharpness: of the softmax.
        prior: how much of ``anyway`` is taken off.
        rounding: see `Rounding`; ``float32`` is of the published form alone, and slower.
        width: images for which the softmax is formed at once; concepts, where rounding is ``float32``.

    Returns:
        The function that scores a block of concepts.

    Raises:
        InputError: there is no such rounding, or not in this form.
    """
    if rounding not in ("exact", "float32"):
        raise InputError(f"rounding is 'exact' or 'float32', not {rounding!r}")
    chosen = top_rows(probe.activations, len(weights))
    if form == "own":
        if rounding != "exact":
            raise InputError("rounding 'float32' repeats the published code; it needs form='published'")
        return _by_itself(probe, chosen, weights, sharpness, prior, width)
    rows, chosen = np.unique(chosen, return_inverse=True)
    chosen = chosen.reshape(-1, len(weights))
    images = probe.images if len(rows) == len(probe.images) else probe.images[rows]
    if rounding == "float32":
        likelihood = Likelihood(images, probe.concepts, sharpness, width)

        def rounded(part: slice) -> NDArray[np.float32]:
            found = rounded_likelihood(likelihood(part), chosen, weights)
            return (found - prior * _mean_likelihood(found).astype(np.float32)).astype(np.float32)

        return rounded
    of_unit = np.broadcast_to(weights, chosen.shape)
    found = log_likelihoods(images, probe.concepts, chosen, of_unit, sharpness, width)

    def score(part: slice) -> NDArray[np.float32]:
        return (found[:, part] - prior * _mean_likelihood(found[:, part])).astype(np.float32)

    return score


def _by_itself(
    probe: Probe,
    chosen: NDArray[np.intp],
    weights: NDArray[np.float64],
    sharpness: float,
    prior: float,
    width: int | None,
) -> Scorer:
    """Our own form."""
    counts = active(probe.activations, chosen)
    of_unit = np.where(np.arange(len(weights)) < counts[:, None], weights, 0)
    total = np.zeros(len(probe.concepts))

    def add(share: NDArray[np.float32]) -> None:
        np.add(total, share.sum(axis=0, dtype=np.float64), total)

    found = log_likelihoods(probe.images, probe.concepts, chosen, of_unit, sharpness, width, add)
    mean = total / len(probe.images)

    def score(part: slice) -> NDArray[np.float32]:
        anyway = np.cumsum(np.log1p(weights[:, None] * (mean[part] - 1) + FLOOR), axis=0)
        return (found[:, part] - prior * anyway[counts - 1]).astype(np.float32)

    return score


def _mean_likelihood(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the mean over the units of what logarithms are given of."""
    highest = found.max(axis=0)
    below = (found - highest).astype(np.float32)
    mean: NDArray[np.float64] = highest + np.log(np.exp(below, out=below).mean(axis=0, dtype=np.float64))
    return mean


def rounded_likelihood(
    share: NDArray[np.float32], chosen: NDArray[np.intp], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The sums of `log_likelihoods` with every step rounded to float32, as the published code does it.

    Args:
        share: ``[images, concepts]``, in [0, 1].
        chosen: ``[units, top]``: rows of images.
        weights: ``[top]``: of the images by rank, above 0.
    """
    import torch

    likely, found = torch.from_numpy(share), np.empty((len(chosen), share.shape[1]))
    slope = torch.from_numpy(weights.astype(np.float32))[:, None]
    for unit, rows in enumerate(chosen):
        terms = 1 + slope * (likely[torch.from_numpy(rows)] - 1)
        found[unit] = torch.log(terms + FLOOR).sum(dim=0).numpy()
    return found
