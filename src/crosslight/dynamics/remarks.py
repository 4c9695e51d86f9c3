"""What was odd in what was recorded: counted while it is recorded, told in sentences when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: ids that are named for each kind
NAMED = 3

#: what is said of each kind, for one image and for several
KINDS: Mapping[str, tuple[str, str]] = {
    "same": (
        "was recorded twice with the same prediction, as samplers do that pad batches; it counts once",
        "were recorded twice with the same prediction, as samplers do that pad batches; each counts once",
    ),
    "different": (
        "was recorded twice with different predictions; the first was kept",
        "were recorded twice with different predictions; the first was kept",
    ),
    "not-finite": (
        "had logits that are not finite numbers, and so no prediction",
        "had logits that are not finite numbers, and so no prediction",
    ),
    "label": (
        "came with another label than before; the first was kept",
        "came with another label than before; the first was kept",
    ),
    "late": ("was not in the epochs before", "were not in the epochs before"),
    "missing": ("was not recorded", "were not recorded"),
}


@dataclass(frozen=True)
class Remark:
    """One kind of oddity in one epoch.

    Attributes:
        kind: a key of `KINDS`.
        epoch: where it was seen.
        count: images concerned.
        ids: the first few of them.
    """

    kind: str
    epoch: int
    count: int
    ids: tuple[str, ...]


def remark(kind: str, epoch: int, ids: Sequence[str]) -> list[Remark]:
    """A list with one remark, or with none where there are no images."""
    return [Remark(kind, epoch, len(ids), tuple(ids[:NAMED]))] if len(ids) else []


def sentences(remarks: Iterable[Remark]) -> tuple[str, ...]:
    """One sentence for each kind, over all epochs it was seen in."""
    found = list(remarks)
    told = []
    for kind, (one, several) in KINDS.items():
        of_kind = [each for each in found if each.kind == kind]
        if not of_kind:
            continue
        most = max(each.count for each in of_kind)
        ids = list(dict.fromkeys(name for each in of_kind for name in each.ids))[:NAMED]
        counts = {each.count for each in of_kind}
        number = f"{most:,} image{'s' if most > 1 else ''}" if len(counts) == 1 else f"up to {most:,} images"
        named = (": " if most <= len(ids) and len(of_kind) == 1 else ", such as ") + ", ".join(map(repr, ids))
        words = one if most == 1 else several
        told.append(f"In {epochs_in_words([each.epoch for each in of_kind])}, {number} {words}{named}.")
    return tuple(told)


def epochs_in_words(epochs: Iterable[int]) -> str:
    """``epoch 3``, or ``epochs 3 to 7 and 9``: numbers that follow each other are put together."""
    numbers = sorted(set(epochs))
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    if len(parts) > 4:
        parts = [*parts[:3], f"{len(numbers) - sum(len(run) for run in runs[:3])} more"]
    words = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + f" and {parts[-1]}"
    return ("epoch " if len(numbers) == 1 else "epochs ") + words
