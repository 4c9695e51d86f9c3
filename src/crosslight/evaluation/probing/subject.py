"""Maps of one batch of images, together with the classifier that they are of."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ...evidence.chunks import chunks
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
        memory: what was measured of these images whatever the map, such as how they score with nothing left of them;
            shared by all subjects of the same images and classifier. Keys begin with what it is.
    """

    gathering: Gathering
    maps: Tensor
    native: Tensor
    targets: Targets
    seed: int = 0
    method: MethodSpec | None = None
    settings: BaseModel | None = None
    finish: str = "none"
    memory: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

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
            write: ``write(image, variants, out)`` writes variants of an image into ``out [n, c, h, w]``, a part of
                one buffer that is used again and again; it holds what the last pass left there.
            output: logit or probability.

        Returns:
            float64 ``[n]`` for each image.
        """
        classes = [row[row >= 0].unique() for row in torch.stack([self.targets.classes, self.targets.against], dim=1)]
        with self.gathering.classifier.evaluating():
            found = measure(self.gathering, classes, [range(count) for count in counts], write)
        return found.scores(self.targets, output)

    def kept(self, counts: Sequence[int], write: Write) -> list[Tensor]:
        """Whether variants of each image are still of the class explained: it has the highest logit.

        Args:
            counts: as for `scores`.
            write: as for `scores`.

        Returns:
            float64 ``[n]`` for each image: 1 where it is, else 0.
        """
        inputs, size = self.inputs, self.gathering.batch_size
        found = [torch.zeros(count, dtype=torch.float64) for count in counts]
        buffer = inputs.new_empty((min(size, sum(counts)), *inputs.shape[1:]))
        with self.gathering.classifier.evaluating(), torch.no_grad():
            for batch in chunks([range(count) for count in counts], size):
                for piece in batch:
                    write(piece.image, piece.variants, buffer[piece.rows])
                first = self.gathering.forward(buffer[: batch[-1].rows.stop]).argmax(dim=1).cpu()
                for piece in batch:
                    wanted = self.targets.classes[piece.image].cpu()
                    found[piece.image][piece.variants.start : piece.variants.stop] = (
                        first[piece.rows] == wanted
                    ).double()
        return found

    def untouched(self, output: Output = "probability") -> Tensor:
        """The score of the untouched images, float64 ``[b]``; no pass where the logits are known."""
        return score_of(self.gathering.logits, self.targets, output)

    def with_maps(self, maps: Tensor, **changes: Any) -> Subject:
        """The same images and targets with other maps, such as a baseline's."""
        return replace(self, maps=maps, **changes)


@dataclass(frozen=True)
class MapsOfAll:
    """What a metric is given that compares the maps of all images with each other.

    Attributes:
        maps: float64 ``[n, y, x]``: usable maps of one method on one classifier at their own resolution, after its
            final step.
        predicted: int64 ``[n]``: the class that the classifier predicts for each image.
        identities: of the images.
        seed: of the evaluation.
    """

    maps: Tensor
    predicted: Tensor
    identities: tuple[str, ...]
    seed: int = 0
