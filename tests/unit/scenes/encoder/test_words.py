"""Texts become numbers of words and back; what is not known is said, never made up."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.scenes import CONCEPTS
from crosslight.scenes.encoder import Vocabulary, scene_vocabulary
from crosslight.scenes.encoder.words import LONGEST, split

VOCABULARY = scene_vocabulary()
TEXTS = st.lists(st.sampled_from(VOCABULARY.words), min_size=1, max_size=LONGEST)


@given(TEXTS)
def test_round_trip(words):
    row = VOCABULARY.encode([" ".join(words)])[0]
    assert row.dtype == np.int64
    assert row.shape == (LONGEST,)
    assert VOCABULARY.decode(row) == " ".join(words)


@given(TEXTS, st.sampled_from([", ", "-", "_", "  ", ". "]))
def test_case_and_punctuation_do_not_matter(words, between):
    assert (VOCABULARY.encode([between.join(words).upper() + "!"]) == VOCABULARY.encode([" ".join(words)])).all()


def test_every_word_has_a_number_of_its_own():
    numbers = VOCABULARY.encode(list(VOCABULARY.words))[:, 0]
    assert sorted(numbers) == list(range(1, len(VOCABULARY.words) + 1))


def test_all_concepts_are_known():
    names = [concept.name for concept in CONCEPTS]
    assert VOCABULARY.unknown(names) == ()
    assert len({tuple(row) for row in VOCABULARY.encode(names)}) == len(names)


def test_unknown_words_are_named_with_what_is_near():
    texts = ["a red fihs", "zebra stripes", "a red fish", "zebra"]
    assert VOCABULARY.unknown(texts) == ("fihs", "zebra", "stripes")
    with pytest.raises(InputError, match=r"3 of the words: 'fihs'; did you mean 'fish'.*'zebra'.*'stripes'"):
        VOCABULARY.encode(texts)


def test_many_unknown_words_are_counted():
    with pytest.raises(InputError, match=re.escape("does not know 8 of the words")) as raised:
        VOCABULARY.encode(["xa xb xc xd xe xf xg xh"])
    assert "and 3 more" in str(raised.value)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789é", min_size=1, max_size=6))
@settings(max_examples=50)
def test_what_is_not_in_the_list_is_unknown(word):
    assert VOCABULARY.unknown([word]) == (() if word in VOCABULARY.words else (word,))


@pytest.mark.parametrize("text", ["", " , ", "a " * (LONGEST + 1)])
def test_length(text):
    with pytest.raises(InputError, match="1 to 24 words"):
        VOCABULARY.encode([text])


def test_one_text_is_not_a_list():
    with pytest.raises(InputError, match="a list of texts"):
        VOCABULARY.encode("a red fish")


def test_split():
    assert split("A grass-tuft, on the_left") == ["a", "grass", "tuft", "on", "the", "left"]


def test_another_vocabulary():
    assert Vocabulary(("b", "a")).encode(["a b"])[0, :3].tolist() == [2, 1, 0]
