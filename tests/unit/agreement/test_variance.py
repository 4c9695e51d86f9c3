from __future__ import annotations

import json
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.variance import _squares, _Sums, split_variance
from crosslight.core.errors import InputError


def brute_force(values: np.ndarray) -> dict[tuple[int, ...], float]:
    """Sums of squares of all effects from all maps at once: means, less all effects below them, squared."""
    axes = range(values.ndim - 1)
    effects: dict[tuple[int, ...], np.ndarray] = {}
    for subset in chain.from_iterable(combinations(axes, n) for n in range(values.ndim)):
        mean = values.mean(axis=tuple(a for a in axes if a not in subset), keepdims=True)
        effects[subset] = mean - sum(e for key, e in effects.items() if set(key) < set(subset))
    return {key: float((np.broadcast_to(e, values.shape) ** 2).sum()) for key, e in effects.items() if key}


def planted(shape, sizes, cells=24, seed=0):
    """Random effects of given standard deviations: ``sizes`` by axes, ``()`` for the grand mean."""
    random = np.random.default_rng(seed)
    values = np.zeros((*shape, cells))
    for axes, size in sizes.items():
        values += size * random.standard_normal([n if a in axes else 1 for a, n in enumerate(shape)] + [cells])
    return values


def in_blocks(values, size):
    return (values[..., i : i + size, :] for i in range(0, values.shape[-2], size))


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(2, 7)),
    st.integers(1, 6),
    st.integers(1, 4),
    st.booleans(),
    st.integers(0, 99),
)
def test_it_is_what_all_data_at_once_give(shape, cells, block, unit, seed):
    values = np.random.default_rng(seed).standard_normal((*shape, cells)) + 0.5
    found = split_variance(in_blocks(values, block), unit=unit, resamples=20)
    if unit:
        values = values / np.linalg.norm(values, axis=-1, keepdims=True)
    names = ("model", "method", "image")
    expected = {" x ".join(names[a] for a in key): squares for key, squares in brute_force(values).items()}
    total = ((values - values.mean(axis=(0, 1, 2))) ** 2).sum()
    assert found.total == pytest.approx(total, abs=1e-9)
    for effect in found.effects:
        assert effect.squares == pytest.approx(expected[effect.name], abs=1e-9)
        assert effect.freedom > 0
    left_out = set(expected) - {effect.name for effect in found.effects}
    assert all("method" in name or "model" in name for name in left_out)
    assert all(expected[name] == pytest.approx(0, abs=1e-9) for name in left_out)
    if found.total > 0:
        assert sum(effect.share for effect in found.effects) == pytest.approx(1)


def test_seeds_are_a_factor_like_others():
    values = np.random.default_rng(0).standard_normal((3, 2, 4, 6, 5))
    names = ("model", "method", "seed", "image")
    found = split_variance(in_blocks(values, 4), factors=names, unit=False, resamples=10)
    expected = brute_force(values)
    assert len(found.effects) == 15
    for key, squares in expected.items():
        assert found[" x ".join(names[a] for a in key)].squares == pytest.approx(squares)
    assert found.levels == {"model": 3, "method": 2, "seed": 4, "image": 6}


def test_planted_components_are_recovered():
    sizes = {(): 2.0, (0,): 1.0, (1,): 0.5, (2,): 1.5, (0, 2): 0.7, (0, 1, 2): 1.0}
    found = split_variance([planted((12, 10, 60), sizes, cells=200)], unit=False, resamples=50)
    names = ("model", "method", "image")
    whole = sum(size**2 for axes, size in sizes.items() if axes)
    for effect in found.effects:
        size = sizes.get(tuple(names.index(factor) for factor in effect.factors), 0.0)
        assert effect.component / 200 == pytest.approx(size**2, rel=0.15, abs=0.02), effect.name
        assert effect.corrected == pytest.approx(size**2 / whole, abs=0.02)
    assert sum(effect.corrected for effect in found.effects) == pytest.approx(1)
    assert found.sentence.startswith(
        "45 % of the variation between maps is the image, 20 % the model, 5 % the method, and 30 %"
    )


def test_noise_is_no_effect_although_its_share_of_squares_is_not_small():
    found = split_variance([np.random.default_rng(0).standard_normal((2, 2, 50, 30))])
    assert found["image"].share > 0.2
    assert found["model x method x image"].corrected > 0.9
    assert found["image"].corrected < 0.05
    assert found["model"].corrected_high < 0.05


def test_the_order_of_models_and_images_does_not_matter():
    values = planted((3, 4, 9), {(0,): 1.0, (2,): 1.0, (0, 1, 2): 1.0})
    one = split_variance([values], resamples=10)
    other = split_variance(in_blocks(values[::-1][:, [2, 0, 3, 1]][:, :, ::-1], 2), resamples=10)
    for effect, same in zip(one.effects, other.effects, strict=True):
        assert effect.squares == pytest.approx(same.squares)
        assert effect.component == pytest.approx(same.component)


def test_only_images_complete_in_every_cell_count():
    values = planted((3, 2, 12), {(0,): 1.0, (0, 1, 2): 1.0})
    whole = split_variance([values[:, :, 3:]], resamples=10)
    values[1, 0, 0, 3] = np.nan
    values[:, :, 1] = np.nan
    values[2, 1, 2] = 0
    found = split_variance(in_blocks(values, 5), resamples=10)
    assert (found.images, found.used) == (12, 9)
    assert "(N = 9 of 12 images)" in found.sentence
    assert found["model"].squares == pytest.approx(whole["model"].squares)
    assert split_variance([values], unit=False, resamples=10).used == 10  # zeros have no direction, but a value


def test_maps_count_alike_whatever_their_scale():
    values = planted((3, 2, 8), {(0,): 1.0, (0, 1, 2): 1.0})
    scale = 10.0 ** np.random.default_rng(0).uniform(-150, 150, (3, 2, 8, 1))
    one, other = split_variance([values], resamples=5), split_variance([values * scale], resamples=5)
    assert one["model"].share == pytest.approx(other["model"].share)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    sizes = {(2,): 1.0, (0, 2): 0.7, (0, 1, 2): 0.7}
    truth = 1 / (1 + 0.49 + 0.49)
    hits = 0
    for seed in range(60):
        values = planted((3, 3, 40), sizes, cells=3, seed=seed)
        effect = split_variance([values], unit=False, resamples=200, seed=seed)["image"]
        assert effect.low < effect.share < effect.high
        hits += effect.corrected_low <= truth <= effect.corrected_high
    assert hits >= 50


def test_groups_of_images_give_the_same_split_and_intervals_alike():
    values = planted((2, 3, 200), {(0,): 0.5, (2,): 1.0, (0, 1, 2): 1.0})
    exact = split_variance([values], groups=200)
    grouped = split_variance(in_blocks(values, 30), groups=50)
    assert (exact.groups, grouped.groups) == (200, 50)
    for one, other in zip(exact.effects, grouped.effects, strict=True):
        assert one.squares == pytest.approx(other.squares)
        assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.6)
    again = split_variance(in_blocks(values, 30), groups=50)
    assert again.to_dict() == grouped.to_dict()


def test_every_image_is_a_group_of_its_own_while_there_are_groups():
    values = planted((2, 3, 12), {(2,): 1.0, (0, 1, 2): 1.0})
    one, other = (split_variance(in_blocks(values, 5), groups=groups, resamples=50) for groups in (12, 1000))
    assert one.to_dict() == other.to_dict()


def test_groups_that_count_twice_are_their_images_twice():
    values = planted((2, 3, 7), {(): 1.0, (0,): 0.5, (2,): 1.0, (0, 1, 2): 1.0})
    sums = _Sums(3, 3, np.random.default_rng(0))
    sums._deal = lambda count: np.array([0, 1, 2, 2, 1, 2, 2])[:count]
    sums.add(values, unit=False, factors=("model", "method", "image"))
    expected = brute_force(values[:, :, [0, 0, 2, 3, 5, 6]])
    found = _squares([frozenset(key) for key in expected], sums.products(), sums, np.array([[2.0, 0, 1]]))
    np.testing.assert_allclose(found[:, 0], np.array(list(expected.values())) * 7 / 6)


def test_a_factor_of_one_level_has_no_effect():
    found = split_variance([planted((1, 3, 8), {(1,): 1.0, (2,): 1.0, (0, 1, 2): 1.0})], resamples=5)
    assert [effect.name for effect in found.effects] == ["method", "image", "method x image"]
    assert "model" not in found.sentence


def test_maps_that_are_all_the_same_have_nothing_to_split():
    found = split_variance([np.random.default_rng(0).random(7) * np.ones((2, 2, 4, 1))])
    assert "no variation to split" in str(found)
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["effects"][0]["share"] is None
    assert content["total"] == 0


def test_bad_input_is_refused():
    good = np.ones((2, 2, 3, 4)) + np.arange(4)
    with pytest.raises(InputError, match="need the axes model, method, image, cell; this one has 3"):
        split_variance([good[0]])
    with pytest.raises(InputError, match=r"blocks differ in shape: \[3, 2, 4\] after \[2, 2, 4\]"):
        split_variance([good, np.ones((3, 2, 3, 4))])
    with pytest.raises(InputError, match="0 of 3 images have a usable map for every model and method"):
        split_variance([good * np.nan])
    with pytest.raises(InputError, match="0 of 0 images"):
        split_variance([])
    with pytest.raises(InputError, match="end in 'image'"):
        split_variance([good], factors=("image", "model", "method"))
