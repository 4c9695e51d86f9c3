"""From a target policy to the classes explained for each image of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.errors import InputError, suggestion

if TYPE_CHECKING:
    from ..core.classes import Classes
    from ..core.targets import TargetPolicy


@dataclass(frozen=True)
class Targets:
    """The class explained for every image of a batch.

    Attributes:
        classes: int64 ``[b]``; -1 where the policy names no class for an image.
        against: int64 ``[b]``: the class whose logit is subtracted, or -1.
        multi_label: whether an image may be of several classes: probabilities are then sigmoids, else softmax.
    """

    classes: Tensor
    against: Tensor
    multi_label: bool = False

    @property
    def valid(self) -> Tensor:
        """Which images have a target, bool ``[b]``."""
        return self.classes >= 0

    def __getitem__(self, rows: Tensor | slice) -> Targets:
        return Targets(self.classes[rows], self.against[rows], self.multi_label)

    def to(self, device: torch.device) -> Targets:
        """The same on a device."""
        return Targets(self.classes.to(device), self.against.to(device), self.multi_label)

    def score(self, logits: Tensor) -> Tensor:
        """What is explained: the class's logit, less the other's in a contrast; 0 where there is no target.

        Args:
            logits: ``[b, k]``.

        Returns:
            ``[b]``, differentiable.
        """
        score = logits.gather(1, self.classes.clamp_min(0)[:, None])[:, 0] * self.valid
        opposed = self.against >= 0
        if bool(opposed.any()):
            score = score - logits.gather(1, self.against.clamp_min(0)[:, None])[:, 0] * opposed
        return score


def resolve_targets(
    policy: TargetPolicy,
    logits: Tensor,
    *,
    labels: Sequence[int | None] = (),
    references: Mapping[str, Sequence[int | None]] | None = None,
    classes: Classes | None = None,
    multi_label: bool = False,
) -> Targets:
    """The classes a policy comes to.

    Args:
        policy: what to explain.
        logits: ``[b, k]`` of the untouched images; ``own`` reads its classes from them.
        labels: each image's own class index, or None.
        references: for ``model:NAME``: that model's top-1 per image, as an index among this classifier's
            classes, or None where this classifier has no such class.
        classes: this classifier's class names, for ``class:`` and ``contrast:``.
        multi_label: whether an image may be of several classes.

    Raises:
        InputError: the policy names a class or model that is not there, or a rank beyond the classes.
    """
    count, outputs = logits.shape
    against: list[int | None] = [None] * count
    match policy.kind:
        case "own":
            if policy.rank > outputs:
                raise InputError(f"target {policy}: there are only {outputs} classes")
            chosen = logits.topk(policy.rank, dim=1).indices[:, -1]
            return Targets(chosen, torch.full_like(chosen, -1), multi_label)
        case "label":
            wanted = list(labels) or [None] * count
        case "model":
            if references is None or policy.name not in references:
                raise InputError(f"target {policy}: no predictions of {policy.name!r} are at hand")
            wanted = list(references[policy.name])
        case "class":
            wanted = [find_class(policy.name, outputs, classes)] * count
        case "contrast":
            wanted = [find_class(policy.name, outputs, classes)] * count
            against = [find_class(policy.other, outputs, classes)] * count
    return Targets(_indices(wanted, logits.device), _indices(against, logits.device), multi_label)


def check_policy(policy: TargetPolicy, outputs: int, classes: Classes | None) -> None:
    """Whether a policy can name a class of this classifier at all, before anything is measured.

    Raises:
        InputError: it names a class that is not there, or a rank beyond the classes.
    """
    if policy.rank > outputs:
        raise InputError(f"target {policy}: there are only {outputs} classes")
    for name in {"class": [policy.name], "contrast": [policy.name, policy.other]}.get(policy.kind, []):
        find_class(name, outputs, classes)


def find_class(name: str, outputs: int, classes: Classes | None) -> int:
    """The index of a class given by name or index.

    Raises:
        InputError: there is no such class, with the nearest names.
    """
    found = classes.find(name) if classes is not None else None
    if found is None and name.strip().isdecimal() and int(name) < outputs:
        found = int(name)
    if found is None:
        hint = suggestion(name, [n.split(",")[0] for n in classes.names]) if classes else "; give its index"
        raise InputError(f"no class {name!r} among the {outputs} of this classifier{hint}")
    return found


def _indices(wanted: Sequence[int | None], device: torch.device) -> Tensor:
    return torch.tensor([-1 if index is None else index for index in wanted], dtype=torch.long, device=device)
