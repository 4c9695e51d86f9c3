"""A layer's spatial activations with their gradients: one forward pass without graph, then the tail's backward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import torch
from pydantic import Field
from torch import Tensor

from ..models.taps import DepthUnit
from .base import Evidence, EvidenceSettings

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier
    from ..models.taps import Site
    from .gathering import Gathering


NEEDS = "a layer whose features keep their places in the picture and that the gradient of the logits reaches"


class FeatureSettings(EvidenceSettings):
    """Where in the network to look."""

    depth: float = Field(
        1.0,
        gt=0,
        le=1,
        description="share of the network's counted FLOPs after which features are read; "
        "1 is the last layer with spatial features",
    )
    depth_unit: DepthUnit = Field(
        "flops", description="what depth is a share of: flops, or blocks, of those whose features can be read"
    )


@dataclass(frozen=True)
class FeatureEvidence(Evidence):
    """Features with the gradient of the explained score.

    Attributes:
        activations: ``[b, c, h, w]``.
        gradients: ``[b, c, h, w]``: derivative of the score with respect to the activations.
        scores: ``[b]``: the explained logit, or difference of logits.
        site: where in the network they were read.
    """

    activations: Tensor
    gradients: Tensor
    scores: Tensor
    site: Site

    Settings = FeatureSettings
    shared_by_targets = True
    needs = NEEDS

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """Read the features at ``settings.depth``."""
        assert isinstance(settings, FeatureSettings)
        parts = gathering.capture(cls.read_at(gathering.classifier, settings))
        targets = gathering.targets(policy)
        activations, gradients, scores = [], [], []
        row = 0
        for captured, logits in parts:
            rows = slice(row, row := row + len(logits))
            # Parameters were frozen when the graph was made, so only the path from features to score is in it.
            with torch.enable_grad():
                score = targets[rows].score(logits)
                (native,) = torch.autograd.grad(score.sum(), captured.native, retain_graph=True)
            activations.append(captured.features.detach())
            gradients.append(captured.site.layout.to_features(native))
            scores.append(score.detach())
        return cls(torch.cat(activations), torch.cat(gradients), torch.cat(scores), parts[0][0].site)

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One forward pass; the tail's backward is small."""
        return 1

    @classmethod
    def resolution(cls, classifier: Classifier, settings: EvidenceSettings) -> tuple[int, int]:
        """The features' own."""
        return cls.read_at(classifier, settings).resolution

    @classmethod
    def read_at(cls, classifier: Classifier, settings: EvidenceSettings) -> Site:
        """The site at ``settings.depth``."""
        assert isinstance(settings, FeatureSettings)
        return classifier.site(settings.depth, settings.depth_unit)
