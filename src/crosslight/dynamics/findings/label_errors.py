"""Images whose label may be wrong: a classifier that learned their class keeps saying another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.share import Share
from ..history import MISSING, UNKNOWN, History
from ..measures import measure_one
from .base import LISTED, Finding, plural, with_interval

#: the fewest epochs, and images of a class, of which the rule says anything
EPOCHS, IMAGES = 4, 8
#: how often in the second half of the run the same other class is said
SAME = 0.8
#: how often, there, images of the labelled class are right
LEARNED = 0.5


@dataclass(frozen=True)
class Suspects:
    """Images whose label may be wrong.

    Attributes:
        places: columns, the most suspect first.
        said: the class that is said instead, for each.
        judged: how many images the rule could judge.
        rule: in words.
    """

    places: NDArray[np.int64]
    said: NDArray[np.int64]
    judged: int
    rule: str


def suspects(history: History) -> Suspects:
    """Images whose label may be wrong, by a rule that is stated with them.

    An image is suspect where all of this holds:

    * in the second half of the epochs the same other class is predicted in at least `SAME` of its predictions;
    * its class was learned: in that half at least `LEARNED` of the predictions of its images are right;
    * its area under the margin is negative and lies below the lower fence of its class, that is more than 1.5
      interquartile ranges below the lower quartile. Without margins: its confidence is below one over the number of
      classes; without probabilities either: it was never predicted right.

    Classes with fewer than `IMAGES` images and runs of fewer than `EPOCHS` epochs are not judged.

    Source:
        The ranking is that of Pleiss et al. 2020, arXiv:2001.10528. Deviation: their threshold needs a class of images
        with wrong labels made on purpose; here it is the fence of Tukey, Exploratory data analysis, 1977.
    """
    labels = history.labels
    classes = len(history.classes)
    enough = np.bincount(labels[labels != UNKNOWN], minlength=classes) >= IMAGES
    judged = (labels != UNKNOWN) & enough[np.maximum(labels, 0)]
    late = history.predictions[len(history.epochs) // 2 :]
    there = late != MISSING
    said = there.sum(axis=0)
    judged &= said > 0
    low, score, rule = _low(history, judged)
    nothing = np.empty(0, np.int64)
    if len(history.epochs) < EPOCHS or classes < 2 or not judged.any():
        return Suspects(nothing, nothing, 0 if len(history.epochs) < EPOCHS else int(judged.sum()), rule)
    right = (late == labels) & there
    learned = np.zeros(classes, bool)
    for number in np.unique(labels[judged]).tolist():
        own = labels == number
        learned[number] = right[:, own].sum() >= LEARNED * there[:, own].sum()
    candidates = np.flatnonzero(judged & low & learned[np.maximum(labels, 0)])
    kept, instead = [], []
    for at in candidates.tolist():
        spoken = np.bincount(late[there[:, at], at], minlength=classes)
        most = int(spoken.argmax())
        if most != labels[at] and spoken[most] >= SAME * said[at]:
            kept.append(at)
            instead.append(most)
    order = np.lexsort((np.array(kept), score[kept])) if kept else nothing
    return Suspects(np.array(kept, np.int64)[order], np.array(instead, np.int64)[order], int(judged.sum()), rule)


def _low(history: History, judged: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.float64], str]:
    """Which images were learned badly, by what they are ordered, and the rule in words."""
    if history.margin is not None:
        score = measure_one("aum", history)
        low = score < 0
        for number in np.unique(history.labels[judged]).tolist():
            own = judged & (history.labels == number) & np.isfinite(score)
            if own.any():
                lower, upper = np.quantile(score[own], [0.25, 0.75])
                low &= ~own | (score < lower - 1.5 * (upper - lower))
        rule = (
            "a negative area under the margin, more than 1.5 interquartile ranges below the lower quartile of its class"
        )
        return low, score, rule
    if history.probability is not None:
        score = measure_one("confidence", history)
        return score < 1 / len(history.classes), score, "a mean confidence in its label below one over the classes"
    score = measure_one("correctness", history)
    return score == 0, score, "no right prediction at any epoch"


def label_errors(history: History) -> Iterator[Finding]:
    """Images whose label may be wrong, with the rule by which they were found."""
    if not (history.labels != UNKNOWN).any() or len(history.classes) < 2:
        return
    found = suspects(history)
    if len(history.epochs) < EPOCHS:
        text = f"Labels are not judged from {plural(len(history.epochs), 'epoch')}: the rule needs {EPOCHS}."
        yield Finding("label-errors", "Labels not judged", text)
        return
    if not found.judged:
        text = f"Labels are not judged: no class has {IMAGES} images with predictions."
        yield Finding("label-errors", "Labels not judged", text)
        return
    rule = f"{found.rule}, and the same other class in {100 * SAME:.0f} % or more of the second half of the epochs, "
    rule += f"although at least {100 * LEARNED:.0f} % of the predictions of its class are right there"
    if not len(found.places):
        text = f"None of {plural(found.judged, 'image')} meets the rule: {rule}."
        yield Finding("label-errors", "No label stands out", text)
        return
    share = Share(len(found.places), found.judged)
    first = int(found.places[0])
    name = history.classes
    text = (
        f"{plural(share.right, 'image')}, {with_interval(share)}, should be looked at. The rule: {rule}. First: "
        f"{history.ids[first]}, labelled {name[history.labels[first]]} and taken for {name[int(found.said[0])]}. "
        "The rule cannot tell a wrong label from a picture that is hard."
    )
    ids = tuple(history.ids[at] for at in found.places[:LISTED].tolist())
    yield Finding("label-errors", f"{plural(share.right, 'label')} to check", text, warns=True, images=ids)
