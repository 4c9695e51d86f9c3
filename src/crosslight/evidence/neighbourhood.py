"""Outcomes of hiding superpixels at random, for local linear models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from torch import Tensor

from ..core.errors import ImageError
from ..core.seeds import seed_for
from ..images.segmenters import SegmentSettings
from ..images.superpixels import segments_of, superpixels_of
from .base import Evidence, EvidenceSettings
from .coalitions import CoalitionSettings, ShapleyOutcomes, least_samples
from .fills import check_fill, make_fill
from .masking import hide_segments
from .outcomes import Outcomes, Output, score_of
from .shapley_design import Design
from .targets import Targets

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier
    from .gathering import Gathering

MOST = 1 << 17
#: numbers that are drawn at once
DRAWN = 1 << 20
#: how far apart scores are by rounding alone, in units of the logits' precision
ROUNDING = 64

#: where masks come from: drawn for this alone, or those that Shapley values are estimated from
Source = Literal["own", "shared"]


def least_num_samples(superpixels: int, design: Source = "own") -> int:
    """The fewest samples with which a local model can be told: one for each superpixel, and one for the intercept.

    Args:
        superpixels: of the picture.
        design: ``shared`` needs as many as Shapley values do.
    """
    return least_samples(superpixels) if design == "shared" else superpixels + 1


def _enough(num_samples: int, info: ValidationInfo) -> int:
    """A check that there are not more unknowns than can be told; further ones come with the superpixels themselves."""
    segments = info.data.get("segments", 1)
    least = least_num_samples(segments, info.data.get("design", "own"))
    if info.data.get("segmentation") in ("slic", "grid") and num_samples < least:
        raise PydanticCustomError(
            "num_samples",
            "must be at least {least} for {segments} segments, which are the unknowns",
            {"least": least, "segments": segments},
        )
    return num_samples


def _own_only(random_seed: int | None, info: ValidationInfo) -> int | None:
    if random_seed is not None and info.data.get("design") == "shared":
        raise PydanticCustomError("unread_setting", "must be left out with design 'shared', whose masks are not drawn")
    return random_seed


def _colour(hide_color: Any) -> Any:
    """What the lime package takes, as a fill: None, a level of grey, or three levels of red, green and blue."""
    if hide_color is None:
        return "segment-mean"
    if isinstance(hide_color, str):
        return hide_color
    levels = hide_color if isinstance(hide_color, list | tuple) else [hide_color] * 3
    if len(levels) != 3 or any(
        isinstance(level, bool) or not isinstance(level, int | float) or level not in range(256) for level in levels
    ):
        raise PydanticCustomError(
            "hide_color", "must be a fill, a whole number from 0 to 255, or three of them (red, green, blue)"
        )
    return "#" + "".join(f"{int(level):02x}" for level in levels)


class NeighbourhoodSettings(EvidenceSettings, SegmentSettings):
    """Superpixels, what is seen of those that are hidden, and how many samples are measured."""

    design: Source = Field(
        "own",
        description="which superpixels the samples show: own (drawn as the lime package draws them, each shown with "
        "probability 1/2), or shared (the coalitions of kernel-shap with the same superpixels, fill and samples, which "
        "then cost nothing more, weighted for the law that own draws from; effective_samples tells what is left)",
    )
    num_samples: Annotated[int, AfterValidator(_enough)] = Field(
        1000,
        ge=2,
        le=MOST,
        description="samples, the untouched image first; at least one more than the superpixels, with design shared "
        "twice as many as superpixels; one that repeats another is not measured again",
    )
    hide_color: Annotated[str, BeforeValidator(_colour), AfterValidator(check_fill)] = Field(
        "segment-mean",
        description="what is seen where a superpixel is hidden: segment-mean (lime's null), a level of grey from 0 to "
        "255, a list of three levels, #rrggbb, zero (0 after normalising), mean, black, white, grey, blur, blur:SHARE",
    )
    random_seed: Annotated[int | None, AfterValidator(_own_only)] = Field(
        None,
        ge=0,
        lt=2**32,
        description="of the samples, the same for every image, as numpy's RandomState takes it; by default one that "
        "comes from the study's seed and the image",
    )


@dataclass(frozen=True)
class NeighbourhoodOutcomes(Evidence):
    """What the network says of samples around an image: the image with random superpixels hidden.

    Superpixels and samples belong to the picture and the seed: all classifiers are asked about the same ones.
    A classifier that sees a part of the picture has fewer superpixels to explain.

    Attributes:
        samples: for each image bool ``[n, m]``: which of its superpixels each sample shows; the first shows all.
        importance: for each image float64 ``[n]``: the density of lime's law over that of the samples; 1 where they
            were drawn from it.
        players: for each image the superpixels that the input shows any of, ascending, ``[m]``.
        labels: int64 ``[b, h, w]``: the superpixel of each pixel, -1 for none.
        places: for each image ``[n]``: which of the scores of the untouched image, and of `parts`, is the sample's.
        parts: outcomes, one after the other.
        evaluations_made: of each image, the untouched one among them.
        exhaustive: for each image, whether the samples are all there are, so that no chance is left.
        logits: ``[b, k]`` of the untouched images.
        targets: the classes explained.
    """

    samples: tuple[NDArray[np.bool_], ...]
    importance: tuple[NDArray[np.float64], ...]
    players: tuple[NDArray[np.intp], ...]
    labels: Tensor
    places: tuple[NDArray[np.intp], ...]
    parts: tuple[Outcomes, ...]
    evaluations_made: tuple[int, ...]
    exhaustive: tuple[bool, ...]
    logits: Tensor
    targets: Targets

    Settings = NeighbourhoodSettings
    budget = "num_samples"
    quick = MappingProxyType({"segmentation": "grid", "segments": 9, "num_samples": 48})
    gives_logits = False
    shared_by_targets = True

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward pass per sample that is not like one before."""
        assert isinstance(settings, NeighbourhoodSettings)
        counts = [_count(gathering, row, settings) for row in range(len(gathering.batch))]
        if settings.design == "shared":
            return cls._of_coalitions(gathering, policy, settings)
        batch, inputs = gathering.batch, gathering.inputs
        found = np.stack([segments_of(batch, row, settings) for row in range(len(batch))])
        labels = torch.from_numpy(found).to(inputs.device, torch.int64)
        fill = make_fill(inputs, found, settings.hide_color, gathering.classifier.preprocess)
        players = tuple(np.unique(one[one >= 0]).astype(np.intp) for one in found)
        drawn = [draw(settings.num_samples, count, _seed(gathering, row, settings)) for row, count in enumerate(counts)]
        samples = tuple(rows[:, seen] for rows, seen in zip(drawn, players, strict=True))
        firsts, places = zip(*map(distinct, samples), strict=True)

        def hide(image: int, variants: range, out: Tensor) -> None:
            which = firsts[image][variants.start + 1 : variants.stop + 1]  # the first of all is the untouched image
            hide_segments(
                inputs[image], fill[image], labels[image], torch.from_numpy(drawn[image][which]).to(inputs.device), out
            )

        key = settings.model_copy(update={"num_samples": MOST})  # the sequence is the same whatever their number
        made = [len(first) for first in firsts]
        outcomes = gathering.outcomes(key, [count - 1 for count in made], hide, policy)
        return cls(
            samples=samples,
            importance=tuple(np.ones(len(rows)) for rows in samples),
            players=players,
            labels=labels,
            places=places,
            parts=(outcomes,),
            evaluations_made=tuple(made),
            exhaustive=(False,) * len(samples),
            logits=gathering.logits,
            targets=gathering.targets(policy),
        )

    @classmethod
    def _of_coalitions(cls, gathering: Gathering, policy: TargetPolicy, settings: NeighbourhoodSettings) -> Self:
        """The untouched image, the hidden one, and the coalitions."""
        cut = {name: getattr(settings, name) for name in SegmentSettings.model_fields}
        asked = CoalitionSettings(samples=settings.num_samples, fill=settings.hide_color, **cut)
        found = gathering.get(ShapleyOutcomes, asked, policy)
        samples = []
        for design, players in zip(found.designs, found.players, strict=True):
            shown = np.empty((len(design) + 2, len(players)), np.bool_)
            shown[0], shown[1] = True, False
            shown[2:] = design.coalitions(range(len(design)))[:, players]
            samples.append(shown)
        return cls(
            samples=tuple(samples),
            importance=tuple(importance(design) for design in found.designs),
            players=found.players,
            labels=found.labels,
            places=tuple(np.arange(len(rows)) for rows in samples),
            parts=(found.hidden, found.outcomes),
            evaluations_made=tuple(len(rows) for rows in samples),
            exhaustive=tuple(design.exhaustive for design in found.designs),
            logits=found.logits,
            targets=found.targets,
        )

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """At most one pass per sample but for the untouched image; none more where kernel-shap has shared its own."""
        assert isinstance(settings, NeighbourhoodSettings)
        return (settings.num_samples // 2 * 2 if settings.design == "shared" else settings.num_samples) - 1

    def scores(self, output: Output = "probability") -> Iterator[NDArray[np.float64]]:
        """For each image, the scores of its samples, float64 ``[n]``.

        Where hiding parts changes only the last digits, which depend on the batch, all scores are made the same.

        Args:
            output: logit or probability.
        """
        precision = torch.finfo(torch.promote_types(self.logits.dtype, torch.float32)).eps
        full = score_of(self.logits, self.targets, output).cpu().numpy()
        parts = [part.scores(self.targets, output) for part in self.parts]
        for row, places in enumerate(self.places):
            scores = np.concatenate([full[row : row + 1], *(part[row].cpu().numpy() for part in parts)])[places]
            if np.ptp(scores) <= ROUNDING * precision * np.abs(scores).max():
                scores[:] = scores[0]
            yield scores


def draw(num_samples: int, superpixels: int, seed: int) -> NDArray[np.bool_]:
    """Samples as the lime package draws them: all superpixels first, then each shown with probability 1/2.

    Args:
        num_samples: how many; the first ones are the same whatever their number.
        superpixels: of the picture.
        seed: of numpy's `RandomState`, below 2^32.

    Returns:
        bool ``[n, m]``.
    """
    random = np.random.RandomState(seed)  # the stream that the lime package draws from
    rows = np.empty((num_samples, superpixels), np.bool_)
    size = max(1, DRAWN // max(superpixels, 1))
    for start in range(0, num_samples, size):
        part = rows[start : start + size]
        part[:] = random.randint(0, 2, part.shape, np.int64)  # narrower types are drawn from another stream
    rows[:1] = True
    return rows


def distinct(rows: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which rows differ from all before them, and which of those each row is like.

    Args:
        rows: bool ``[n, m]``.

    Returns:
        The places of first rows ``[k]``, ascending; and for each row ``[n]`` its number among them.
    """
    seen: dict[bytes, int] = {}
    firsts: list[int] = []
    numbers = np.empty(len(rows), np.intp)
    for place, row in enumerate(np.packbits(rows, axis=1)):
        number = seen.setdefault(row.tobytes(), len(seen))
        if number == len(firsts):
            firsts.append(place)
        numbers[place] = number
    return np.array(firsts, np.intp), numbers


def importance(design: Design) -> NDArray[np.float64]:
    """How much likelier samples are when lime draws them than they are in a design of coalitions.

    The coalitions of a size share what lime's law gives it, ``C(M, s) / 2^M``; a size of which there are none has no
    share. The untouched image weighs as much as in lime, where it is always one of the n samples; the others weigh
    n - 1 together.

    Args:
        design: the coalitions.

    Returns:
        float64 ``[n + 2]``: of the untouched image, of the hidden one, and of each coalition.
    """
    from scipy.special import gammaln

    total = design.players
    sizes = np.empty(len(design) + 1, np.int64)
    sizes[0] = 0
    sizes[1::2], sizes[2::2] = design.strata, total - design.strata
    counts = np.bincount(sizes, minlength=total + 1)[sizes]
    mass = np.exp(gammaln(total + 1) - gammaln(sizes + 1) - gammaln(total - sizes + 1) - total * np.log(2)) / counts
    return np.concatenate([[1.0], mass * (len(sizes) / mass.sum())])


def _count(gathering: Gathering, row: int, settings: NeighbourhoodSettings) -> int:
    """How many superpixels an image's picture has.

    Raises:
        ImageError: more than the samples can tell apart, with how many are needed.
    """
    superpixels = superpixels_of(gathering.batch, row, settings).count
    if settings.num_samples < (least := least_num_samples(superpixels, settings.design)):
        raise ImageError(
            f"{settings.num_samples} samples are too few for {superpixels} superpixels, which are unknown: set "
            f"num_samples to {least} or more, or ask for fewer superpixels"
        )
    return superpixels


def _seed(gathering: Gathering, row: int, settings: NeighbourhoodSettings) -> int:
    if settings.random_seed is not None:
        return settings.random_seed
    return seed_for(gathering.seed, gathering.batch.identities[row], "neighbourhood") % 2**32
