"""From when on predictions are stable, and which never settle."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...core.share import Share
from ..history import History
from ..measures import measure_one
from ..stability import STABLE, STABLE_STEPS, changing_share, elbow, stable_from
from .base import LISTED, Finding, percent, plural, with_interval

#: images that change within this last share of the steps, or at the last one, have not settled
END = 0.1


def stability(history: History) -> Iterator[Finding]:
    """The epoch after which at most one in a hundred predictions changes; else where the curve bends."""
    if len(history.epochs) < 2:
        return
    shares, epochs = changing_share(history), history.epochs.tolist()
    if not np.isfinite(shares).any():
        text = "No image has predictions at two epochs, so how they change cannot be said."
        yield Finding("stable", "No steps", text, warns=True)
        return
    place = stable_from(shares)
    limit = f"{100 * STABLE:.0f} %"
    if place is not None:
        text = f"After epoch {epochs[place]} no step changes more than {limit} of the predictions"
        text += f"; {plural(len(shares) - place, 'step')} of the run follow."
        yield Finding("stable", f"Stable after epoch {epochs[place]}", text, epochs=(epochs[place], epochs[-1]))
        return
    known = shares[np.isfinite(shares)]
    text = f"The last step changes {percent(known[-1])} of the predictions. They are called stable after an epoch that "
    text += f"is followed by {STABLE_STEPS} steps or more, none of which changes more than {limit}; there is none."
    bend = elbow(shares)
    if bend is None:
        yield Finding("stable", "Not stable yet", text, warns=True)
        return
    text += f" Changes fall from {percent(shares[0])} at the first step and level off at epoch {epochs[bend]}, "
    text += f"{percent(shares[bend - 1])}, where the curve lies furthest below the line between its ends."
    yield Finding("stable", f"Not stable; levels off at epoch {epochs[bend]}", text, epochs=(epochs[bend], epochs[-1]))


def never_settled(history: History) -> Iterator[Finding]:
    """Images whose prediction still changes within the last tenth of the steps."""
    number = len(history.epochs)
    if number < 2:
        return
    last = max(1, round(END * (number - 1)))
    since = measure_one("settled", history)
    frequency = measure_one("frequency", history)
    judged = np.isfinite(frequency)
    if not judged.any():
        return
    late = int(history.epochs[-last])
    restless = judged & ~(since < late)
    share = Share(int(restless.sum()), int(judged.sum()))
    steps = "the last step" if last == 1 else f"the last {last} steps"
    if not restless.any():
        yield Finding(
            "never-settled", "Every image settled", f"No prediction changes at {steps}, from epoch {late} on."
        )
        return
    order = sorted(np.flatnonzero(restless).tolist(), key=lambda at: (-frequency[at], at))
    ids = tuple(history.ids[at] for at in order[:LISTED])
    text = f"{plural(share.right, 'image')}, {with_interval(share)}, changed at {steps}, from epoch {late} on."
    text += f" The most restless, {ids[0]}, changed at {percent(frequency[order[0]])} of its steps."
    yield Finding("never-settled", f"{plural(share.right, 'image')} never settled", text, images=ids)
