"""Features are computed once, kept under what they are of, and computed again where a file is damaged."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import ImageError, InputError
from crosslight.dissection.words import cache
from crosslight.dissection.words.cache import image_features, text_features


class Counting:
    """An encoder that says what it was asked."""

    name = "counting"

    def __init__(self, digest: str = "one"):
        self.digest, self.pictures, self.texts = digest, [], []

    def encode_images(self, pictures):
        self.pictures += list(pictures)
        return np.array([[number + 1, 2.0, 0.5] for number in pictures], np.float32)

    def encode_texts(self, texts):
        self.texts += list(texts)
        return np.array([[len(text), 1.0, 3.0] for text in texts], np.float32)


IDENTITIES = [f"identity {number}" for number in range(7)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch) -> None:
    monkeypatch.setattr(cache, "BLOCK", 3)


def features(encoder, folder, identities=IDENTITIES, load=lambda row: row):
    return image_features(encoder, identities, load, folder=folder)


def test_images_are_encoded_once(tmp_path) -> None:
    encoder = Counting()
    found, failures = features(encoder, tmp_path / "kept")
    assert failures == {}
    assert found[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]
    again, _ = features(encoder, tmp_path / "kept", load=lambda row: pytest.fail("read again"))
    assert np.array_equal(found, again)
    assert len(encoder.pictures) == 7
    other = Counting("two")
    features(other, tmp_path / "kept")
    assert len(other.pictures) == 7  # another encoder, other features
    features(encoder, tmp_path / "kept", identities=["new", *IDENTITIES[1:]])
    assert encoder.pictures[7:] == [0, 1, 2]  # the block of the new picture alone
    assert features(Counting(), None)[0] == pytest.approx(found)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_file_is_computed_again(tmp_path, damage: str) -> None:
    found, _ = features(Counting(), tmp_path)
    path = sorted(tmp_path.glob("images-*.npy"))[0]
    content = path.read_bytes()
    flipped = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
    path.write_bytes({"cut": content[:-7], "flip": flipped, "empty": b""}[damage])
    encoder = Counting()
    again, _ = features(encoder, tmp_path)
    assert np.array_equal(found, again)
    assert 1 <= len(encoder.pictures) <= 3
    assert path.read_bytes() == content


def test_pictures_that_cannot_be_read_are_told_and_tried_again(tmp_path) -> None:
    def load(row: int) -> int:
        if row in (1, 3, 4, 5):
            raise ImageError(f"bad {row}")
        return row

    found, failures = features(Counting(), tmp_path, load=load)
    assert failures == {row: f"bad {row}" for row in (1, 3, 4, 5)}
    assert np.isnan(found).all(axis=1).nonzero()[0].tolist() == [1, 3, 4, 5]
    encoder = Counting()
    mended, failures = features(encoder, tmp_path)
    assert failures == {}
    assert np.isfinite(mended).all()
    assert len(encoder.pictures) == 6  # the last block was kept


def test_texts_are_kept_by_what_they_say(tmp_path) -> None:
    encoder = Counting()
    found = text_features(encoder, ["sea", "sky"], folder=tmp_path)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1])
    assert text_features(encoder, ["sea", "sky"], folder=tmp_path) == pytest.approx(found)
    assert encoder.texts == ["sea", "sky"]
    text_features(encoder, ["sky", "sea"], folder=tmp_path)
    text_features(encoder, ["sea", "sky"], templates=["the {}"], folder=tmp_path)
    assert encoder.texts == ["sea", "sky", "sky", "sea", "the sea", "the sky"]


def test_templates_are_averaged_at_length_1() -> None:
    encoder = Counting()
    found = text_features(encoder, ["sea", "meadow"], templates=["{}", "a picture of a {}"])
    unit = [encoder.encode_texts(texts) for texts in (["sea"], ["a picture of a sea"])]
    mean = sum(one[0] / np.linalg.norm(one[0]) for one in unit) / 2
    assert found[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    with pytest.raises(InputError, match="template"):
        text_features(encoder, ["sea"], templates=[])
