"""Layers of a few units, and features that nothing is known of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from crosslight.dissection.records import TOP, UnitLayer

ROOT = Path(__file__).resolve().parents[4]


def layer_of(activations: np.ndarray) -> UnitLayer:
    """A layer of which only the pooled activations matter."""
    answers = np.asarray(activations, np.float32)
    units = answers.shape[1]
    return UnitLayer(
        "layer",
        1.0,
        (1, 1),
        answers,
        np.zeros(units, np.float32),
        np.zeros((units, TOP), np.int32),
        np.zeros((units, TOP, 1, 1), np.float16),
        np.nanmax(answers, axis=0) == np.nanmin(answers, axis=0),
    )


@pytest.fixture(scope="session", name="layer_of")
def _layer_of() -> Callable[[np.ndarray], UnitLayer]:
    return layer_of


@pytest.fixture(scope="session")
def world() -> Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Makes features of images and concepts, and activations of units that each answer to one concept."""

    def make(
        images: int = 120, units: int = 7, concepts: int = 30, seed: int = 0, relu: bool = True
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        texts = rng.normal(size=(concepts, 16)) + 0.7
        pictures = rng.normal(size=(images, 16)) + texts[rng.integers(0, concepts, images)]
        answers = pictures @ texts[:units].T / 16 + 0.3 * rng.normal(size=(images, units))
        answers = np.maximum(answers - answers.mean(), 0) if relu else answers
        return pictures, texts, answers.astype(np.float32)

    return make


@pytest.fixture(scope="session")
def names() -> Callable[[int], list[str]]:
    return lambda count: [f"concept {number}" for number in range(count)]


@pytest.fixture(scope="session")
def reference() -> Iterator[object]:
    """The straightforward scores of the benchmarks."""
    if not (ROOT / "benchmarks").is_dir():
        pytest.skip("this is not a checkout: no benchmarks are here")
    sys.path.insert(0, str(ROOT))
    from benchmarks import words_reference

    yield words_reference
    sys.path.remove(str(ROOT))
