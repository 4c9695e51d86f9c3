"""Parameter randomisation: whether a map depends on what the network has learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from weakref import WeakKeyDictionary

import torch
from pydantic import Field
from torch import Tensor

from ...evidence import Gathering
from ...models import Classifier
from ..randomise import Order, Randomised, randomisable, steps_of
from .anew import maps_anew, noise_like, original
from .likeness import centred_ranks, spearman, ssim
from .metric import probe_metric
from .subject import Subject

_COPIES: WeakKeyDictionary[Classifier, Randomised] = WeakKeyDictionary()


@dataclass(frozen=True)
class Curves:
    """How alike maps are to those of a network that is randomised step by step.

    Attributes:
        steps: the last layer that each step randomises; the network itself is the empty name.
        spearman: float64 ``[b, steps]``: rank correlation of magnitudes at the maps' own resolution.
        ssim: float64 ``[b, steps]``: structural similarity of magnitudes at the input's resolution.
    """

    steps: tuple[str, ...]
    spearman: Tensor
    ssim: Tensor


@probe_metric(
    "parameter-randomisation",
    group="sanity",
    better="lower",
    needs="method",
    reference="Adebayo et al. 2018, arXiv:1810.03292",
)
def parameter_randomisation(
    subject: Subject,
    *,
    order: Order = "top-down",
    steps: Annotated[int, Field(ge=1)] | None = 8,
    similarity: Literal["spearman", "ssim"] = "spearman",
    absolute: bool = True,
    samples: Annotated[int, Field(ge=1)] = 1,
    noise: Annotated[float, Field(ge=0)] = 0.1,
) -> tuple[Tensor, Mapping[str, Tensor]]:
    """How alike maps stay while the network's parameters are drawn anew, on average over the steps; they should not.

    The randomised network keeps the place at which features are read, and the class explained stays the same. Every
    learned parameter is drawn, also class tokens, position embeddings and layer scales; see `randomise.randomised`.

    Args:
        subject: maps and the method that made them.
        order: ``top-down`` and ``bottom-up`` randomise ever more layers, from the head or from the input on;
            ``independent`` a group of layers at a time, the others as learned.
        steps: in how many even groups of layers; null for every layer on its own, as published, which takes as many
            maps as the network has layers.
        similarity: what is averaged; the diagnostics hold the curves of both.
        absolute: compare magnitudes, as published for signed maps; otherwise maps with their sign.
        samples: of smooth MPRT: maps are means over noisy inputs, the last of which has no noise. 1 is without.
        noise: of smooth MPRT: standard deviation of the noise, as a share of the input's range of values.

    Returns:
        float64 ``[b]`` in [-1, 1]: a method that depends on the parameters comes near 0. Steps at which a map is
        constant, so that it is like nothing, do not count; NaN where that is all of them. Diagnostics: a value for each
        step and similarity, named such as ``spearman layer4.1.conv2`` after the last layer of the step.

    Source: Adebayo et al. 2018; smooth: Hedström et al. 2024, arXiv:2401.06465, and Quantus' SmoothMPRT. Deviations:
        Quantus' MPRT randomises only what ``reset_parameters`` touches, and averages the similarity of the maps with
        themselves in, which lifts the mean by (1 - mean) / (layers + 1).

    Cannot tell: whether maps are right; noise passes. In top-down order the first steps leave the early layers as they
        were, so that methods which show what those pick up stay similar for a reason: compare methods under one order
        and one number of steps, and read it beside the efficient variant. Rank correlations of coarse maps are noisy.
    """
    curves = randomisation_curves([subject], order=order, steps=steps, absolute=absolute, samples=samples, noise=noise)
    found = curves[0]
    named = {"spearman": found.spearman, "ssim": found.ssim}
    diagnostics = {
        f"{name} {step or 'network'}": values[:, place]
        for name, values in named.items()
        for place, step in enumerate(found.steps)
    }
    return named[similarity].nanmean(dim=1), diagnostics


def randomisation_curves(
    subjects: Sequence[Subject],
    *,
    order: Order = "top-down",
    steps: int | None = None,
    absolute: bool = True,
    samples: int = 1,
    noise: float = 0.1,
) -> list[Curves]:
    """The curves of several methods of one classifier for the same images, which share each randomised network.

    Methods with the same targets also share evidence on it.

    Args:
        subjects: of one gathering.
        order: as for the metric.
        steps: as for the metric.
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
    ranks = [centred_ranks(maps) for maps in firsts]
    found: list[list[tuple[Tensor, Tensor]]] = [[] for _ in subjects]
    for group in groups:
        random.randomise(group)
        seconds = _smooth(subjects, noisy, random.classifier)
        for into, one, first, rank, second in zip(found, subjects, firsts, ranks, seconds, strict=True):
            second = second.abs() if absolute else second
            height, width = one.inputs.shape[2:]
            into.append((spearman(rank, centred_ranks(second)), ssim(first, second, (height, width))))
        if order == "independent":
            random.restore(gathering.classifier, group)
    names = tuple(group[-1] for group in groups)
    return [Curves(names, *(torch.stack(part, dim=1) for part in zip(*each, strict=True))) for each in found]


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
        shared: dict[tuple[int, ...], Gathering] = {}
        for place, one in enumerate(subjects):
            key = (*one.targets.classes.tolist(), *one.targets.against.tolist())
            if key not in shared:
                shared[key] = one.gathering.anew(inputs=inputs, classifier=classifier)
            maps, before = maps_anew(one, shared[key]), total[place]
            total[place] = maps if before is None else before + maps
    return [one / len(noisy) for one in total if one is not None]
