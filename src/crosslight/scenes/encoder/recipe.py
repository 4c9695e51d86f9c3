"""How the encoder is built and trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from ...core.seeds import digest
from .words import scene_vocabulary


@dataclass(frozen=True)
class Shape:
    """How wide and deep the towers are.

    Attributes:
        space: dimensions of the common space.
        stem: channels of the image tower at 48 x 48.
        widths: channels of its stages, at 24 x 24, 12 x 12 and so on.
        depths: residual blocks in each.
        queries: places that its pooling looks for.
        heads: of the attention in its pooling.
        words: dimensions of a word.
        hidden: of the text tower's hidden layer.
    """

    space: int = 128
    stem: int = 16
    widths: tuple[int, ...] = (32, 64, 128)
    depths: tuple[int, ...] = (1, 2, 1)
    queries: int = 4
    heads: int = 4
    words: int = 128
    hidden: int = 384


@dataclass(frozen=True)
class Recipe:
    """How the encoder is trained: AdamW, a linear warm-up and a cosine to zero, half of the pictures flipped.

    Attributes:
        shape: of the towers.
        pictures: how many pictures of the train split there are to draw from, of each variant.
        steps: batches.
        batch: pictures in one.
        rate: peak learning rate.
        decay: weight decay of matrices and kernels.
        warm_up: share of the steps until the peak.
        clip: largest norm of the gradient.
        scale: of the similarity in the loss, at the start.
        largest_scale: that training may reach.
        precision: of the image tower's arithmetic while it learns: ``bfloat16`` or ``float32``.
        seed: of weights, batches and texts.
    """

    shape: Shape = field(default_factory=Shape)
    pictures: tuple[tuple[str, int], ...] = (("clean", 32_000), ("patch", 4_000))
    steps: int = 1_500
    batch: int = 128
    rate: float = 2e-3
    decay: float = 0.05
    warm_up: float = 0.1
    clip: float = 1.0
    scale: float = 10.0
    largest_scale: float = 100.0
    precision: str = "bfloat16"
    seed: int = 0

    @property
    def facts(self) -> dict[str, Any]:
        """As plain values; what is written beside the weights."""
        return asdict(self)

    @cached_property
    def digest(self) -> str:
        """Changes when the recipe changes, or the words that there are."""
        return digest({"recipe": self.facts, "words": scene_vocabulary().words})
