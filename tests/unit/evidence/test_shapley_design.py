"""Coalitions come in pairs, none twice, spread over sizes and players, and the first ones stay the first."""

from __future__ import annotations

import tracemalloc
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.evidence.shapley_design import (
    Design,
    kernel_mass,
    number_of_pairs,
    pairs_of_size,
    shapley_design,
)


def shown(design: Design) -> np.ndarray:
    return design.coalitions(range(len(design)))


@given(players=st.integers(1, 12), pairs=st.integers(0, 200), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_pairs_none_twice(players: int, pairs: int, seed: int) -> None:
    design = shapley_design(players, pairs, seed)
    keep = shown(design)
    assert keep.shape == (2 * min(pairs, number_of_pairs(players)), players)
    assert (keep[::2] == ~keep[1::2]).all(), "each coalition is followed by its complement"
    assert len({row.tobytes() for row in keep}) == len(keep)
    assert keep.any(axis=1).all()
    assert not keep.all(axis=1).any()
    assert (keep[::2].sum(axis=1) == design.strata).all()
    assert (keep[::2] == design.members(slice(None))).all()
    assert (2 * design.strata <= players).all()


@given(players=st.integers(2, 40), first=st.integers(0, 60), more=st.integers(0, 60))
@settings(max_examples=20, deadline=None)
def test_nested(players: int, first: int, more: int) -> None:
    few, many = shapley_design(players, first, 3), shapley_design(players, first + more, 3)
    assert (few.packed == many.packed[: few.pairs]).all()
    assert (few.strata == many.strata[: few.pairs]).all()


def test_a_part_of_the_coalitions_is_what_it_is_in_all_of_them() -> None:
    design = shapley_design(9, 20, 0)
    for start, stop in ((0, 40), (3, 8), (8, 8), (17, 18)):
        assert (design.coalitions(range(start, stop)) == shown(design)[start:stop]).all()


@pytest.mark.parametrize("players", [2, 3, 4, 7, 10])
def test_all_of_them(players: int) -> None:
    design = shapley_design(players, 2**players, 0)
    assert design.exhaustive
    assert len(design) == 2**players - 2
    assert not shapley_design(players, number_of_pairs(players) - 1, 0).exhaustive
    assert (design.left_out == 0).all()
    sizes = shown(design).sum(axis=1)
    kernel = [(players - 1) / (comb(players, size) * size * (players - size)) for size in sizes]
    expected = np.add.reduceat(kernel, range(0, len(kernel), 2))
    assert design.weights == pytest.approx(expected / expected.sum())


@pytest.mark.parametrize("players", [7, 16, 51])
def test_every_prefix_is_stratified_by_size(players: int) -> None:
    """No size is ever a whole pair away from its share, until one is used up."""
    sizes = np.arange(1, players // 2 + 1)
    shares = np.where(2 * sizes == players, 1, 2) / np.sqrt(sizes * (players - sizes))
    shares /= shares.sum()
    limits = np.array([pairs_of_size(players, size) for size in sizes])
    strata = shapley_design(players, 300, 0).strata
    for count in range(1, len(strata) + 1):
        taken = np.bincount(strata[:count], minlength=len(sizes) + 1)[1:]
        if (taken == limits).any():
            return
        assert np.abs(taken - count * shares).max() < 1
    assert count > 10


def test_sizes_that_are_used_up_leave_the_rest_to_others() -> None:
    counts = shapley_design(8, 100, 0).counts
    assert counts[0] == 8
    assert counts[1] == 28
    assert counts.sum() == 100


def test_weights_share_the_kernels_mass() -> None:
    design = shapley_design(16, 60, 0)
    for size in range(1, 9):
        own = design.weights[design.strata == size]
        assert own.sum() == pytest.approx(kernel_mass(16)[size - 1] / kernel_mass(16).sum())
        assert np.ptp(own) == 0
        assert design.left_out[design.strata == size] == pytest.approx(1 - len(own) / pairs_of_size(16, size))


def test_sizes_without_a_pair_give_their_mass_to_the_nearest() -> None:
    members = np.zeros((2, 12), np.bool_)
    members[0, 0], members[1, :4] = True, True
    design = Design(12, np.packbits(members, axis=1), np.array([1, 4]))
    mass = kernel_mass(12)
    assert design.weights == pytest.approx(np.array([mass[:2].sum(), mass[2:].sum()]) / mass.sum())


def test_every_coalition_of_a_size_has_the_same_chance() -> None:
    counts = dict.fromkeys(combinations(range(6), 2), 0)
    for seed in range(600):
        design = shapley_design(6, 6, seed)
        for row in design.members(slice(None))[design.strata == 2]:
            counts[tuple(np.flatnonzero(row))] += 1
    found = np.array(list(counts.values()))
    assert np.abs(found - found.mean()).max() < 5 * np.sqrt(found.mean())


@pytest.mark.parametrize(("players", "pairs"), [(16, 31), (24, 60), (64, 130)])
def test_players_are_balanced(players: int, pairs: int) -> None:
    """The columns of the design are less alike than those of coalitions drawn by chance."""

    def worst(members: np.ndarray) -> float:
        rows = members - members.mean(axis=1, keepdims=True)
        values = np.linalg.eigvalsh(rows.T @ rows)[1:]
        return values[-1] / values[0]

    rng, ours, theirs = np.random.default_rng(0), [], []
    for seed in range(4):
        design = shapley_design(players, pairs, seed)
        ours.append(worst(design.members(slice(None))))
        theirs.append(worst(np.array([rng.permutation(players) < size for size in design.strata])))
    assert np.median(ours) < 0.6 * np.median(theirs)


def test_images_and_seeds_have_their_own() -> None:
    assert (shapley_design(20, 30, 1).packed == shapley_design(20, 30, 1).packed).all()
    assert (shapley_design(20, 30, 1).packed != shapley_design(20, 30, 2).packed).any()


def test_many_players_take_little_memory() -> None:
    tracemalloc.start()
    try:
        design = shapley_design(5_000, 500, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert design.packed.nbytes == 500 * 625
    assert peak < 40e6, "the covariances of players would be 200 MB"
    assert len({row.tobytes() for row in design.packed}) == 500
