"""The images on which models disagree most and agree most, in words; the page draws their maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...agreement.analysis import MethodAnalysis
from ...agreement.disagreement import Disagreement
from ..contents import Contents
from ..words import number

LEAST, MOST = 6, 3


@dataclass(frozen=True)
class Scene:
    """One image with the maps of all models.

    Attributes:
        row: of the image in the page's data.
        name: file name.
        label: what it shows, empty where nobody knows.
        mean: mean similarity over pairs.
        text: which pair differs most, which model stands alone, and what is predicted.
        apart: the models that `text` names, by their number among the page's models.
        agreed: whether it is one of the images that models agree on.
    """

    row: int
    name: str
    label: str
    mean: str
    text: str
    apart: tuple[int, ...]
    agreed: bool


def scenes(method: MethodAnalysis, contents: Contents) -> tuple[Scene, ...]:
    """The `LEAST` images on which models disagree most, and the `MOST` on which they agree most, none twice.

    Args:
        method: with its images ranked.
        contents: knows the images by number.
    """
    ranked = method.disagreement
    least = min(LEAST, (len(ranked) + 1) // 2)
    most = min(MOST, len(ranked) - least)
    return (
        *_scenes(ranked[:least], contents, len(method.main.sets), False),
        *_scenes(ranked[len(ranked) - most :][::-1], contents, len(method.main.sets), True),
    )


def _scenes(found: Sequence[Disagreement], contents: Contents, models: int, agreed: bool) -> Iterator[Scene]:
    rows = {image.identity: row for row, image in enumerate(contents.images)}
    numbers = {model.label: at for at, model in enumerate(contents.models)}
    for one in found:
        if one.image not in rows:
            continue
        image = contents.images[rows[one.image]]
        apart = {*one.lowest, one.loner} if models > 2 and not agreed else set()
        yield Scene(
            rows[one.image],
            image.name,
            "" if image.label is None else str(image.label),
            number(one.mean),
            _text(one, models, agreed),
            tuple(sorted(numbers[label] for label in apart if label in numbers)),
            agreed,
        )


def _text(one: Disagreement, models: int, agreed: bool) -> str:
    parts = []
    if models > 2 and agreed:
        parts.append(f"Even {one.lowest[0]} and {one.lowest[1]}, the least alike, have {number(one.value)}.")
    elif models > 2:
        parts.append(f"Least alike: {one.lowest[0]} and {one.lowest[1]} ({number(one.value)}).")
        if one.usual > 0:
            parts.append(f"{one.loner} stands alone: {number(one.usual)} less alike to the others than usual.")
    if one.same is not None:
        parts.append("All predict one class." if one.same else "Predictions differ.")
    return " ".join(parts)
