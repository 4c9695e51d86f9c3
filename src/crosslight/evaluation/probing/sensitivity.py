"""How much maps change where inputs change a little: what maximum and average sensitivity are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ...evidence import Gathering
from .anew import maps_anew, noise_like, original
from .subject import Subject

#: how the size of a map, and of its change, is measured: the root of the sum of squares, or the largest magnitude
Norm = Literal["fro", "linf"]


@dataclass(frozen=True)
class _Known:
    """What was measured last on a gathering: maximum and average ask for the same."""

    key: tuple[object, ...]
    maps: Tensor
    values: Tensor


_KNOWN: WeakKeyDictionary[Gathering, _Known] = WeakKeyDictionary()


def relative_changes(subject: Subject, *, samples: int, radius: float, norm: Norm, same_class: bool) -> Tensor:
    """The change of every map under several small changes of its input, relative to the map.

    Args:
        subject: maps and the method that made them.
        samples: how many changed inputs.
        radius: each number of the normalised input changes by up to this, uniformly.
        norm: how sizes are measured.
        same_class: leave samples out in which the classifier's top class changes: NaN.

    Returns:
        float64 ``[b, samples]``; NaN where a map is zero.
    """
    targets = subject.targets
    key = (
        subject.method and subject.method.name, subject.settings, subject.finish, subject.seed, samples, radius, norm,
        same_class, *targets.classes.tolist(), *targets.against.tolist(),
    )  # fmt: skip
    known = _KNOWN.get(subject.gathering)
    if known is not None and known.key == key and known.maps is subject.native:
        return known.values
    maps = original(subject)
    size = _size(maps, norm)
    found = torch.empty((len(maps), samples), dtype=torch.float64)
    for sample in range(samples):
        noise = noise_like(subject.inputs, subject.identities, subject.seed, "sensitivity", sample, uniform=True)
        changed = subject.gathering.anew(inputs=subject.inputs + radius * noise)
        found[:, sample] = _size(maps - maps_anew(subject, changed), norm) / size
        if same_class:
            other = changed.logits.argmax(dim=1) != subject.gathering.logits.argmax(dim=1)
            found[other.cpu(), sample] = torch.nan
    found[size == 0] = torch.nan
    _KNOWN[subject.gathering] = _Known(key, subject.native, found)
    return found


def _size(maps: Tensor, norm: Norm) -> Tensor:
    return torch.linalg.vector_norm(maps.flatten(1), ord=2 if norm == "fro" else torch.inf, dim=1)
