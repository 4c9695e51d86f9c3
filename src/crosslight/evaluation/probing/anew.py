"""A method applied anew: to a batch, to other inputs of the same pictures, or on another classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.finish import finish_named
from ...core.seeds import seed_for
from ...core.targets import TargetPolicy
from ...evidence import Gathering
from ...evidence.targets import Targets
from ...methods import METHODS
from ...methods.base import MethodSpec
from ...methods.driver import attribute
from .likeness import enlarged
from .subject import Subject

if TYPE_CHECKING:
    from ...models import Classifier

#: the policy under which the targets of the original maps are put down
_SAME = TargetPolicy()


def subject_of(
    gathering: Gathering, method: str | MethodSpec, *, target: TargetPolicy = _SAME, seed: int = 0, **settings: Any
) -> Subject:
    """The maps that a method makes of a batch now, ready for metrics.

    Args:
        gathering: classifier and batch.
        method: its name, or the method itself.
        target: which class is explained.
        seed: of the evaluation.
        settings: of the method; the others have their defaults.
    """
    spec = METHODS[method] if isinstance(method, str) else method
    chosen = spec.settings(**settings)
    native = _finished(attribute(gathering, spec, chosen, target).maps, spec.finish)
    height, width = gathering.inputs.shape[2:]
    maps = enlarged(native, (height, width))
    return Subject(gathering, maps, native, gathering.targets(target), seed, spec, chosen, spec.finish)


@dataclass
class Anew:
    """Gatherings on which several methods are applied anew: those that explain the same classes share evidence.

    Attributes:
        inputs: other inputs of the same pictures.
        classifier: another classifier.
    """

    inputs: Tensor | None = None
    classifier: Classifier | None = None
    _made: dict[tuple[int, ...], Gathering] = field(default_factory=dict)

    def gathering(self, subject: Subject) -> Gathering:
        """The one for a subject; all subjects are of the same images."""
        key = (*subject.targets.classes.tolist(), *subject.targets.against.tolist())
        if key not in self._made:
            self._made[key] = subject.gathering.anew(inputs=self.inputs, classifier=self.classifier)
        return self._made[key]


def maps_anew(subject: Subject, gathering: Gathering, targets: Targets | None = None) -> Tensor:
    """The maps that the method of `subject` makes of another gathering, after its final step.

    They explain the classes that the original maps explain, whatever the network now says, and the passes are counted
    as the subject's.

    Args:
        subject: whose method, with its settings.
        gathering: of the same pictures, as `Gathering.anew` makes it.
        targets: other classes to explain.

    Returns:
        float64 ``[b, y, x]`` at the method's own resolution.

    Raises:
        InputError: the maps were made by no method.
    """
    if subject.method is None or subject.settings is None:
        raise InputError("this metric applies the method anew; maps that no method made (baselines, imports) have none")
    gathering.offer_targets(_SAME, targets or subject.targets)
    before = gathering.evaluations
    made = attribute(gathering, subject.method, subject.settings, _SAME).maps
    subject.gathering.evaluations += gathering.evaluations - before
    return _finished(made, subject.finish)


def original(subject: Subject) -> Tensor:
    """The maps themselves at their own resolution, float64 ``[b, y, x]`` on the CPU."""
    return subject.native.detach().cpu().double()


def noise_like(inputs: Tensor, identities: Sequence[str], *what: str | int, uniform: bool = False) -> Tensor:
    """Noise for every input that depends on its identity alone.

    Args:
        inputs: ``[b, c, h, w]``.
        identities: of the images.
        what: seed, purpose and number of the noise.
        uniform: in [-1, 1]; otherwise standard normal.

    Returns:
        As `inputs`, on their device.
    """
    made = torch.empty(inputs.shape, dtype=torch.float32)
    for row, identity in zip(made, identities, strict=True):
        chance = torch.Generator().manual_seed(seed_for(*what, identity))
        if uniform:
            row.uniform_(-1, 1, generator=chance)
        else:
            row.normal_(generator=chance)
    return made.to(inputs)


def _finished(maps: Tensor, finish: str) -> Tensor:
    values = finish_named(finish)(maps.detach().cpu().double().numpy())
    return torch.from_numpy(np.ascontiguousarray(values))
