"""Outcomes of hiding superpixels, for Shapley values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from torch import Tensor

from ..core.errors import ImageError
from ..core.seeds import seed_for
from ..images.segmenters import SegmentSettings
from ..images.superpixels import segments_of, superpixels_of
from .base import Evidence, EvidenceSettings
from .fills import Fill, make_fill
from .masking import hide_segments
from .outcomes import Outcomes, Output, score_of
from .shapley_design import Design, shapley_design
from .targets import Targets

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier
    from .gathering import Gathering

MOST = 1 << 17


def least_samples(superpixels: int) -> int:
    """The fewest samples with which Shapley values can be told: the end points, and a pair for each but one."""
    return 2 * max(superpixels, 1)


def _enough(samples: int, info: ValidationInfo) -> int:
    """A check that there are not more unknowns than can be told; further ones come with the superpixels themselves."""
    segments = info.data.get("segments", 1)
    if info.data.get("segmentation") in ("slic", "grid") and samples < least_samples(segments):
        raise PydanticCustomError(
            "samples",
            "must be at least {least} for {segments} segments, which are the unknowns",
            {"least": least_samples(segments), "segments": segments},
        )
    return samples


class CoalitionSettings(EvidenceSettings, SegmentSettings):
    """Superpixels, what is seen of those that are hidden, and how many coalitions are measured."""

    samples: Annotated[int, AfterValidator(_enough)] = Field(
        256,
        ge=2,
        le=MOST,
        description="evaluations of an image, untouched and hidden one included; at least twice its superpixels, "
        "an odd one is not made; with 2 to the power of the superpixels all coalitions are measured",
    )
    fill: Fill = Field(
        "zero",
        description="what is seen where a superpixel is hidden: zero (0 after normalising), mean, segment-mean, black, "
        "white, grey, blur, blur:SHARE or #rrggbb",
    )


@dataclass(frozen=True)
class ShapleyOutcomes(Evidence):
    """What the network says of coalitions: an image of which only some superpixels are shown.

    Superpixels and coalitions belong to the picture and the seed: all classifiers are asked about the same ones.
    A classifier that sees a part of the picture has fewer superpixels to explain.

    Attributes:
        designs: the coalitions of each image, of all the picture's superpixels.
        players: for each image the superpixels that the input shows any of, ascending.
        labels: int64 ``[b, h, w]``: the superpixel of each pixel, -1 for none.
        outcomes: at least as many of each image as there are coalitions.
        hidden: of each image with all superpixels hidden.
        logits: ``[b, k]`` of the untouched images.
        targets: the classes explained.
    """

    designs: tuple[Design, ...]
    players: tuple[NDArray[np.intp], ...]
    labels: Tensor
    outcomes: Outcomes
    hidden: Outcomes
    logits: Tensor
    targets: Targets

    Settings = CoalitionSettings
    budget = "samples"
    quick = MappingProxyType({"segmentation": "grid", "segments": 9, "samples": 48})
    gives_logits = False
    shared_by_targets = True

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward pass per coalition, and one with everything hidden."""
        assert isinstance(settings, CoalitionSettings)
        batch, inputs = gathering.batch, gathering.inputs
        designs = tuple(_design(gathering, row, settings) for row in range(len(batch)))
        found = np.stack([segments_of(batch, row, settings) for row in range(len(batch))])
        labels = torch.from_numpy(found).to(inputs.device, torch.int64)
        fill = make_fill(inputs, found, settings.fill, gathering.classifier.preprocess)

        def hide(image: int, variants: range, out: Tensor) -> None:
            keep = torch.from_numpy(designs[image].coalitions(variants)).to(inputs.device)
            hide_segments(inputs[image], fill[image], labels[image], keep, out)

        key = settings.model_copy(update={"samples": MOST})  # the sequence is the same whatever their number
        return cls(
            designs,
            tuple(np.unique(one[one >= 0]).astype(np.intp) for one in found),
            labels,
            gathering.outcomes(key, [len(design) for design in designs], hide, policy),
            hidden_outcomes(gathering, labels, fill, (settings.fill, *_segment_settings(settings)), policy),
            gathering.logits,
            gathering.targets(policy),
        )

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One pass per sample but for the untouched image, and at most as many as there are coalitions."""
        assert isinstance(settings, CoalitionSettings)
        return settings.samples // 2 * 2 - 1

    def scores(self, output: Output = "logit") -> Iterator[tuple[NDArray[np.float64], float, float]]:
        """For each image, the scores of its coalitions, of the untouched image, and of the hidden one.

        Args:
            output: logit or probability.
        """
        full = score_of(self.logits, self.targets, output).cpu().numpy()
        empty = self.hidden.scores(self.targets, output)
        of_coalitions = self.outcomes.scores(self.targets, output)
        for row, design in enumerate(self.designs):
            yield of_coalitions[row][: len(design)].cpu().numpy(), float(full[row]), float(empty[row][0])


def hidden_outcomes(
    gathering: Gathering, labels: Tensor, fill: Tensor, key: Sequence[Any], policy: TargetPolicy
) -> Outcomes:
    """What the network says of images with all superpixels hidden; measured once for all methods that ask.

    Args:
        gathering: what to measure on.
        labels: int64 ``[b, h, w]``: the superpixel of each pixel, -1 for none.
        fill: ``[b, c, h, w]``: what is seen instead.
        key: what `labels` and `fill` depend on, apart from the image.
        policy: which class is explained.
    """
    inputs = gathering.inputs

    def hide(image: int, variants: range, out: Tensor) -> None:
        torch.where(labels[image] >= 0, fill[image], inputs[image], out=out[0])

    return gathering.outcomes(("hidden", *key), [1] * len(inputs), hide, policy)


def _segment_settings(settings: SegmentSettings) -> tuple[Any, ...]:
    return tuple(getattr(settings, name) for name in SegmentSettings.model_fields)


def _design(gathering: Gathering, row: int, settings: CoalitionSettings) -> Design:
    """The coalitions of an image.

    Raises:
        ImageError: it has more superpixels than the samples can tell apart, with how many are needed.
    """
    batch = gathering.batch
    superpixels = superpixels_of(batch, row, settings).count
    if settings.samples < (least := least_samples(superpixels)):
        raise ImageError(
            f"{settings.samples} samples are too few for {superpixels} superpixels, which are unknown: set samples "
            f"to {least} or more, or ask for fewer superpixels"
        )
    seed = seed_for(gathering.seed, batch.identities[row], "coalitions")
    return shapley_design(superpixels, settings.samples // 2 - 1, seed)
