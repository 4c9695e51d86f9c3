"""Agreements to draw, and what every figure must hold to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from crosslight.agreement import Agreement, aggregate, cosine


def make_agreement(sets: int = 5, images: int = 24, seed: int = 0, **options: object) -> Agreement:
    """Two groups of sets, alike within: the first half shares one pattern, the second another."""
    rng = np.random.default_rng(seed)
    shared = rng.random((2, images, 9))
    values = np.stack([shared[i * 2 // sets] + 0.3 * rng.random((images, 9)) for i in range(sets)])
    labels = options.pop("labels", None) or [f"model-{i}" for i in range(sets)]
    floor = options.pop("floor", np.full((sets, sets), 0.61))
    return aggregate(cosine(values), labels, floor=floor, label="Grad-CAM", resamples=50, **options)


def words_of(figure: Figure) -> list[str]:
    """All that is written in a figure."""
    inside = [text.get_text() for axes in figure.axes for text in axes.texts]
    return [text for text in inside + [text.get_text() for text in figure.texts] if text]


def stays_on_the_page(figure: Figure) -> None:
    """No text may be cut off."""
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    renderer = figure.canvas.get_renderer()
    shown = [*figure.texts]
    for axes in figure.axes:
        shown += axes.texts
        if not axes.axison:
            continue
        for axis, bounds in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
            ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            shown += [label for place, label in ticks if bounds[0] <= place <= bounds[1]]
    for text in shown:
        if text.get_text() and text.get_visible():
            box = text.get_window_extent(renderer)
            assert min(box.x0, box.y0) >= -1, text
            assert box.x1 <= width + 1, text
            assert box.y1 <= height + 1, text


@pytest.fixture
def agreement() -> Callable[..., Agreement]:
    """A function that makes agreements."""
    return make_agreement


@pytest.fixture
def words() -> Callable[[Figure], list[str]]:
    """A function that reads a figure."""
    return words_of


@pytest.fixture
def on_the_page() -> Callable[[Figure], None]:
    """A function that fails where text is cut off."""
    return stays_on_the_page
