"""Labels by masks and by words in one call, saved and opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.dissection import dissect, open_dissection
from crosslight.images import open_images
from crosslight.models import load_model

IMAGES = 48
WORDS = ("sea", "sky", "wheel", "bird", "house")


def test_masks_and_words_in_one_call(tmp_path: Path) -> None:
    classifier = load_model("scenes/densenet")
    images = open_images("scenes", limit=IMAGES, sample="first")
    found = dissect(
        classifier, images, 1.0, masks="scenes", concepts=WORDS, encoder="scenes", out=tmp_path, share=0.05,
        mask_settings={"permutations": 99},
    )  # fmt: skip
    assert [one.score for one in found.labellings] == ["iou", "soft-wpmi"]
    masks, words = found.labellings
    assert (masks.best >= 0).sum() >= 5
    assert set(words.concepts) == set(WORDS)
    assert words.settings["encoder"]
    assert words.clusters.any()
    assert np.array_equal(masks.clusters, words.clusters)
    assert np.array_equal(masks.twin, words.twin)
    again = open_dissection(tmp_path)
    for one, other in zip(found.labellings, again.labellings, strict=True):
        assert np.array_equal(one.best, other.best)
        assert one.why == other.why
    assert again.labellings[0].settings["out_of_reach"] == masks.settings["out_of_reach"]

    only = dissect(classifier, images, 1.0, concepts=WORDS, encoder="scenes", out=tmp_path, share=0.05)
    assert [one.score for one in only.labellings] == ["iou", "soft-wpmi"]  # those by masks were there
    assert np.array_equal(only.labellings[1].best, words.best)


def test_words_without_an_encoder_are_told_before_the_pass() -> None:
    with pytest.raises(InputError, match="words need an encoder"):
        dissect("no/such", open_images("scenes", limit=2, sample="first"), concepts=WORDS)
