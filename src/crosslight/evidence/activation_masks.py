"""Outcomes of showing an image through its own activations, one channel after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .base import Evidence, EvidenceSettings
from .features import NEEDS, FeatureEvidence, FeatureSettings
from .outcomes import Outcomes
from .targets import Targets

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier
    from ..models.taps import Site
    from .gathering import Gathering


@dataclass(frozen=True)
class ActivationMaskOutcomes(Evidence):
    """What the network says of an image seen through each channel of its features.

    A mask is a channel, upsampled to the input's size and scaled to [0, 1]. A constant channel makes no mask and is
    not measured.

    Attributes:
        activations: ``[b, c, h, w]``.
        varying: for each image int64 ``[n]``: its channels that are not constant.
        outcomes: ``1 + n`` for each image: first of the baseline, an input of zeros, then of those channels.
        targets: the classes explained.
    """

    activations: Tensor
    varying: tuple[Tensor, ...]
    outcomes: Outcomes
    targets: Targets

    Settings = FeatureSettings
    shared_by_targets = True
    needs = NEEDS

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward pass for the features, one for the baseline, and one per channel."""
        assert isinstance(settings, FeatureSettings)
        site = cls.read_at(gathering.classifier, settings)
        activations = torch.cat([captured.features.detach() for captured, _ in gathering.capture(site)])
        inputs = gathering.inputs
        flat = activations.flatten(2)
        varying = tuple(differ.nonzero()[:, 0] for differ in flat.amax(dim=2) > flat.amin(dim=2))

        def mask(image: int, variants: range, out: Tensor) -> None:
            if variants.start == 0:
                out[0].zero_()
                variants, out = range(1, variants.stop), out[1:]
            if variants:
                channels = varying[image][variants.start - 1 : variants.stop - 1]
                masks = activation_masks(activations[image, channels], (out.shape[-2], out.shape[-1]))
                torch.mul(inputs[image], masks[:, None], out=out)

        key = ("activation masks", site.name)
        outcomes = gathering.outcomes(key, [1 + len(channels) for channels in varying], mask, policy)
        return cls(activations, varying, outcomes, gathering.targets(policy))

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One pass for the features, one for the baseline, and one per channel; fewer where channels are constant."""
        return 2 + (cls.read_at(classifier, settings).channels if classifier is not None else 0)

    @classmethod
    def resolution(cls, classifier: Classifier, settings: EvidenceSettings) -> tuple[int, int]:
        """The features' own."""
        return FeatureEvidence.resolution(classifier, settings)

    @classmethod
    def read_at(cls, classifier: Classifier, settings: EvidenceSettings) -> Site:
        """The site at ``settings.depth``."""
        return FeatureEvidence.read_at(classifier, settings)


def activation_masks(activations: Tensor, size: tuple[int, int]) -> Tensor:
    """Channels as masks: upsampled, then each scaled so that its least value is 0 and its greatest 1.

    Args:
        activations: float ``[n, h, w]``, none of them constant.
        size: height and width of the masks.

    Returns:
        ``[n, *size]``.

    Source: Wang et al. 2020, eqs. 5 and 6 and the authors' code: bilinear, cells as areas (``align_corners=False``),
        scaled after upsampling.
    """
    masks = interpolate(activations[:, None], size, mode="bilinear", align_corners=False)[:, 0]
    least, most = masks.amin(dim=(1, 2), keepdim=True), masks.amax(dim=(1, 2), keepdim=True)
    return masks.sub_(least).div_((most - least).clamp_min(torch.finfo(masks.dtype).tiny))
