"""Dissection of arrays and of ``.npy`` files."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.dissection.words.concepts import merge_concepts
from crosslight.dissection.words.from_files import dissect_features, read_activations, read_array


def test_layers_from_arrays(world, names) -> None:
    pictures, texts, answers = world(images=60)
    answers[5] = np.nan
    found = dissect_features({"one": answers, "two": answers[:, :3]}, pictures, texts, names(30), score="cosine")
    assert [layer.name for layer in found.layers] == ["one", "two"]
    assert [layer.depth for layer in found.layers] == [0.5, 1.0]
    assert [labels.layer for labels in found.labellings] == ["one", "two"]
    assert np.array_equal(found.labellings[0].best[:3], found.labellings[1].best)
    first = found.layers[0]
    assert 5 not in first.top_images
    assert first.top_maps[:, :, 0, 0] == pytest.approx(answers[first.top_images, np.arange(7)[:, None]], abs=1e-2)
    assert np.isnan(first.thresholds).all()
    assert found.images[3] == "3"


def test_concepts_that_are_there_twice(world) -> None:
    pictures, texts, answers = world(images=60)
    doubled = ["sea", "sky", "sea", *(f"concept {number}" for number in range(27))]
    found = dissect_features({"one": answers}, pictures, texts, doubled, level=None)
    assert found.labellings[0].concepts[:3] == ("sea", "sky", "concept 0")
    assert "'sea' (2 times)" in found.facts["concepts_note"]
    kept = merge_concepts(doubled)
    rows = [0, 1, *range(3, 30)]
    merged = dissect_features({"one": answers}, pictures, texts[rows], kept, level=None)
    assert np.array_equal(found.labellings[0].candidates, merged.labellings[0].candidates)
    with pytest.raises(InputError, match="for 30 concepts"):
        dissect_features({"one": answers}, pictures, texts[:5], doubled)


def test_sums_are_rounded_as_published_in_the_published_form_alone(world, names) -> None:
    pictures, texts, answers = world(images=60)
    own = dissect_features({"one": answers}, pictures, texts, names(30))
    published = dissect_features({"one": answers}, pictures, texts, names(30), form="published")
    assert own.labellings[0].settings["rounding"] == "exact"
    assert published.labellings[0].settings["rounding"] == "float32"
    cosine = dissect_features({"one": answers}, pictures, texts, names(30), form="published", score="cosine")
    assert "rounding" not in cosine.labellings[0].settings


def test_what_is_refused(world, names) -> None:
    pictures, texts, answers = world(images=60)
    for activations, match in (
        ({}, "no activations"),
        ({"one": answers[0]}, r"\[images, units\]"),
        ({"one": answers * np.nan}, "not finite"),
        ({"one": answers[:9]}, "features of 60 images"),
    ):
        with pytest.raises(InputError, match=match):
            dissect_features(activations, pictures, texts, names(30))
    with pytest.raises(InputError, match="2 names of images"):
        dissect_features({"one": answers}, pictures, texts, names(30), images=["a", "b"])


def test_activations_from_a_folder(tmp_path) -> None:
    for name in ("activations_layer10", "activations_layer9", "clip_images"):
        np.save(tmp_path / f"{name}.npy", np.ones((2, 3)))
    assert list(read_activations(tmp_path)) == ["layer9", "layer10"]
    assert list(read_activations([tmp_path / "clip_images.npy"])) == ["clip_images"]
    (tmp_path / "again").mkdir()
    np.save(tmp_path / "again/layer9.npy", np.ones((2, 3)))
    assert list(read_activations(tmp_path / "again")) == ["layer9"]
    with pytest.raises(InputError, match="layer9 is there already"):
        read_activations([tmp_path / "activations_layer9.npy", tmp_path / "again/layer9.npy"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no \.npy file"):
        read_activations(tmp_path / "empty")


def test_files_that_cannot_be_read(tmp_path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read_array(tmp_path / "none.npy")
    (tmp_path / "text.npy").write_text("no array")
    with pytest.raises(InputError, match="cannot be read"):
        read_array(tmp_path / "text.npy")
    np.save(tmp_path / "objects.npy", np.array([{}, {}]))
    with pytest.raises(InputError, match="cannot be read"):
        read_array(tmp_path / "objects.npy")
    np.save(tmp_path / "flat.npy", np.ones(3))
    with pytest.raises(InputError, match="two axes"):
        read_array(tmp_path / "flat.npy")
