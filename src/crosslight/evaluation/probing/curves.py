"""How the output falls as pixels are removed in the order of a map, or rises as they are revealed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...evidence.outcomes import Output
from .filling import fillings
from .ranking import ranks
from .subject import Subject


def curves(
    subject: Subject, counts: Sequence[int], fill: str, *, reveal: bool = False, output: Output = "probability"
) -> Tensor:
    """The output with the highest pixels of each map removed, or with nothing but them.

    A pixel is removed in all channels at once. The two ends, which do not depend on the map, are measured once for each
    image and shared by all of its maps; the untouched image is not run again.

    Args:
        subject: the maps.
        counts: how many of the highest pixels, from 0 to all, in any order.
        fill: what stands where pixels are removed, see `filling.fillings`.
        reveal: show the highest pixels and nothing else, rather than everything else.
        output: logit or probability of the class explained.

    Returns:
        float64 ``[b, count]``, NaN for images without a class.
    """
    pixels = subject.maps.shape[1] * subject.maps.shape[2]
    hidden = fillings(subject, fill)
    inner = [count for count in counts if 0 < count < pixels]
    found = _between(subject, inner, hidden, reveal, output)
    wanted = {0 < count < pixels: count for count in counts}
    if False in wanted:
        whole, nothing = subject.untouched(output).cpu(), _nothing(subject, fill, hidden, output)
        ends = (nothing, whole) if reveal else (whole, nothing)
    values = iter(found.unbind(1))
    columns = [next(values) if 0 < count < pixels else ends[0 if count <= 0 else 1] for count in counts]
    known = subject.targets.valid.cpu()[:, None]
    return torch.where(known, torch.stack(columns, dim=1), torch.nan)


def area(values: Tensor, places: Sequence[int]) -> Tensor:
    """Mean height of curves, by the trapezoidal rule.

    Args:
        values: ``[b, n]``.
        places: where along the curve they are, ascending; the width is taken out, so that the unit does not matter.

    Returns:
        ``[b]``; a curve of one point is as high as that point.
    """
    if len(places) == 1:
        return values[:, 0]
    where = torch.tensor(places, dtype=values.dtype)
    return torch.trapezoid(values, where, dim=1) / (where[-1] - where[0])


def evenly(pixels: int, steps: int) -> list[int]:
    """Numbers of pixels from none to all in equal steps, as nearly as whole pixels allow; each number once."""
    return sorted({round(pixels * step / steps) for step in range(steps + 1)})


def _between(subject: Subject, counts: Sequence[int], hidden: list[Tensor], reveal: bool, output: Output) -> Tensor:
    if not counts:
        return torch.empty(len(subject), 0, dtype=torch.float64)
    inputs = subject.inputs
    places = ranks(subject.maps, subject.identities, subject.seed).to(inputs.device)
    numbers = torch.tensor(counts, dtype=torch.int32, device=inputs.device)[:, None, None, None]

    def write(row: int, variants: range, out: Tensor) -> None:
        top, rest = (inputs[row], hidden[row]) if reveal else (hidden[row], inputs[row])
        # Interpolating by 0 or 1, which is exact, takes a quarter of the time that choosing by truth values does.
        highest = (places[row] < numbers[variants.start : variants.stop]).to(out.dtype)
        torch.lerp(rest, top, highest, out=out)

    return torch.stack(subject.scores([len(counts)] * len(subject), write, output)).cpu()


def _nothing(subject: Subject, fill: str, hidden: list[Tensor], output: Output) -> Tensor:
    """The output with every pixel removed, measured once for each image and class."""
    targets = zip(subject.targets.classes.tolist(), subject.targets.against.tolist(), strict=True)
    keys = [
        ("nothing left", fill, output, identity, *target)
        for identity, target in zip(subject.identities, targets, strict=True)
    ]
    missing = {key: row for row, key in enumerate(keys) if key not in subject.memory}
    if missing:
        rows = set(missing.values())

        def write(row: int, variants: range, out: Tensor) -> None:
            out.copy_(hidden[row].expand_as(out))

        scores = subject.scores([int(row in rows) for row in range(len(subject))], write, output)
        subject.memory.update({key: float(scores[row][0]) for key, row in missing.items()})
    return torch.tensor([subject.memory[key] for key in keys], dtype=torch.float64)
