"""Efficient parameter randomisation: whether maps of a random network are more complex than those of the learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from .anew import Anew, maps_anew, original
from .likeness import enlarged
from .metric import Result, probe_metric
from .parameter_randomisation import randomising
from .subject import Subject


def of_several(subjects: Sequence[Subject], *, bins: int = 100) -> list[Result]:
    """The metric for several methods of one classifier and the same images, which share the random network."""
    gathering = subjects[0].gathering
    random = randomising(gathering.classifier, subjects[0].seed)
    random.randomise((*random.layers, *random.idle))
    shared = Anew(classifier=random.classifier)
    found: list[Result] = []
    for subject in subjects:
        anew = shared.gathering(subject)
        maps, said = maps_anew(subject, anew), anew.logits
        height, width = subject.inputs.shape[2:]
        before, after = (complexity(enlarged(one, (height, width)), bins) for one in (original(subject), maps))
        rise = torch.where(before > 0, (after - before) / before, torch.nan)
        beside = {
            "complexity before": before,
            "complexity after": after,
            "output entropy before": _uncertainty(subject, gathering.logits),
            "output entropy after": _uncertainty(subject, said),
        }
        found.append((rise, beside))
    return found


@probe_metric(
    "efficient-parameter-randomisation",
    group="sanity",
    better="higher",
    needs="method",
    several=of_several,
    reference="Hedström et al. 2024, arXiv:2401.06465",
)
def efficient_parameter_randomisation(subject: Subject, *, bins: Annotated[int, Field(ge=2)] = 100) -> Result:
    """The relative rise of a map's complexity where all of the network's parameters are drawn anew; it should rise.

    It takes one map on one random network, however many layers there are.

    Args:
        subject: maps and the method that made them.
        bins: of the histogram of a map's values.

    Returns:
        float64 ``[b]``: (after - before) / before, 0 where nothing changes; NaN where a map is constant. Diagnostics:
        ``complexity before`` and ``complexity after``, the entropy of the histogram in nats, and
        ``output entropy before`` and ``output entropy after`` of the class probabilities.

    Source: Hedström et al. 2024, with its discrete entropy; Quantus' EfficientMPRT. Bins cover each map's own range, so
        that the scale of a map is nothing to it; maps are interpolated to the input's resolution first, since a coarse
        one has fewer cells than there are bins.

    Cannot tell: whether maps are right, or alike: two maps of equal histograms may have nothing in common. Methods that
        smooth, or read coarse features, change their histogram little; read it beside ``parameter-randomisation``.
    """
    return of_several([subject], bins=bins)[0]


def complexity(maps: Tensor, bins: int) -> Tensor:
    """The entropy of the histogram of each map's values, in nats.

    Args:
        maps: float64 ``[b, y, x]`` on the CPU.
        bins: of equal width over each map's own range.

    Returns:
        float64 ``[b]``; NaN where a map is not finite.
    """
    found = torch.full((len(maps),), torch.nan, dtype=torch.float64)
    for row, values in enumerate(maps.flatten(1).numpy()):
        if np.isfinite(values).all():
            shares = torch.from_numpy(np.histogram(values, bins=bins)[0] / values.size)
            found[row] = -torch.special.xlogy(shares, shares).sum()
    return found


def _uncertainty(subject: Subject, logits: Tensor) -> Tensor:
    shares = subject.gathering.classifier.probabilities(logits.detach().cpu().double())
    return -torch.special.xlogy(shares, shares).sum(dim=1)
