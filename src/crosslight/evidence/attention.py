"""Attention between the patches: of one forward pass, or with the gradient of the explained score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from ..core.targets import TargetPolicy
from ..models.taps import recorded_attention
from .base import Evidence, EvidenceSettings

if TYPE_CHECKING:
    from ..models.classifier import Classifier
    from ..models.taps import AttentionPath
    from .gathering import Gathering

NEEDS = "attention between all patches in every layer, as ViT, DeiT, BEiT, DINOv2 and CaiT have"


@dataclass(frozen=True)
class AttentionEvidence(Evidence):
    """The attention matrices of a forward pass, the same for every target.

    Attributes:
        attentions: ``[b, heads, q, k]`` each, in the order of the layers; rows sum to 1. Where heads are mixed after
            the softmax, as in CaiT, these are the matrices before.
        path: what their tokens are, and which of them the head reads.
    """

    attentions: tuple[Tensor, ...]
    path: AttentionPath

    shared_by_targets = True
    needs = NEEDS

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward pass without a graph."""
        if policy != TargetPolicy():
            return gathering.get(cls, settings, TargetPolicy())
        path = gathering.classifier.attention
        parts, logits = [], []
        with torch.no_grad():
            for inputs in gathering.inputs.split(gathering.batch_size):
                with recorded_attention() as matrices:
                    logits.append(gathering.forward(inputs))
                parts.append(path.arranged(matrices, len(inputs)))
        gathering.offer_logits(torch.cat(logits))
        return cls(_joined(parts), path)

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One forward pass."""
        return 1

    @classmethod
    def resolution(cls, classifier: Classifier, settings: EvidenceSettings) -> tuple[int, int]:
        """Rows and columns of the patches."""
        return classifier.attention.grid

    @classmethod
    def check(cls, classifier: Classifier, settings: EvidenceSettings) -> None:
        """A chain of attention must lead from the patches to the logits."""
        _ = classifier.attention


@dataclass(frozen=True)
class AttentionGradients(Evidence):
    """The attention matrices with the gradient of the explained score.

    Attributes:
        attentions: ``[b, heads, q, k]`` each; see `AttentionEvidence`.
        gradients: of the same shapes: derivative of the score with respect to every entry.
        path: what their tokens are, and which of them the head reads.
    """

    attentions: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]
    path: AttentionPath

    needs = NEEDS

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward pass and one backward pass down to the first attention."""
        path = gathering.classifier.attention
        passes, attentions, gradients = [], [], []
        with torch.enable_grad():
            for inputs in gathering.inputs.split(gathering.batch_size):
                with recorded_attention() as matrices:
                    passes.append((matrices, gathering.forward(inputs)))
            gathering.offer_logits(torch.cat([logits for _, logits in passes]))
            targets, row = gathering.targets(policy), 0
            while passes:
                matrices, logits = passes.pop(0)  # its graph goes as soon as it has been gone through
                score = targets[row : row + len(logits)].score(logits)
                slopes = torch.autograd.grad(score.sum(), matrices)
                attentions.append(path.arranged([matrix.detach() for matrix in matrices], len(logits)))
                gradients.append(path.arranged(slopes, len(logits)))
                row += len(logits)
        return cls(_joined(attentions), _joined(gradients), path)

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One pass, forward and backward."""
        return 1

    @classmethod
    def resolution(cls, classifier: Classifier, settings: EvidenceSettings) -> tuple[int, int]:
        """Rows and columns of the patches."""
        return classifier.attention.grid

    @classmethod
    def check(cls, classifier: Classifier, settings: EvidenceSettings) -> None:
        """A chain of attention must lead from the patches to the logits."""
        _ = classifier.attention


def _joined(parts: list[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """The layers of all images, from those of one part of the images after the other."""
    return tuple(torch.cat(layer) if len(layer) > 1 else layer[0] for layer in zip(*parts, strict=True))
