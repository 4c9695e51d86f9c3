"""The task cannot be solved by looking at a colour, at one pixel or at a blur."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crosslight.scenes import SceneBatch, scenes
from crosslight.scenes.baseline import histogram_and_thumbnail, linear_accuracy


@pytest.fixture(scope="module")
def batch() -> SceneBatch:
    return scenes(600)


def test_features():
    images = np.zeros((2, 16, 16, 3), np.uint8)
    images[1, :8] = 255
    features = histogram_and_thumbnail(images)
    assert features.shape == (2, 512 + 192)
    assert features[0, 0] == 1
    assert features[1, 0] ** 2 == pytest.approx(0.5)
    assert features[1, 512:].mean() == pytest.approx(0.5)


def test_no_pixels_colour_tells_the_class(batch):
    """From the colour of any one pixel, the class is guessed hardly better than by chance."""
    coarse = (batch.images // 64).astype(int)
    codes = (coarse[..., 0] * 4 + coarse[..., 1]) * 4 + coarse[..., 2]
    known, asked = slice(0, 400), slice(400, 600)
    best = 0.0
    for y in range(4, 96, 8):
        for x in range(4, 96, 8):
            votes = np.zeros((64, 10))
            np.add.at(votes, (codes[known, y, x], batch.labels[known]), 1)
            best = max(best, float((votes.argmax(axis=1)[codes[asked, y, x]] == batch.labels[asked]).mean()))
    assert best < 0.3  # the luckiest of 144 pixels; chance is 0.1


def test_no_pixels_own_colour_occurs_in_one_class_alone(batch):
    """Among colours that are frequent at all, none is one class's own."""
    codes = (batch.images[:, ::3, ::3] >> 5).astype(int)
    codes = (codes[..., 0] * 8 + codes[..., 1]) * 8 + codes[..., 2]
    share = np.zeros((512, 10))
    np.add.at(share, (codes.reshape(-1), np.repeat(batch.labels, codes[0].size)), 1)
    frequent = share[share.sum(axis=1) > 1000]
    assert len(frequent) > 50
    assert (frequent.max(axis=1) / frequent.sum(axis=1)).max() < 0.5


def test_a_linear_model_does_not_solve_it(batch):
    def part(rows: slice) -> SceneBatch:
        return replace(batch, images=batch.images[rows], labels=batch.labels[rows])

    assert 0.1 < linear_accuracy(part(slice(0, 400)), part(slice(400, 600)), strengths=(1e-3,)) < 0.6
