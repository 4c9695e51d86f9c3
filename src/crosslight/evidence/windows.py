"""Outcomes of hiding a window of the picture, one position after the other."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import torch
from pydantic import Field
from torch import Tensor

from ..core.geometry import Box
from .base import Evidence, EvidenceSettings
from .fills import make_fill
from .frames import coverage, frame, pixel_edges
from .masking import WholeFill
from .outcomes import Outcomes
from .targets import Targets

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier
    from .gathering import Gathering

#: coverage along an axis, in pixels, below which a window does not reach into an input
NOTHING = 1e-6


class WindowSettings(EvidenceSettings):
    """The windows that are hidden."""

    window: float = Field(
        0.2, ge=0.01, le=1, description="height and width of the hidden window, as shares of the picture's"
    )
    stride: float = Field(
        0.5, ge=0.02, le=1, description="step from one window to the next, as a share of the window; at 1 they tile"
    )
    fill: WholeFill = Field(
        "grey",
        description="what is seen in a hidden window: grey (published), mean, black, white, zero, blur, blur:SHARE "
        "or #rrggbb",
    )


@dataclass(frozen=True)
class WindowOutcomes(Evidence):
    """What the network says where a window is hidden.

    Windows are laid out over the picture, so all classifiers are asked about the same ones; an input sees those that
    reach into its crop. A pixel on the edge of a window is hidden in part, by the share of it that is covered.

    Attributes:
        rows: for each image float64 ``[m, h]``: which share of each row of pixels the windows of each height cover.
        columns: for each image float64 ``[n, w]``: the same along x. Window ``i * n + j`` is at height i and place j.
        outcomes: of the ``m * n`` windows that reach into each input.
        targets: the classes explained.
        logits: ``[b, k]`` of the untouched images.
    """

    rows: tuple[Tensor, ...]
    columns: tuple[Tensor, ...]
    outcomes: Outcomes
    targets: Targets
    logits: Tensor

    Settings = WindowSettings
    quick = MappingProxyType({"window": 0.3})
    gives_logits = False
    shared_by_targets = True

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward pass per window that reaches into the input."""
        assert isinstance(settings, WindowSettings)
        inputs, batch = gathering.inputs, gathering.batch
        size = (inputs.shape[-2], inputs.shape[-1])
        covers = [windows(frame(batch, row), batch.boxes[row], size, settings) for row in range(len(batch))]
        shares = [(rows.to(inputs), columns.to(inputs)) for rows, columns in covers]
        spans = [([_span(row) for row in rows], [_span(column) for column in columns]) for rows, columns in covers]
        fill = make_fill(inputs, None, settings.fill, gathering.classifier.preprocess)

        def hide(image: int, variants: range, out: Tensor) -> None:
            rows, columns = shares[image]
            out.copy_(inputs[image])
            for shown, variant in zip(out, variants, strict=True):
                i, j = divmod(variant, len(columns))
                y, x = spans[image][0][i], spans[image][1][j]  # nothing is done to the rest
                shown[:, y, x].lerp_(fill[image, :, y, x], rows[i, y, None] * columns[j, x])

        counts = [len(rows) * len(columns) for rows, columns in covers]
        outcomes = gathering.outcomes(settings, counts, hide, policy)
        rows, columns = zip(*covers, strict=True)
        return cls(rows, columns, outcomes, gathering.targets(policy), gathering.logits)

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One pass per window; fewer where the classifier's crop leaves some out."""
        assert isinstance(settings, WindowSettings)
        return len(starts(settings)) ** 2


def _span(shares: Tensor) -> slice:
    """From the first to the last pixel that a window covers any of."""
    covered = shares.nonzero()
    return slice(int(covered[0]), int(covered[-1]) + 1)


def starts(settings: WindowSettings) -> Tensor:
    """Where the windows begin along an axis, as shares of the picture: float64 ``[n]``, from 0.

    The last one is the first that reaches the picture's end, and may reach beyond it.
    """
    step = settings.window * settings.stride
    count = ceil((1 - settings.window) / step - 1e-9) + 1
    return torch.arange(count, dtype=torch.float64) * step


def windows(picture: Box, box: Box, size: tuple[int, int], settings: WindowSettings) -> tuple[Tensor, Tensor]:
    """What the windows cover of an input, along y and along x; those that cover nothing are left out.

    Args:
        picture: the whole of it.
        box: what the input covers.
        size: height and width of the input.
        settings: size and step of the windows.

    Returns:
        float64 ``[m, h]`` and ``[n, w]`` in [0, 1].
    """
    found = []
    spans = ((picture.top, picture.height), (picture.left, picture.width))
    for edges, (origin, length) in zip(pixel_edges(box, size), spans, strict=True):
        begin = starts(settings)
        end = (begin + settings.window).clamp(max=1)
        shares = coverage(edges, origin + length * begin, origin + length * end)
        found.append(shares[shares.sum(dim=1) > NOTHING])
    return found[0], found[1]
