"""Scenes drawn anew without their thing, without their mark, and with the thing elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from crosslight.core.errors import UnknownNameError
from crosslight.scenes import CLASSES, SCENES, number_of, scene
from crosslight.scenes.edited import in_place, without_mark, without_thing
from crosslight.scenes.world import make_world


@pytest.mark.parametrize("index", range(12))
def test_only_the_thing_and_its_shadow_are_gone(index):
    made, world = scene(index, split="test"), make_world(index, "test")
    empty = without_thing(world)
    thing = made.labels["object"] == number_of("object", CLASSES[made.label])
    changed = (empty != made.image).any(axis=2)
    assert changed[made.facts.solid].mean() > 0.9
    # A shadow lies at the foot of a thing that stands, and nowhere else.
    rest = changed & ~binary_dilation(thing, iterations=6)  # fine points cover less than half of their pixels
    rows = np.flatnonzero(rest.any(axis=1))
    assert not len(rows) or rows.min() > (world.pose.y + 0.5 * world.pose.size) * 96
    if world.floats:
        assert not rest.any()


@pytest.mark.parametrize("index", range(6))
def test_the_thing_is_the_same_in_another_place(index):
    made, world = scene(index, split="test", variant="watermark"), make_world(index, "test", 0, "watermark")
    place = next(name for name in SCENES if name != world.place)
    moved = in_place(world, place)
    np.testing.assert_array_equal(moved[made.facts.solid], made.image[made.facts.solid])
    mark = binary_erosion(made.facts.evidence)
    np.testing.assert_array_equal(moved[mark], made.image[mark])
    thing = made.labels["object"] == number_of("object", CLASSES[made.label])
    assert (moved != made.image).any(axis=2)[~thing & ~made.facts.evidence].mean() > 0.2  # skies may be alike
    with pytest.raises(UnknownNameError, match="unknown scene"):
        in_place(world, "seaa")


def test_a_mark_is_taken_off():
    made, world = scene(3, split="test", variant="watermark"), make_world(3, "test", 0, "watermark")
    bare = without_mark(world)
    assert (bare != made.image).any(axis=2)[made.facts.evidence].all()
    np.testing.assert_array_equal(bare, scene(3, split="test").image)
    apart = ~binary_dilation(made.facts.evidence, iterations=2)
    np.testing.assert_array_equal(bare[apart], made.image[apart])
    mark = binary_erosion(made.facts.evidence)
    np.testing.assert_array_equal(without_thing(world)[mark], made.image[mark])
