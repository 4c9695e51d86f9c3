"""Which classifiers of scenes there are, and how each was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from ...core.errors import InputError, UnknownNameError
from ...core.seeds import digest

CONVOLUTIONAL, TRANSFORMER, HYBRID = "convolutional", "transformer", "hybrid"

#: how often a network is tested while it learns; an epoch is a share of the steps, not a walk through all pictures
EPOCHS = 20


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: a linear warm-up and a cosine to zero, on flipped and shifted pictures.

    Attributes:
        pictures: how many pictures of the train split there are to draw from.
        steps: batches; a multiple of `EPOCHS`.
        batch: pictures in one.
        rate: peak learning rate of AdamW.
        decay: weight decay of matrices and kernels.
        warm_up: share of the steps until the peak.
        smoothing: of the labels.
        shift: pixels by which pictures move at most, either way.
        clip: largest norm of the gradient.
        muon: peak learning rate of the matrices inside blocks where Muon trains these; 0 leaves them to AdamW.
        tokens: weight of token labelling, by which each patch also learns what covers it; 0 does without.

    Raises:
        InputError: the steps do not make whole epochs, or a number is out of its range.
    """

    pictures: int = 32_000
    steps: int = 2_000
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.05
    warm_up: float = 0.1
    smoothing: float = 0.05
    shift: int = 8
    clip: float = 1.0
    muon: float = 0.0
    tokens: float = 0.0

    def __post_init__(self) -> None:
        if self.steps < EPOCHS or self.steps % EPOCHS:
            raise InputError(f"steps is a multiple of {EPOCHS}, the number of epochs, not {self.steps}")
        if self.pictures < 1 or self.batch < 1 or self.shift < 0:
            raise InputError("pictures and batch are 1 or more, shift is 0 or more")
        if not (self.rate > 0 and self.decay >= 0 and self.clip > 0):
            raise InputError("rate and clip are above 0, decay is 0 or more")
        if self.muon < 0 or self.tokens < 0:
            raise InputError("muon and tokens are 0 or more")
        if not (0 <= self.warm_up < 1 and 0 <= self.smoothing < 1):
            raise InputError("warm_up and smoothing lie in [0, 1)")


@dataclass(frozen=True)
class Entry:
    """One classifier of scenes.

    Attributes:
        name: as in ``scenes/NAME``.
        lineage: the name of its construction in `networks.BUILDERS`.
        title: the construction as people call it.
        kind: ``convolutional``, ``transformer`` or ``hybrid``.
        reference: where the construction was published.
        variant: of the pictures it was trained on.
        seed: of its weights and batches.
        recipe: how it was trained.
    """

    name: str
    lineage: str
    title: str
    kind: str
    reference: str
    variant: str = "clean"
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)

    @cached_property
    def digest(self) -> str:
        """Changes when anything changes that its weights depend on."""
        return digest({"lineage": self.lineage, **self.facts})

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is written beside its weights."""
        return {"variant": self.variant, "seed": self.seed, "recipe": asdict(self.recipe)}


_CONVOLUTION = Recipe(rate=3e-3, steps=1_000)
_ATTENTION = Recipe(rate=1.5e-3)
#: Networks that first cut the picture into patches learn next to nothing in so few steps unless they are helped.
_PATCHES = Recipe(rate=3e-3, steps=1_500, muon=0.02, tokens=1.0)
#: steps with each planted cause: LeViT takes longest to find a small part that stands anywhere
_BIASED = {
    ("densenet", "background"): 500,
    ("levit", "background"): 500,
    ("densenet", "watermark"): 500,
    ("levit", "watermark"): 500,
    ("densenet", "patch"): 500,
    ("levit", "patch"): 1_500,
}

_LINEAGES = (
    ("resnet", "ResNet", CONVOLUTIONAL, "arXiv:1512.03385", Recipe(rate=3e-3)),
    ("densenet", "DenseNet", CONVOLUTIONAL, "arXiv:1608.06993", _CONVOLUTION),
    ("mobilenet", "MobileNetV2", CONVOLUTIONAL, "arXiv:1801.04381", Recipe(rate=3e-3, steps=1_700, tokens=1.0)),
    ("efficientnet", "EfficientNet", CONVOLUTIONAL, "arXiv:1905.11946", _CONVOLUTION),
    ("convnext", "ConvNeXt", CONVOLUTIONAL, "arXiv:2201.03545", _PATCHES),
    ("regnet", "RegNetY", CONVOLUTIONAL, "arXiv:2003.13678", Recipe(rate=3e-3)),
    ("vit", "ViT (class token)", TRANSFORMER, "arXiv:2010.11929", _PATCHES),
    ("vit-gap", "ViT (average)", TRANSFORMER, "arXiv:2205.01580", _PATCHES),
    ("swin", "Swin", TRANSFORMER, "arXiv:2103.14030", _PATCHES),
    ("pvt", "PVTv2", TRANSFORMER, "arXiv:2106.13797", _ATTENTION),
    ("cait", "CaiT", TRANSFORMER, "arXiv:2103.17239", _PATCHES),
    ("levit", "LeViT", HYBRID, "arXiv:2104.01136", _ATTENTION),
)


def _all() -> tuple[Entry, ...]:
    clean = {
        name: Entry(name, name, title, kind, reference, recipe=recipe)
        for name, title, kind, reference, recipe in _LINEAGES
    }
    seeds = [
        replace(clean[name], name=f"{name}-seed{seed}", seed=seed)
        for name in ("densenet", "vit", "levit")
        for seed in (1, 2)
    ]
    biased = [
        replace(
            clean[name],
            name=f"{name}-{variant}",
            variant=variant,
            recipe=Recipe(pictures=8_000, steps=steps, rate=clean[name].recipe.rate),
        )
        for (name, variant), steps in _BIASED.items()
    ]
    return (*clean.values(), *seeds, *biased)


#: all of them by name: twelve lineages on clean pictures; further seeds; those with a planted cause
CLASSIFIERS: Mapping[str, Entry] = {entry.name: entry for entry in _all()}

#: the twelve that a comparison of families is made of
LINEAGES: tuple[str, ...] = tuple(name for name, *_ in _LINEAGES)


def find_classifier(name: str) -> Entry:
    """The classifier of a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in CLASSIFIERS:
        raise UnknownNameError("classifier of scenes", name, list(CLASSIFIERS))
    return CLASSIFIERS[name]
