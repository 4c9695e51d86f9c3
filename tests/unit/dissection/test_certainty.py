"""Halves, the area under the curve, and its test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from crosslight.core.errors import InputError
from crosslight.dissection.certainty import (
    concept_images,
    cross_tested,
    detection,
    enough_images,
    halves,
    untested,
)


@given(st.sets(st.text(min_size=1, max_size=5), min_size=2, max_size=30), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_halves_depend_on_what_images_are(identities: set[str], seed: int) -> None:
    given_ = sorted(identities)
    first, second = halves(given_, seed)
    assert len(first) - len(second) in (0, 1)
    assert sorted([*first, *second]) == list(range(len(given_)))
    turned, _ = halves(given_[::-1], seed)
    assert {given_[::-1][row] for row in turned} == {given_[row] for row in first}


def test_detection_is_the_test_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(0)
    alike = rng.normal(size=(300, 3))
    answers = np.round(alike + rng.normal(size=(300, 3)), 1).astype(np.float32)
    auc, p = detection(answers, alike)
    for unit in range(3):
        shown = np.argsort(-alike[:, unit])[: concept_images(300)]
        others = np.setdiff1d(np.arange(300), shown)
        wanted = mannwhitneyu(answers[shown, unit], answers[others, unit], alternative="greater", method="asymptotic")
        assert p[unit] == pytest.approx(wanted.pvalue)
        wins = (answers[shown, unit][:, None] > answers[others, unit]).mean()
        assert auc[unit] == pytest.approx(
            wins + 0.5 * (answers[shown, unit][:, None] == answers[others, unit]).mean(), abs=1e-9
        )


def test_concepts_have_images_enough() -> None:
    assert [concept_images(count) for count in (20, 200, 1000)] == [10, 10, 50]
    assert [enough_images(count) for count in (19, 20)] == [False, True]
    auc, p = detection(np.ones((19, 2)), np.ones((19, 2)))
    assert np.isnan([auc, p]).all()
    assert not untested(2).possible
    with pytest.raises(InputError, match="both"):
        detection(np.ones((30, 2)), np.ones((30, 3)))


def test_a_label_is_tested_where_it_was_not_chosen() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(200, 4)).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    concepts = np.eye(4, dtype=np.float32)
    answers = np.repeat(images[:, :1], 4, axis=1)
    answers[100:, 1] = rng.normal(size=100)  # on the second half this unit answers to nothing
    split = (np.arange(100), np.arange(100, 200))
    label = np.zeros(4, np.int32)
    first, second = np.array([0, 0, 0, 3], np.int32), np.array([0, 1, 1, 3], np.int32)
    found = cross_tested(label, (first, second), split, answers, images, concepts)
    assert found.p[0] < 1e-6  # both halves agree
    assert found.auc[0] == pytest.approx(1)
    assert found.p[1] > 0.05  # chosen on the first half, tested on the second
    assert found.p[2] < 1e-6  # the first half alone chose it, and the second tells
    assert found.p[3] == 1  # neither half chose it
    assert np.isnan(found.auc[3])
    assert found.p[2] == pytest.approx(2 * detection(answers[100:, 2:3], images[100:, :1])[1][0])


def test_the_p_of_noise_is_not_too_small() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(120, 6)).astype(np.float32)
    answers = rng.normal(size=(120, 1500)).astype(np.float32)
    label = rng.integers(0, 6, 1500).astype(np.int32)
    split = (np.arange(60), np.arange(60, 120))
    found = cross_tested(label, (label, label), split, answers, images, np.eye(6, dtype=np.float32))
    assert 0.02 < (found.p <= 0.05).mean() < 0.07
