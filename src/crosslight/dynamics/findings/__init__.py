"""What a history says, in words with numbers, and no more than it says."""

from __future__ import annotations

from ..history import UNKNOWN, History
from ..selection import Epochs, select
from .base import Finding
from .classes import easiest_and_hardest
from .confused import most_confused
from .label_errors import Suspects, label_errors, suspects
from .settling import never_settled, stability
from .whole import whole

__all__ = ["Finding", "Suspects", "findings", "suspects"]


def findings(history: History, *, epochs: Epochs = None) -> tuple[Finding, ...]:
    """What a history says.

    Args:
        history: what was recorded.
        epochs: first and last number, both included; None for all.

    Returns:
        The most general first. What cannot be said, for want of labels, epochs or classes, is said not to be.

    Raises:
        InputError: no epoch lies in the range.
    """
    chosen = select(history, epochs=epochs)
    found = [*whole(chosen)]
    if not len(chosen.epochs) or not chosen.ids:
        return tuple(found)
    if bool((chosen.labels != UNKNOWN).any()):
        found += [*easiest_and_hardest(chosen), *most_confused(chosen)]
    found += [*stability(chosen), *never_settled(chosen), *label_errors(chosen)]
    return tuple(found)
