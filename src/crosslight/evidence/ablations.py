"""Outcomes of setting the channels of features to zero, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from .base import Evidence, EvidenceSettings
from .features import NEEDS, FeatureEvidence, FeatureSettings
from .outcomes import Outcomes, blank
from .targets import Targets

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier, Features
    from ..models.taps import Site
    from .gathering import Gathering


@dataclass(frozen=True)
class AblationOutcomes(Evidence):
    """What the network says where one channel of its features is zero.

    Attributes:
        activations: ``[b, c, h, w]``.
        outcomes: ``1 + c`` for each image: first of the untouched features, then with each channel set to zero.
        targets: the classes explained.
    """

    activations: Tensor
    outcomes: Outcomes
    targets: Targets

    Settings = FeatureSettings
    shared_by_targets = True
    needs = NEEDS

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward pass, then the tail alone once per channel."""
        assert isinstance(settings, FeatureSettings)
        site = cls.read_at(gathering.classifier, settings)
        activations = torch.cat([part.activations for part in gathering.features(site)])
        run = partial(ablate, gathering, site)
        counts = [1 + site.channels] * len(activations)
        outcomes = gathering.measured(("ablations", site.name), counts, run, policy)
        return cls(activations, outcomes, gathering.targets(policy))

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One forward pass; tails are not counted."""
        return 1

    @classmethod
    def resolution(cls, classifier: Classifier, settings: EvidenceSettings) -> tuple[int, int]:
        """The features' own."""
        return FeatureEvidence.resolution(classifier, settings)

    @classmethod
    def read_at(cls, classifier: Classifier, settings: EvidenceSettings) -> Site:
        """The site at ``settings.depth``."""
        return FeatureEvidence.read_at(classifier, settings)


def ablate(gathering: Gathering, site: Site, classes: Sequence[Tensor], wanted: Sequence[range]) -> Outcomes:
    """Run tails with one channel after the other set to zero; variant 0 leaves all as they are.

    The untouched features go the same way as the others, so that most of the rounding cancels in the difference, which
    can be a thousandth of the score.

    Args:
        gathering: what to measure on.
        site: where the tails begin.
        classes: for each image, whose logits to keep ``[u]``.
        wanted: for each image, which variants: the same of all.
    """
    found = blank(gathering.inputs, classes, wanted)
    begin, end, image = wanted[0].start, wanted[0].stop, 0
    with torch.no_grad():
        for part in gathering.features(site):
            count = len(part.activations)
            repeats = max(1, gathering.batch_size // count)
            buffer = torch.cat([part.activations] * repeats)  # in their own layout, which `repeat` would change
            for start in range(begin, end, repeats):
                variants = range(start, min(start + repeats, end))
                gathering.checkpoint()
                said = _run_tail(part, buffer, variants).to(found.logits[0].dtype)
                total = said.logsumexp(dim=2)
                at = slice(start - begin, variants.stop - begin)
                for row in range(count):
                    found.logits[image + row][at] = said[:, row, classes[image + row]]
                    found.normalisers[image + row][at] = total[:, row]
            image += count
    return found


def _run_tail(part: Features, buffer: Tensor, variants: range) -> Tensor:
    """Logits ``[n, b, k]`` of n variants of b images; `buffer` holds repeats of their features, and does so again."""
    count = len(part.activations)
    rows = buffer[: len(variants) * count]
    channels = torch.arange(variants.start, variants.stop, device=buffer.device) - 1
    repeats = torch.arange(len(variants), device=buffer.device)
    if variants.start == 0:
        channels, repeats = channels[1:], repeats[1:]
    view = rows.unflatten(0, (len(variants), count))
    view[repeats, :, channels] = 0
    logits = part.tail(rows)
    view[repeats, :, channels] = part.activations.transpose(0, 1)[channels]
    return logits.unflatten(0, (len(variants), count))
