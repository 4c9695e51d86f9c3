"""One finding, and how its numbers are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.plain import Plain
from ...core.share import Share
from ..history import History

#: ids that a finding carries at most
LISTED = 100


@dataclass(frozen=True)
class Finding(Plain):
    """One result in words.

    Attributes:
        kind: what it is about: ``whole``, ``classes``, ``confused``, ``stable``, ``never-settled`` or ``label-errors``.
        head: a few words.
        text: one to four sentences with numbers.
        warns: whether it asks for a second look.
        images: ids concerned, the most striking first, `LISTED` at most.
        classes: numbers of the classes concerned.
        epochs: first and last number concerned, if it is not about all.
    """

    kind: str
    head: str
    text: str
    warns: bool = False
    images: tuple[str, ...] = ()
    classes: tuple[int, ...] = ()
    epochs: tuple[int, int] | None = None


def percent(value: float) -> str:
    """``12.3 %``."""
    return f"{100 * value:.1f} %"


def with_interval(share: Share) -> str:
    """``12.3 % (95 % interval 10.1 to 14.9 %)``; Wilson's, as if the images were drawn independently."""
    low, high = share.interval
    return f"{percent(share.value)} (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"


def named(history: History, *classes: int) -> str:
    """Classes as people call them: ``cat and dog``."""
    return listed([history.classes[number] for number in classes])


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def plural(count: int, noun: str) -> str:
    """``1 image``, ``2,000 images``."""
    return f"{count:,} {noun}{'' if count == 1 else 'es' if noun.endswith('s') else 's'}"


def apart(one: Share, other: Share) -> bool:
    """Whether the intervals of two shares do not touch, which is a cautious sign that the shares differ."""
    (low, high), (other_low, other_high) = one.interval, other.interval
    return low > other_high or other_low > high
