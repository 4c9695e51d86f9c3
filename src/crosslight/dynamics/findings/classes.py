"""Which class is easiest, and which hardest."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.share import Share
from ..history import History
from ..summary import summary
from .base import Finding, apart, listed, with_interval


def easiest_and_hardest(history: History) -> Iterator[Finding]:
    """The classes with the highest and the lowest accuracy at the last epoch, and whether their intervals touch."""
    groups = summary(history).classes
    shares = {at: Share(one.right, one.predicted) for at, one in enumerate(groups) if one.predicted}
    if len(shares) < 2:
        text = "Labelled images of fewer than two classes are recorded, so no class is easier than another."
        yield Finding("classes", "One class", text)
        return
    ordered = sorted(shares, key=lambda at: (-shares[at].value, at))
    best = [at for at in ordered if shares[at].value == shares[ordered[0]].value]
    worst = [at for at in ordered if shares[at].value == shares[ordered[-1]].value]
    if len(best) == len(ordered):
        text = f"Every class is predicted right equally often at the last epoch: {with_interval(shares[best[0]])}."
        yield Finding("classes", "No class is easier", text)
        return
    name = history.classes
    when = f"At epoch {history.epochs[-1]}"
    easy = f"{listed([name[at] for at in best[:5]])} {'is' if len(best) == 1 else 'are'} predicted right most often"
    hard = f"{listed([name[at] for at in worst[:5]])} least often"
    text = f"{when} {easy}, {with_interval(shares[best[0]])}, and {hard}, {with_interval(shares[worst[-1]])}."
    if not apart(shares[best[0]], shares[worst[-1]]):
        text += " The intervals overlap: with so few images the order may be chance."
    yield Finding("classes", "Easiest and hardest class", text, classes=(*best[:5], *worst[:5]))
