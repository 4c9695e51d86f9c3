"""Twins, and units whose best images show several things."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.dissection import polysemy
from crosslight.dissection.polysemy import clusters_of, twins_of


@given(seed=st.integers(0, 20), block=st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_twins_are_those_that_correlate_most(seed: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    answers = rng.normal(size=(50, 8)).astype(np.float32)
    answers[:, 5] = 3 * answers[:, 1] + 0.1 * rng.normal(size=50) + 1000
    answers[:, 6] = answers[:, 1] + 0.3 * rng.normal(size=50)
    answers[:, 7] = 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polysemy, "_BLOCK", block)
        found = twins_of(answers, 0.9)
    correlation = np.corrcoef(answers[:, :7].T)
    np.fill_diagonal(correlation, -1)
    wanted = np.where(correlation.max(axis=1) >= 0.9, correlation.argmax(axis=1), -1)
    assert found.tolist() == [*wanted, -1]
    assert found[5] == 1


def test_the_least_correlation_has_bounds() -> None:
    with pytest.raises(InputError, match=r"\(0, 1\]"):
        twins_of(np.zeros((3, 2), np.float32), 1.5)


def test_units_of_several_meanings() -> None:
    rng = np.random.default_rng(0)
    topics = np.linalg.qr(rng.normal(size=(32, 32)))[0][:12]
    kind = rng.integers(0, 12, 600)
    images = (topics[kind] + 0.05 * rng.normal(size=(600, 32))).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    noise = 0.3 * rng.random((600, 4))
    answers = np.stack([kind == 0, (kind == 0) | (kind == 1), (kind >= 1) & (kind <= 3), kind >= 0], axis=1) + noise
    found = clusters_of(images, answers.astype(np.float32))
    assert found[:3].tolist() == [1, 2, 3]
    assert clusters_of(images[:30], answers[:30].astype(np.float32)).tolist() == [0] * 4
    order = rng.permutation(600)
    assert clusters_of(images[order], answers[order].astype(np.float32))[:3].tolist() == [1, 2, 3]
