"""A quick search: LIME with few samples on a few scenes, on the quickest of the embedded classifiers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crosslight.evaluation.tuning import Tuned, tune

QUICK = {"segmentation": "grid", "output": "logit"}


def search(out: Path, **options) -> Tuned:
    usual = {
        "models": "scenes/regnet",
        "images": "scenes",
        "budget": 5,
        "limit": 8,
        "settings": QUICK,
        "ranges": {"num_samples": (14, 30), "segments": (6, 12)},
        "choices": {"hide_color": ["grey", "black"]},
    }
    return tune("lime", out=out, **{**usual, **options})


@pytest.fixture
def quick() -> Callable[..., Tuned]:
    """The function that searches."""
    return search


@pytest.fixture
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """The defaults take too long for tests: a trial of them takes 40 samples of 9 superpixels."""
    from crosslight.evaluation.tuning.space import Space

    usual = Space.defaults

    def defaults(self):
        values, settings = usual(self)
        few = {"num_samples": 40, "segments": 9} if self.spec.name == "lime" else {}
        return {name: value for name, value in values.items() if name not in few}, {**settings, **few}

    monkeypatch.setattr(Space, "defaults", defaults)
