"""What a network says of variants of its images, kept for the classes that are explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from ..core.devices import to_float64
from .chunks import chunks
from .targets import Targets

if TYPE_CHECKING:
    from .gathering import Gathering

#: what a masked image is scored by: the explained logit, or its probability
Output = Literal["logit", "probability"]

#: ``write(image, variants, out)`` writes those variants of that image into ``out [len, c, h, w]``
Write = Callable[[int, range, Tensor], None]


@dataclass(frozen=True)
class Outcomes:
    """Logits of n variants of each image; n may differ between images.

    Attributes:
        classes: for each image ``[u]``: whose logits were kept.
        logits: for each image ``[n, u]``.
        normalisers: for each image ``[n]``: the logarithm of the sum of the exponentials of all logits.
    """

    classes: tuple[Tensor, ...]
    logits: tuple[Tensor, ...]
    normalisers: tuple[Tensor, ...]

    def counts(self) -> list[int]:
        """How many variants of each image there are."""
        return [len(logits) for logits in self.logits]

    def take(self, rows: Sequence[int]) -> Outcomes:
        """Those of some of the images."""
        return Outcomes(
            tuple(self.classes[row] for row in rows),
            tuple(self.logits[row] for row in rows),
            tuple(self.normalisers[row] for row in rows),
        )

    def has(self, classes: Sequence[Tensor]) -> bool:
        """Whether the logits of these classes were kept, for each image."""
        return all(bool(torch.isin(want, own).all()) for want, own in zip(classes, self.classes, strict=True))

    def scores(self, targets: Targets, output: Output = "logit") -> list[Tensor]:
        """The explained score of every variant.

        Args:
            targets: the classes explained, and opposed in a contrast.
            output: logit, or probability (softmax; sigmoid of a multi-label classifier); of a contrast, the
                difference of the two.

        Returns:
            float64 ``[n]`` for each image; 0 where there is no target.
        """
        found = []
        for image, (logits, normaliser) in enumerate(zip(self.logits, self.normalisers, strict=True)):
            values = to_float64(logits)
            if output == "probability":
                shares = (values - to_float64(normaliser)[:, None]).exp()
                values = values.sigmoid() if targets.multi_label else shares
            own = self.classes[image].to(values.device)
            target, against = int(targets.classes[image]), int(targets.against[image])
            score = values.new_zeros(len(values))
            if target >= 0:
                score = values[:, own == target][:, 0]
                if against >= 0:
                    score = score - values[:, own == against][:, 0]
            found.append(score)
        return found


#: ``run(classes, wanted)`` measures those variants of each image and keeps the logits of those classes
Run = Callable[[Sequence[Tensor], Sequence[range]], Outcomes]


def blank(inputs: Tensor, classes: Sequence[Tensor], wanted: Sequence[range]) -> Outcomes:
    """Outcomes to be written into: 0 for now, of at least single precision and on the device of `inputs`.

    Args:
        inputs: any tensor.
        classes: for each image, whose logits to keep ``[u]``.
        wanted: for each image, which variants.
    """
    dtype = torch.promote_types(inputs.dtype, torch.float32)
    logits = [inputs.new_zeros((len(part), len(own)), dtype=dtype) for part, own in zip(wanted, classes, strict=True)]
    return Outcomes(tuple(classes), tuple(logits), tuple(values.new_zeros(len(values)) for values in logits))


def measure(gathering: Gathering, classes: Sequence[Tensor], wanted: Sequence[range], write: Write) -> Outcomes:
    """Run the network on variants of each image, in batches across images and in one buffer.

    Args:
        gathering: what to measure on.
        classes: for each image, whose logits to keep ``[u]``; an image of which none is wanted is not run.
        wanted: for each image, which variants.
        write: makes them.
    """
    inputs, found = gathering.inputs, blank(gathering.inputs, classes, wanted)
    asked = [part if len(own) else range(0) for part, own in zip(wanted, classes, strict=True)]
    buffer = inputs.new_empty((min(gathering.batch_size, sum(map(len, asked))), *inputs.shape[1:]))
    with torch.no_grad():
        for batch in chunks(asked, gathering.batch_size):
            filled = buffer[: batch[-1].rows.stop]
            with torch.autocast(inputs.device.type, enabled=False):  # whatever the network's precision is
                for piece in batch:
                    write(piece.image, piece.variants, filled[piece.rows])
            said = gathering.forward(filled).to(found.logits[0].dtype)
            total = said.logsumexp(dim=1)
            for piece in batch:
                first = piece.variants.start - wanted[piece.image].start
                rows = slice(first, first + len(piece.variants))
                found.logits[piece.image][rows] = said[piece.rows][:, classes[piece.image]]
                found.normalisers[piece.image][rows] = total[piece.rows]
    return found


def score_of(logits: Tensor, targets: Targets, output: Output = "logit") -> Tensor:
    """The explained score of whole rows of logits, such as those of the untouched images.

    Args:
        logits: ``[b, k]``.
        targets: the classes explained, and opposed in a contrast.
        output: as in `Outcomes.scores`.

    Returns:
        float64 ``[b]``; 0 where there is no target.
    """
    values = to_float64(logits)
    if output == "probability":
        values = values.sigmoid() if targets.multi_label else values.softmax(dim=1)
    return targets.to(values.device).score(values)


def joined(first: Outcomes, then: Outcomes) -> Outcomes:
    """The variants of both, of the same images and classes."""
    return Outcomes(
        first.classes,
        tuple(torch.cat(pair) for pair in zip(first.logits, then.logits, strict=True)),
        tuple(torch.cat(pair) for pair in zip(first.normalisers, then.normalisers, strict=True)),
    )
