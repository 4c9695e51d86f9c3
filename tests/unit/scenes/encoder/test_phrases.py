"""Captions come apart and together again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.scenes import CLASSES, SCENES, VARIANTS
from crosslight.scenes.concepts import TELLING_PARTS
from crosslight.scenes.encoder.phrases import (
    FRONTS,
    LEFT,
    MIDDLE,
    RIGHT,
    SIDES,
    SIZES,
    Phrases,
    mirrored,
    read_caption,
)
from crosslight.scenes.encoder.texts import shortened, whole
from crosslight.scenes.encoder.truth import columns
from crosslight.scenes.encoder.words import scene_vocabulary
from crosslight.scenes.palette import COLOUR_NAMES
from crosslight.scenes.render import _caption
from crosslight.scenes.world import make_world

CAPTIONS = st.builds(
    Phrases,
    thing=st.sampled_from(CLASSES),
    colour=st.sampled_from(COLOUR_NAMES),
    size=st.sampled_from(("", *SIZES)),
    part=st.sampled_from(("", *TELLING_PARTS.values())),
    floating=st.booleans(),
    place=st.sampled_from(SCENES),
    side=st.sampled_from(SIDES),
    behind=st.sampled_from(("", *FRONTS)),
)


@given(CAPTIONS)
def test_round_trip(phrases):
    assert read_caption(phrases.text) == phrases


def test_two_thousand_captions():
    """Captions without their pictures, which would take long: of all variants, in all colours."""
    captions = set()
    for index in range(400):
        for variant in ("clean", "clean", "background", "watermark", "patch"):
            world = make_world(5 * index + len(captions) % 5, "test", 0, variant)
            captions.add(_caption(world, CLASSES[world.label], COLOUR_NAMES[len(captions) % len(COLOUR_NAMES)]))
    for index in range(1000):
        world = make_world(index, "val", 1, VARIANTS[index % len(VARIANTS)])
        captions.add(_caption(world, CLASSES[world.label], COLOUR_NAMES[index % len(COLOUR_NAMES)]))
    assert len(captions) > 2000
    assert scene_vocabulary().unknown(captions) == ()
    for caption in captions:
        assert read_caption(caption).text == caption


def test_what_is_no_caption():
    with pytest.raises(InputError, match="no caption"):
        read_caption("a red fish")


@given(CAPTIONS)
def test_flipping_exchanges_the_sides_and_nothing_else(phrases):
    other = {LEFT: RIGHT, RIGHT: LEFT, MIDDLE: MIDDLE}[phrases.side]
    assert read_caption(mirrored(phrases.text)) == replace(phrases, side=other)
    assert mirrored(mirrored(phrases.text)) == phrases.text


def test_words_that_only_begin_like_a_side_stay():
    assert mirrored("leftmost, on the left") == "leftmost, on the right"


@given(CAPTIONS, st.integers(0, 2**32))
def test_a_shorter_text_says_no_more(phrases, seed):
    full, short = whole(phrases.text), shortened(phrases.text, np.random.default_rng(seed))
    assert short.words
    assert set(short.claims) <= set(full.claims) <= set(columns())
    assert scene_vocabulary().unknown([short.words]) == ()
    if len(short.claims) == len(full.claims):
        assert short.words == full.words
