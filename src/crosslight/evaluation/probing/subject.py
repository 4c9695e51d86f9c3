"""Maps of one batch of images, together with the classifier that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ...evidence.outcomes import Output, Write, measure, score_of
from ...evidence.targets import Targets

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ...evidence import Gathering
    from ...methods.base import MethodSpec


@dataclass(frozen=True)
class Subject:
    """What a metric is given: usable maps of some images and the means to ask their classifier.

    Attributes:
        gathering: the classifier and the batch; passes through it are counted, and no larger than its batch size.
        maps: float64 ``[b, h, w]`` at the input's resolution, after the method's final step; signed where it is.
        native: float64 ``[b, y, x]``: the same at their own resolution.
        targets: the class that each map explains.
        seed: of the evaluation; noise also depends on the image's identity.
        method: the method that made the maps; None for baselines.
        settings: of the method.
        finish: name of the final step.
    """

    gathering: Gathering
    maps: Tensor
    native: Tensor
    targets: Targets
    seed: int = 0
    method: MethodSpec | None = None
    settings: BaseModel | None = None
    finish: str = "none"

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def inputs(self) -> Tensor:
        """Normalised inputs ``[b, c, h, w]``."""
        return self.gathering.inputs

    @property
    def identities(self) -> tuple[str, ...]:
        """Of the images, for seeds."""
        return self.gathering.batch.identities

    def scores(self, counts: Sequence[int], write: Write, output: Output = "probability") -> list[Tensor]:
        """What the classifier says of variants of each image about the class explained.

        Args:
            counts: for each image, how many variants.
            write: ``write(image, variants, out)`` writes those variants of an image into ``out [n, c, h, w]``, a part of
                one buffer that is used again and again; it holds what the last pass left there.
            output: logit or probability.

        Returns:
            float64 ``[n]`` for each image.
        """
        classes = [row[row >= 0].unique() for row in torch.stack([self.targets.classes, self.targets.against], dim=1)]
        with self.gathering.classifier.evaluating():
            found = measure(self.gathering, classes, [range(count) for count in counts], write)
        return found.scores(self.targets, output)

    def untouched(self, output: Output = "probability") -> Tensor:
        """The score of the untouched images, float64 ``[b]``; no pass where the logits are known."""
        return score_of(self.gathering.logits, self.targets, output)

    def with_maps(self, maps: Tensor, **changes: Any) -> Subject:
        """The same images and targets with other maps, such as a baseline's."""
        return replace(self, maps=maps, **changes)
