"""Parameter randomisation: whether a map depends on what the network has learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

import torch
from pydantic import Field
from torch import Tensor

from ...models import Classifier
from ..randomise import Order, Randomised, randomisable, steps_of
from .anew import Anew, maps_anew, noise_like, original
from .likeness import centred_ranks, spearman, ssim
from .metric import Result, probe_metric
from .subject import Subject

Similarity = Literal["spearman", "ssim"]

_COPIES: WeakKeyDictionary[Classifier, Randomised] = WeakKeyDictionary()


@dataclass(frozen=True)
class Curves:
    """How alike maps are to those of a network that is randomised step by step.

    Attributes:
        steps: the last layer that each step randomises; the network itself is the empty name.
        values: float64 ``[b, steps]``: rank correlation of the maps at their own resolution, or their structural
            similarity at the input's.
    """

    steps: tuple[str, ...]
    values: Tensor


def of_several(subjects: Sequence[Subject], *, similarity: Similarity = "spearman", **settings: Any) -> list[Result]:
    """The metric for several methods of one classifier and the same images, which share each randomised network."""
    return [
        (
            found.values.nanmean(dim=1),
            {f"{similarity} {step or 'network'}": found.values[:, at] for at, step in enumerate(found.steps)},
        )
        for found in randomisation_curves(subjects, similarity=similarity, **settings)
    ]


@probe_metric(
    "parameter-randomisation",
    group="sanity",
    better="lower",
    needs="method",
    several=of_several,
    applies=lambda own: own.steps and own.steps * own.samples,
    reference="Adebayo et al. 2018, arXiv:1810.03292",
)
def parameter_randomisation(
    subject: Subject,
    *,
    order: Order = "top-down",
    steps: Annotated[int, Field(ge=1)] | None = 8,
    similarity: Similarity = "spearman",
    absolute: bool = True,
    samples: Annotated[int, Field(ge=1)] = 1,
    noise: Annotated[float, Field(ge=0)] = 0.1,
) -> Result:
    """How alike maps stay while the network's parameters are drawn anew, on average over the steps; they should not.

    The randomised network keeps the place at which features are read, and the class explained stays the same. Every
    learned parameter is drawn, also class tokens, position embeddings and layer scales; see `randomise.randomised`.

    Args:
        subject: maps and the method that made them.
        order: ``top-down`` and ``bottom-up`` randomise ever more layers, from the head or from the input on;
            ``independent`` a group of layers at a time, the others as learned.
        steps: in how many even groups of layers; null for every layer on its own, as published, which takes as many
            maps as the network has layers.
        similarity: rank correlation of the maps at their own resolution, or structural similarity at the input's.
        absolute: compare magnitudes, as published for signed maps; otherwise maps with their sign.
        samples: of smooth MPRT: maps are means over noisy inputs, the last of which has no noise. 1 is without.
        noise: of smooth MPRT: standard deviation of the noise, as a share of the input's range of values.

    Returns:
        float64 ``[b]`` in [-1, 1]: a method that depends on the parameters comes near 0. Steps at which a map is
        constant, so that it is like nothing, do not count; NaN where that is all of them. Diagnostics: the value of
        each step, named such as ``spearman layer4.1.conv2`` after its last layer.

    Source: Adebayo et al. 2018; smooth: Hedström et al. 2024, arXiv:2401.06465, and Quantus' SmoothMPRT. Deviations:
        Quantus' MPRT randomises only what ``reset_parameters`` touches, and averages the similarity of the maps with
        themselves in, which lifts the mean by (1 - mean) / (layers + 1).

    Cannot tell: whether maps are right; noise passes. In top-down order the first steps leave the early layers as they
        were, so that methods which show what those pick up stay similar for a reason: compare methods under one order
        and one number of steps, and read it beside the efficient variant. Rank correlations of coarse maps are noisy.
    """
    settings = {"order": order, "steps": steps, "absolute": absolute, "samples": samples, "noise": noise}
    return of_several([subject], similarity=similarity, **settings)[0]


def randomisation_curves(
    subjects: Sequence[Subject],
    *,
    order: Order = "top-down",
    steps: int | None = None,
    similarity: Similarity = "spearman",
    absolute: bool = True,
    samples: int = 1,
    noise: float = 0.1,
) -> list[Curves]:
    """The curves of several methods of one classifier for the same images, which share each randomised network.

    Methods with the same targets also share evidence on it.

    Args:
        subjects: of one classifier and the same images.
        order: as for the metric.
        steps: as for the metric.
        similarity: as for the metric.
        absolute: as for the metric.
        samples: as for the metric.
        noise: as for the metric.
    """
    gathering = subjects[0].gathering
    noisy = _noisy(subjects[0], samples, noise)
    random = randomising(gathering.classifier, subjects[0].seed)
    groups = steps_of(random.layers, steps, order)
    firsts = [original(one) for one in subjects]
    if samples > 1:
        firsts = _smooth(subjects, noisy, gathering.classifier)
    firsts = [maps.abs() if absolute else maps for maps in firsts]
    compare = [_comparison(similarity, maps, one) for maps, one in zip(firsts, subjects, strict=True)]
    found: list[list[Tensor]] = [[] for _ in subjects]
    for group in groups:
        random.randomise(group)
        for into, alike, maps in zip(found, compare, _smooth(subjects, noisy, random.classifier), strict=True):
            into.append(alike(maps.abs() if absolute else maps))
        if order == "independent":
            random.restore(gathering.classifier, group)
    names = tuple(group[-1] for group in groups)
    return [Curves(names, torch.stack(each, dim=1)) for each in found]


def _comparison(similarity: Similarity, maps: Tensor, subject: Subject) -> Callable[[Tensor], Tensor]:
    """How alike others are to some maps; what is known of these is worked out once."""
    if similarity == "ssim":
        height, width = subject.inputs.shape[2:]
        return lambda others: ssim(maps, others, (height, width))
    ranks = centred_ranks(maps)
    return lambda others: spearman(ranks, centred_ranks(others))


def randomising(classifier: Classifier, seed: int) -> Randomised:
    """The copy of a classifier that is randomised, as the classifier is now.

    There is one copy of a classifier, which all methods and blocks of images share.
    """
    if classifier not in _COPIES:
        _COPIES[classifier] = randomisable(classifier, seed)
    random = replace(_COPIES[classifier], seed=seed)
    # At the start rather than at the end: the classifier may have learned more since.
    random.restore(classifier, (*random.layers, *random.idle))
    return random


def _noisy(subject: Subject, samples: int, noise: float) -> list[Tensor]:
    """The inputs whose maps are averaged, the clean ones last."""
    inputs = subject.inputs
    extent = inputs.amax(dim=(1, 2, 3), keepdim=True) - inputs.amin(dim=(1, 2, 3), keepdim=True)
    return [
        *(
            inputs + noise * extent * noise_like(inputs, subject.identities, subject.seed, "smooth", sample)
            for sample in range(samples - 1)
        ),
        inputs,
    ]


def _smooth(subjects: Sequence[Subject], noisy: Sequence[Tensor], classifier: Classifier) -> list[Tensor]:
    """For each subject the mean of its maps over noisy inputs, on a classifier."""
    total: list[Tensor | None] = [None] * len(subjects)
    for inputs in noisy:
        shared = Anew(inputs, classifier)
        for place, one in enumerate(subjects):
            maps, before = maps_anew(one, shared.gathering(one)), total[place]
            total[place] = maps if before is None else before + maps
    return [one / len(noisy) for one in total if one is not None]
