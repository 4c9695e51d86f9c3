"""The order of pixels."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.evaluation.probing.ranking import ranks


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(2, 9), st.integers(1, 5))
def test_higher_pixels_stand_before_lower_ones_and_every_place_is_taken_once(seed, count, side, levels):
    random = np.random.default_rng(seed)
    maps = torch.from_numpy(random.integers(-levels, levels, (count, side, side + 1)) / 3)
    places = ranks(maps, [f"image {i}" for i in range(count)], seed)
    assert (places.dtype, places.shape) == (torch.int32, maps.shape)
    for values, found in zip(maps, places, strict=True):
        order = found.flatten().argsort()
        assert sorted(found.flatten().tolist()) == list(range(found.numel()))
        assert (values.flatten()[order].diff() <= 0).all()


def test_ties_are_broken_by_the_image_and_the_seed_alone():
    flat = torch.zeros(3, 12, 12)
    first, again, other = ranks(flat, ["a", "a", "b"], 0)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(ranks(flat[:1], ["b"], 0)[0], other)
    assert not torch.equal(ranks(flat[:1], ["b"], 1)[0], other)


def test_a_plateau_is_not_taken_from_top_to_bottom():
    """Where most of a map is 0, as of Grad-CAM, the zeros follow in random order."""
    maps = torch.zeros(1, 40, 40)
    maps[0, 20:30, 5:15] = 1
    places = ranks(maps, ["a"], 0)[0]
    assert places[20:30, 5:15].max() == 99
    upper = (places[:20] < 850).float().mean()
    assert 0.4 < upper < 0.6
