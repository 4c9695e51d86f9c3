"""The weighted pointwise mutual information of units and concepts that soft-WPMI and WPMI share."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .likelihood import Likelihood
from .probe import Form, Probe, Scorer, active, top_rows

#: keeps a likelihood of 0 from ruling a concept out
FLOOR = 1e-7
#: ``float32`` sums as the published code does, whose sums of some hundreds are known to 1e-4
Rounding = Literal["exact", "float32"]
#: terms of a product at most, and the power of ten that it stays above
_GROUP, _SMALLEST = 20, 36
#: units whose terms are in memory at once
_UNITS = 4


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
        weights: ``[top]``: of the images by rank, in [0, 1].
        sharpness: of the softmax.
        prior: how much of ``anyway`` is taken off.
        rounding: see `Rounding`.
        width: concepts of a block while the softmax is formed.

    Returns:
        The function that scores a block of concepts.

    Raises:
        InputError: there is no such rounding.
    """
    if rounding not in ("exact", "float32"):
        raise InputError(f"rounding is 'exact' or 'float32', not {rounding!r}")
    chosen = top_rows(probe.activations, len(weights))
    of_unit = np.broadcast_to(weights, chosen.shape)
    if form == "own":
        counts = active(probe.activations, chosen)
        of_unit = np.where(np.arange(len(weights)) < counts[:, None], of_unit, 0)
        rows = np.arange(len(probe.images))
        kinds, kind = np.unique(counts, return_inverse=True)
    else:
        rows, chosen = np.unique(chosen, return_inverse=True)
        chosen = chosen.reshape(of_unit.shape)
    likelihood = Likelihood(probe, rows, sharpness, width)

    def score(part: slice) -> NDArray[np.float32]:
        share = likelihood(part)
        found = (log_likelihood if rounding == "exact" else rounded_likelihood)(share, chosen, of_unit)
        if form == "published":
            highest = found.max(axis=0)
            below = (found - highest).astype(np.float32)
            anyway = highest + np.log(np.exp(below, out=below).mean(axis=0, dtype=np.float64))
            if rounding == "float32":
                anyway = anyway.astype(np.float32)
        else:
            mean = share.mean(axis=0, dtype=np.float64)
            by_kind = np.array([np.log1p(weights[:count, None] * (mean - 1) + FLOOR).sum(axis=0) for count in kinds])
            anyway = by_kind[kind]
        found -= prior * anyway
        return found.astype(np.float32)

    return score


def log_likelihood(
    share: NDArray[np.float32], chosen: NDArray[np.intp], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``sum_r log(1 + w[u, r] (share[chosen[u, r]] - 1) + FLOOR)`` for every unit u and concept.

    Logarithms are slow, so each is taken of a product of as many terms as stay above the smallest float32. A weight
    other than 0 is taken out of its term, which leaves one addition for each: ``w (share + (1 - w + FLOOR) / w)``.

    Args:
        share: ``[images, concepts]``, in [0, 1].
        chosen: ``[units, top]``: rows of images.
        weights: ``[units, top]``, in [0, 1]; those that are 0 are the last ones of their unit.
    """
    units, top = chosen.shape
    found = np.empty((units, share.shape[1]))
    counts = (weights > 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(weights > 0, (1 - weights + FLOOR) / weights, 1)
        factors = np.where(weights > 0, np.log(weights), 0).sum(axis=1)
    least = float(rest.min())
    group = max(1, min(_GROUP, int(_SMALLEST / -np.log10(least)))) if least < 1 else _GROUP
    padded = -(-top // group) * group
    terms = np.ones((_UNITS, padded, share.shape[1]), np.float32)
    added = rest.astype(np.float32)[:, :, None]
    for start in range(0, units, _UNITS):
        some = min(_UNITS, units - start)
        own = terms[:some]
        for at in range(some):
            share.take(chosen[start + at], axis=0, out=own[at, :top], mode="clip")
        own[:, :top] += added[start : start + some]
        for at, count in enumerate(counts[start : start + some].tolist()):
            own[at, count:] = 1
        product = np.multiply.reduce(own.reshape(some, group, padded // group, -1), axis=1)
        np.log(product, out=product)
        np.add.reduce(product, axis=1, dtype=np.float64, out=found[start : start + some])
    found += factors[:, None]
    return found


def rounded_likelihood(
    share: NDArray[np.float32], chosen: NDArray[np.intp], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same with every step rounded to float32, as the published code does it."""
    import torch

    likely, found = torch.from_numpy(share), np.empty((len(chosen), share.shape[1]))
    for unit, rows in enumerate(chosen):
        slope = torch.from_numpy(weights[unit].astype(np.float32))[:, None]
        terms = 1 + slope * (likely[torch.from_numpy(rows)] - 1)
        found[unit] = torch.log(terms + FLOOR * (slope > 0)).sum(dim=0).numpy()
    return found
