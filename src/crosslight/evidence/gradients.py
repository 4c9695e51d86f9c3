"""Gradients of the explained score with respect to the input: at the image, around it, and on a path to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import torch
from pydantic import Field
from torch import Tensor

from ..core.errors import ModelError
from ..core.seeds import seed_for
from .base import Evidence, EvidenceSettings
from .chunks import chunks
from .outcomes import Write
from .quadrature import RULES, nodes_and_weights

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier
    from .gathering import Gathering


NEEDS = "a path of differentiable operations from the pixels to the logits"


@dataclass(frozen=True)
class InputGradients(Evidence):
    """The gradient at the image itself.

    Attributes:
        inputs: ``[b, c, h, w]``, normalised.
        gradients: ``[b, c, h, w]``, with respect to the normalised input.
    """

    inputs: Tensor
    gradients: Tensor

    needs = NEEDS

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward and one backward pass."""
        inputs = gathering.inputs.detach().requires_grad_()
        with torch.enable_grad():
            logits = gathering.forward(inputs)
            gathering.offer_logits(logits)
            scores = gathering.targets(policy).score(logits)
            (gradients,) = torch.autograd.grad(scores.sum(), inputs)
        return cls(inputs.detach(), gradients)

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One pass, forward and backward."""
        return 1

    @classmethod
    def check(cls, classifier: Classifier, settings: EvidenceSettings) -> None:
        """The gradient must reach the pixels."""
        check_gradient(classifier)


class NoiseSettings(EvidenceSettings):
    """How noisy copies of an image are made."""

    samples: int = Field(25, ge=1, le=1 << 16, description="number of noisy copies")
    noise: float = Field(
        0.15,
        ge=0,
        le=10,
        description="standard deviation, as a share of the input's range (maximum - minimum)",
    )


@dataclass(frozen=True)
class NoisyGradients(Evidence):
    """Moments of the gradient under Gaussian noise. The noise depends on seed and image, not on the model.

    Attributes:
        inputs: ``[b, c, h, w]``, normalised.
        mean: ``[b, c, h, w]``: mean gradient over the noisy copies.
        square: ``[b, c, h, w]``: mean of the squared gradient.
    """

    inputs: Tensor
    mean: Tensor
    square: Tensor

    Settings = NoiseSettings
    needs = NEEDS
    gives_logits = False
    budget = "samples"
    nested = False

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """``samples`` forward and backward passes."""
        assert isinstance(settings, NoiseSettings)
        inputs = gathering.inputs
        flat = inputs.flatten(1)
        sigma = settings.noise * (flat.amax(1) - flat.amin(1))
        generators = [
            torch.Generator().manual_seed(seed_for(gathering.seed, identity, "noise"))
            for identity in gathering.batch.identities
        ]

        def noisy(image: int, copies: range, out: Tensor) -> None:
            # Drawn on the CPU and one copy at a time: the same noise on every device and in every batch.
            for row in range(len(copies)):
                noise = torch.randn(inputs.shape[1:], generator=generators[image])
                out[row].copy_(noise).mul_(sigma[image]).add_(inputs[image])

        weights = torch.full((settings.samples,), 1 / settings.samples, dtype=torch.float64)
        mean, square = _moments(gathering, policy, weights, noisy, squares=True)
        assert square is not None
        return cls(inputs, mean, square)

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One pass, forward and backward, per noisy copy."""
        assert isinstance(settings, NoiseSettings)
        return settings.samples

    @classmethod
    def check(cls, classifier: Classifier, settings: EvidenceSettings) -> None:
        """The gradient must reach the pixels."""
        check_gradient(classifier)


class PathSettings(EvidenceSettings):
    """The straight path from a baseline to the image, and how the integral along it is taken."""

    steps: int = Field(50, ge=1, le=4096, description="points on the path at which the gradient is taken")
    rule: Literal[RULES] = Field(  # type: ignore[valid-type]
        "gauss-legendre", description="quadrature rule; riemann-right is the published one"
    )
    baseline: Literal["black", "mean", "white"] = Field(
        "black",
        description="start of the path: a black or white image, or the mean colour (0 after normalising)",
    )


@dataclass(frozen=True)
class PathGradients(Evidence):
    """The average gradient along the straight path from a baseline to the image.

    Attributes:
        inputs: ``[b, c, h, w]``, normalised.
        baseline: ``[1, c, 1, 1]``, normalised.
        mean: ``[b, c, h, w]``: the gradient integrated over the path's parameter in [0, 1].
        scores: ``[b]``: the explained score at the image.
        baseline_scores: ``[b]``: the same at the baseline.
        steps: number of points on the path.
    """

    inputs: Tensor
    baseline: Tensor
    mean: Tensor
    scores: Tensor
    baseline_scores: Tensor
    steps: int

    Settings = PathSettings
    needs = NEEDS
    gives_logits = False
    budget = "steps"
    nested = False

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """``steps`` forward and backward passes, and one forward at the baseline."""
        assert isinstance(settings, PathSettings)
        inputs = gathering.inputs
        baseline = _colour(gathering, settings.baseline)
        nodes, weights = nodes_and_weights(settings.rule, settings.steps)
        shares = nodes.to(inputs.device, inputs.dtype)[:, None, None, None]

        def on_path(image: int, points: range, out: Tensor) -> None:
            torch.lerp(baseline, inputs[image], shares[points.start : points.stop], out=out)

        mean, _ = _moments(gathering, policy, weights, on_path)
        targets = gathering.targets(policy)
        with torch.no_grad():
            start = gathering.forward(baseline.expand(1, *inputs.shape[1:])).expand(len(inputs), -1)
        return cls(
            inputs=inputs,
            baseline=baseline,
            mean=mean,
            scores=targets.score(gathering.logits),
            baseline_scores=targets.score(start),
            steps=settings.steps,
        )

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One pass, forward and backward, per point."""
        assert isinstance(settings, PathSettings)
        return settings.steps

    @classmethod
    def check(cls, classifier: Classifier, settings: EvidenceSettings) -> None:
        """The gradient must reach the pixels."""
        check_gradient(classifier)


def check_gradient(classifier: Classifier) -> None:
    """Whether a gradient can be taken from the logits to the pixels.

    Raises:
        ModelError: nothing differentiable joins them.
    """
    if not classifier.differentiable:
        raise ModelError(
            f"{classifier.label}: the logits do not depend on the image through differentiable operations: "
            "the network detaches, or computes under no_grad or inference_mode"
        )


def _moments(
    gathering: Gathering,
    policy: TargetPolicy,
    weights: Tensor,
    fill: Write,
    squares: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Weighted sums over variants of each image of the gradient, and of its square.

    The variants of all images form one list that is worked off in batches of ``gathering.batch_size``, in one
    buffer: neither the variants nor their gradients are ever kept together.

    Args:
        gathering: what to measure on.
        policy: which class is explained.
        weights: float64 ``[n]``: the weight of each of an image's n variants.
        fill: ``fill(image, variants, out)`` writes those variants of that image into ``out [len, c, h, w]``.
        squares: whether to sum squares too.
    """
    inputs, size = gathering.inputs, gathering.batch_size
    targets, count, variants = gathering.targets(policy), len(inputs), len(weights)
    mean = torch.zeros_like(inputs)
    square = torch.zeros_like(inputs) if squares else None
    share = weights.to(inputs.device, inputs.dtype)
    buffer = inputs.new_empty((min(size, count * variants), *inputs.shape[1:]))
    for pieces in chunks([range(variants)] * count, size):
        points = buffer[: pieces[-1].rows.stop].detach()
        with torch.no_grad():
            for piece in pieces:
                fill(piece.image, piece.variants, points[piece.rows])
        points.requires_grad_()
        rows_of_image = torch.tensor([p.image for p in pieces for _ in p.variants], device=inputs.device)
        with torch.enable_grad():
            scores = targets[rows_of_image].score(gathering.forward(points))
            (gradients,) = torch.autograd.grad(scores.sum(), points)
        for piece in pieces:
            part, weight = gradients[piece.rows], share[piece.variants.start : piece.variants.stop]
            mean[piece.image] += torch.tensordot(weight, part, dims=1)
            if square is not None:
                square[piece.image] += torch.tensordot(weight, part.square(), dims=1)
    return mean, square


def _colour(gathering: Gathering, name: str) -> Tensor:
    """A uniform image of that colour after normalising, ``[1, c, 1, 1]``."""
    preprocess, inputs = gathering.classifier.preprocess, gathering.inputs
    mean = torch.tensor(preprocess.mean, dtype=torch.float64)
    std = torch.tensor(preprocess.std, dtype=torch.float64)
    level = {"black": torch.zeros_like(mean), "white": torch.ones_like(mean), "mean": mean}[name]
    return ((level - mean) / std).to(inputs.device, inputs.dtype)[None, :, None, None]
