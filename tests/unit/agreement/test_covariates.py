"""Agreement on images against properties of the images."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from crosslight.agreement.covariates import complexity_of, covariates, image_agreement, image_properties
from crosslight.agreement.predictions import Predictions


def tensor(pairs: dict[tuple[int, int], list[float]], sets: int, images: int) -> np.ndarray:
    values = np.full((images, sets, sets), np.nan)
    values[:, range(sets), range(sets)] = 1
    for (i, j), row in pairs.items():
        values[:, i, j] = values[:, j, i] = row
    return values


def test_a_missing_pair_makes_no_image_agreed_upon() -> None:
    nan = float("nan")
    given = tensor({(0, 1): [0.9, 0.9, 0.9], (0, 2): [0.1, 0.1, nan], (1, 2): [0.2, 0.2, nan]}, 3, 3)
    assert image_agreement(given) == pytest.approx([0.4, 0.4, 0.4])
    assert np.isnan(image_agreement(np.full((2, 3, 3), np.nan))).all()


def test_correlation_is_spearmans_with_a_fair_test() -> None:
    random = np.random.default_rng(0)
    agreement = random.normal(size=60)
    agreement[3] = np.nan
    related = np.round(agreement + random.normal(size=60), 1)
    found = {
        c.name: c for c in covariates(agreement, {"related": related, "flat": np.ones(60), "few": agreement * np.nan})
    }
    known = np.isfinite(agreement)
    expected = spearmanr(agreement[known], related[known])
    assert found["related"].correlation == pytest.approx(expected.statistic)
    assert found["related"].low < expected.statistic < found["related"].high
    assert found["related"].p < 0.01
    assert (found["related"].images, found["few"].images) == (59, 0)
    assert np.isnan(found["flat"].correlation)
    odd = np.where(np.arange(60) < 2, 0.5, 1.0)
    assert np.isnan(covariates(agreement, {"odd": odd})[0].correlation)
    assert np.isnan(found["few"].p)
    again = {c.name: c for c in covariates(agreement, {"related": related})}
    assert again["related"] == found["related"]  # whatever else is asked for


def test_unrelated_properties_are_rarely_significant() -> None:
    random = np.random.default_rng(1)
    many = {str(i): random.normal(size=30) for i in range(100)}
    rejected = sum(c.p <= 0.05 for c in covariates(random.normal(size=30), many, resamples=199))
    assert rejected <= 12


def test_properties_of_predictions() -> None:
    top = np.array([[0, 1, -1], [0, 2, 2], [0, 1, 2]])
    confidence = np.where(top >= 0, [[0.9], [0.5], [0.7]], np.nan)
    right = np.where(top >= 0, [[1.0], [0.0], [1.0]], np.nan)
    found = image_properties(Predictions(("a", "b", "c"), ("x", "y", "z"), top, confidence, right, ("p", "q", "r")))
    assert found["confidence"] == pytest.approx([0.7, 0.7, 0.6])
    assert found["correctness"] == pytest.approx([2 / 3, 2 / 3, 0.5])
    assert found["same answer"] == pytest.approx([1, 1 / 3, 1])


def test_noise_is_complex_and_a_wall_is_not() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (256, 320, 3), np.uint8))
    wall = Image.new("RGB", (640, 512), "grey")
    smooth = Image.linear_gradient("L").convert("RGB")
    assert complexity_of(wall) < complexity_of(smooth) < complexity_of(noise)
    assert 0.8 < complexity_of(noise) < 1.2
    assert complexity_of(wall) < 0.01
