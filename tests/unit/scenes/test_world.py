"""What is in the pictures: balance, independence and planted causes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.scenes import CLASSES, SCENES, SPLITS, VARIANTS, label_of
from crosslight.scenes.marks import MARKS
from crosslight.scenes.world import make_world


def table(variant: str, count: int = 3000) -> np.ndarray:
    """How often each class stands in each scene."""
    found = np.zeros((len(CLASSES), len(SCENES)), int)
    for index in range(count):
        world = make_world(index, variant=variant)
        found[world.label, SCENES.index(world.place)] += 1
    return found


@given(st.integers(0, 10**6), st.sampled_from(SPLITS), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_labels_are_balanced_in_every_ten(block, split, seed):
    assert sorted(label_of(10 * block + i, split, seed) for i in range(10)) == list(range(10))


def test_the_order_of_labels_changes():
    orders = {tuple(label_of(10 * block + i) for i in range(10)) for block in range(50)}
    assert len(orders) == 50
    assert [label_of(i, "train") for i in range(20)] != [label_of(i, "test") for i in range(20)]


@pytest.mark.parametrize("variant", ["clean", "background-shifted", "watermark", "patch"])
def test_class_and_scene_are_independent(variant):
    assert chi2_contingency(table(variant)).pvalue > 0.001


def test_class_goes_with_scene_in_95_percent_of_the_background_variant():
    found = table("background")
    assert 0.935 < np.trace(found) / found.sum() < 0.965
    off = found - np.diag(np.diag(found))
    assert (off.sum(axis=0) > 0).all()


def test_marks():
    assert len(MARKS) == len(CLASSES)
    worlds = [make_world(i, variant="watermark") for i in range(200)]
    assert all(world.mark == world.label for world in worlds)
    shifted = [make_world(i, variant="watermark-shifted") for i in range(2000)]
    found = np.zeros((10, 10), int)
    for world in shifted:
        found[world.label, world.mark] += 1
    assert chi2_contingency(found).pvalue > 0.001
    assert make_world(0).mark is None


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "patch"])
def test_variants_show_the_same_thing(variant):
    for index in range(20):
        clean, other = make_world(index), make_world(index, variant=variant)
        assert (clean.label, clean.pose, clean.paints) == (other.label, other.pose, other.paints)


def test_pose_and_paint_do_not_tell_the_class():
    worlds = [make_world(index) for index in range(2000)]
    by_class = [[w for w in worlds if w.label == label] for label in range(10)]
    for value in (lambda w: w.pose.size, lambda w: w.pose.x, lambda w: w.pose.y, lambda w: w.paints[0][0]):
        everyone = [value(world) for world in worlds]
        spread = np.std(everyone) / np.sqrt(200)
        assert all(abs(np.mean([value(w) for w in own]) - np.mean(everyone)) < 4.5 * spread for own in by_class)


def test_all_places_and_fronts_occur():
    worlds = [make_world(index) for index in range(400)]
    assert set(Counter(world.place for world in worlds)) == set(SCENES)
    assert len({item.name for world in worlds for item in world.front}) > 8


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((-1,), InputError, "0 or more"),
        ((0, "tset"), UnknownNameError, "'test'"),
        ((0, "test", 0, "water-mark"), UnknownNameError, "'watermark'"),
    ],
)
def test_bad_input_is_told(arguments, error, words):
    with pytest.raises(error, match=words):
        make_world(*arguments)
