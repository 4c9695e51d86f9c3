"""Scenes, whose truth is known: units planted from the pixel masks, labelled by words with the encoder of scenes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from crosslight.dissection.words import label_by_words
from crosslight.scenes import CONCEPTS, scenes
from crosslight.scenes.encoder import load_encoder
from crosslight.scenes.encoder.labelled import label_scenes

IMAGES = 400
#: of the pictures that show one of two concepts, so many show both: no picture tells their words apart
TOGETHER = 0.8


@dataclass(frozen=True)
class Planted:
    """Pictures in features, and the truth about them."""

    images: np.ndarray
    texts: np.ndarray
    shares: np.ndarray
    same: np.ndarray


@pytest.fixture(scope="module")
def planted() -> Planted:
    batch = scenes(range(IMAGES), split="test")
    encoder = load_encoder()
    shares = label_scenes(batch).shares
    seen = (shares > 0.001).astype(float)
    both = seen.T @ seen
    either = seen.sum(axis=0)[:, None] + seen.sum(axis=0) - both
    same = both >= TOGETHER * either
    np.fill_diagonal(same, True)
    return Planted(encoder.encode_images(batch.images), encoder.encode_texts(names()), shares, same)


def names() -> list[str]:
    return [concept.name for concept in CONCEPTS]


@pytest.mark.parametrize("kind", ["area", "presence"])
def test_planted_units_are_called_by_what_their_pictures_show(planted: Planted, layer_of, kind: str) -> None:
    rng = np.random.default_rng(0)
    shares = planted.shares
    if kind == "area":
        answers = shares + 0.1 * shares.std(axis=0) * rng.standard_normal(shares.shape)
    else:
        answers = (shares > 0.001) + 0.1 * rng.standard_normal(shares.shape)
    found = label_by_words(layer_of(answers), planted.images, planted.texts, names(), score="cosine", flags=False)
    seen = (shares > 0.001).sum(axis=0) >= 10
    right = planted.same[np.arange(len(CONCEPTS)), found.candidates[:, 0]]
    assert right[seen].mean() >= 0.9
    own = (found.candidates == np.arange(len(CONCEPTS))[:, None]).any(axis=1)
    assert own[seen].mean() >= 0.95  # the very word is among the five best
    assert (found.best >= 0)[seen].mean() >= 0.88


@pytest.mark.parametrize("score", ["soft-wpmi", "cosine"])
def test_noise_is_not_labelled(planted: Planted, layer_of, score: str) -> None:
    noise = np.random.default_rng(1).standard_normal((IMAGES, 300))
    found = label_by_words(layer_of(noise), planted.images, planted.texts, names(), score=score, flags=False)
    assert (found.best >= 0).mean() <= 0.05
