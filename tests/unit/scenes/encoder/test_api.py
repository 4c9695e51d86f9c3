"""The encoder that comes with the package: what it promises, and what it can do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from crosslight.core.errors import InputError, ModelError
from crosslight.scenes import CONCEPTS, SceneBatch, scenes
from crosslight.scenes.encoder import SceneEncoder, load_encoder, scene_vocabulary
from crosslight.scenes.encoder.files import WEIGHTS
from crosslight.scenes.encoder.recipe import Recipe
from crosslight.scenes.encoder.retrieval import area, measure, own_found, table


@pytest.fixture(scope="module")
def encoder() -> SceneEncoder:
    return load_encoder()


@pytest.fixture(scope="module")
def batch() -> SceneBatch:
    return scenes(10, split="val", size=128)


def test_the_file(encoder):
    assert WEIGHTS.stat().st_size <= 2_000_000
    assert encoder.facts["digest"] == Recipe().digest, "the recipe or the words changed: train the encoder again"
    assert encoder.facts["licence"] == "Apache-2.0"
    assert encoder.vocabulary == scene_vocabulary()
    assert all(value.dtype == np.float16 and np.isfinite(value).all() for value in load_file(WEIGHTS).values())


def test_it_is_frozen(encoder):
    assert not encoder.towers.training
    assert not any(parameter.requires_grad for parameter in encoder.towers.parameters())


def test_captions_are_found(encoder):
    measured = measure(encoder, count=200, among=(200,))
    assert measured.captions[200].first_five >= 0.95
    assert measured.pictures[200].first_five >= 0.95
    assert measured.things > 0.95
    assert measured.places > 0.95
    assert min(measured.areas.values()) > 0.85
    assert "among 200" in table(measured)


def test_vectors_have_unit_length_whatever_the_batch(encoder, batch):
    images = encoder.encode_images(batch.images)
    texts = encoder.encode_texts(batch.captions)
    for vectors in (images, texts):
        assert vectors.dtype == np.float32
        assert vectors.shape == (10, encoder.dimensions)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    single = np.concatenate([encoder.encode_images(batch.images[i : i + 1]) for i in range(10)])
    np.testing.assert_allclose(single, images, atol=1e-5)
    single = np.concatenate([encoder.encode_texts([caption]) for caption in batch.captions])
    np.testing.assert_allclose(single, texts, atol=1e-5)


def test_every_concept_has_a_direction_of_its_own(encoder):
    names = encoder.encode_texts([concept.name for concept in CONCEPTS])
    cosines = names @ names.T
    assert (cosines[~np.eye(len(names), dtype=bool)] < 0.999).all()


def test_arrays_and_tensors_are_the_same(encoder, batch):
    wanted = encoder.encode_images(batch.images)
    bytes_ = torch.from_numpy(batch.images)
    floats = bytes_.permute(0, 3, 1, 2).float() / 255
    for images in (bytes_, floats, floats.double(), batch.images[:, :, ::-1][:, :, ::-1]):
        np.testing.assert_allclose(encoder.encode_images(images), wanted, atol=1e-5)


def test_other_sizes_show_the_same(encoder):
    """A picture drawn at another size means the same; of a wide one the middle counts."""
    small = encoder.encode_images(scenes(10, split="val").images)
    for size in (192, 130):
        large = encoder.encode_images(scenes(10, split="val", size=size).images)
        assert ((large @ small.T).argmax(axis=1) == np.arange(10)).all()
        assert (large * small).sum(axis=1).mean() > 0.7
    images = scenes(3, split="val").images
    wide = np.concatenate([np.zeros((3, 96, 40, 3), np.uint8), images, np.zeros((3, 96, 40, 3), np.uint8)], axis=2)
    np.testing.assert_allclose(encoder.encode_images(wide), small[:3], atol=1e-5)
    np.testing.assert_allclose(encoder.encode_images(images.repeat(2, 1).repeat(2, 2)), small[:3], atol=0.2)


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (np.zeros((96, 96, 3), np.uint8), "shape"),
        (np.zeros((1, 3, 96, 96), np.uint8), "shape"),
        (np.zeros((1, 0, 96, 3), np.uint8), "shape"),
        (np.zeros((1, 96, 96, 3), np.int64), "int64"),
        (torch.zeros(1, 96, 96, 3), "shape"),
        (torch.full((1, 3, 96, 96), -0.5), "do not normalise"),
        (torch.full((1, 3, 96, 96), 255.0), "do not normalise"),
        (torch.full((1, 3, 96, 96), torch.nan), "do not normalise"),
    ],
)
def test_what_are_no_pictures(encoder, images, why):
    with pytest.raises(InputError, match=why):
        encoder.encode_images(images)


def test_unknown_words(encoder):
    assert encoder.unknown_words(["a red fish", "a zebra"]) == ("zebra",)
    with pytest.raises(InputError, match="'zebra'"):
        encoder.encode_texts(["a red fish", "a zebra"])


def test_none_of_them(encoder):
    assert encoder.encode_images(np.zeros((0, 96, 96, 3), np.uint8)).shape == (0, encoder.dimensions)
    assert encoder.encode_texts([]).shape == (0, encoder.dimensions)


def test_files_that_are_no_encoder(tmp_path: Path):
    with pytest.raises(ModelError, match="is not there"):
        load_encoder(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("no")
    save_file({"x": np.zeros(1, np.float16)}, tmp_path / "other.safetensors")
    weights = load_file(WEIGHTS)
    save_file({**weights}, tmp_path / "bare.safetensors")
    for name in ("text", "other", "bare"):
        with pytest.raises(ModelError, match="does not hold an encoder"):
            load_encoder(tmp_path / f"{name}.safetensors")


def test_own_found():
    similarity = np.array([[0.9, 0.8, 0.1], [0.2, 0.5, 0.5], [0.7, 0.6, 0.3]], np.float32)
    assert own_found(similarity, ["a", "b", "c"]).first == pytest.approx(1 / 3)  # a tie does not count
    assert own_found(similarity, ["a", "b", "c"]).first_five == 1
    assert own_found(similarity, ["a", "b", "b"]).first == pytest.approx(2 / 3)  # the same text is no rival
    assert own_found(np.zeros((6, 6), np.float32), list("abcdef")).first_five == 0


def test_area():
    there = np.array([True, False, True, False])
    assert area(np.array([4, 3, 2, 1], np.float32), there) == 0.75
    assert area(np.zeros(4, np.float32), there) == 0.5
