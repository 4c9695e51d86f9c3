"""Filled-in pixels are the means of their neighbours, whatever shape is removed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from crosslight.evaluation.probing.imputation import impute
from crosslight.evaluation.probing.lattice import coarser, lattice, surroundings

LINKS = [(dy, dx, 2 if dy == 0 or dx == 0 else 1) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]


def by_equations(picture: np.ndarray, removed: np.ndarray) -> np.ndarray:
    """One equation for every removed pixel, solved as they stand."""
    at = {tuple(place): number for number, place in enumerate(np.argwhere(removed).tolist())}
    left, right = lil_matrix((len(at), len(at))), np.zeros((len(at), len(picture)))
    for (y, x), number in at.items():
        for dy, dx, weight in LINKS:
            place = (y + dy, x + dx)
            if not (0 <= place[0] < removed.shape[0] and 0 <= place[1] < removed.shape[1]):
                continue
            left[number, number] += weight
            if place in at:
                left[number, at[place]] -= weight
            else:
                right[number] += weight * picture[:, place[0], place[1]]
    out = picture.astype(np.float64).copy()
    out[:, removed] = np.reshape(spsolve(left.tocsc(), right), (len(at), -1)).T
    return out


@st.composite
def holes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    height, width = draw(st.integers(1, 23)), draw(st.integers(2, 23))
    removed = draw(arrays(bool, (height, width)))
    removed[draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))] = False
    seed = draw(st.integers(0, 1000))
    return np.random.default_rng(seed).normal(size=(2, height, width)), removed


@given(holes())
@settings(max_examples=60, deadline=None)
def test_it_solves_the_equations(hole: tuple[np.ndarray, np.ndarray]) -> None:
    picture, removed = hole
    found = impute(picture, removed, tolerance=1e-12)
    np.testing.assert_array_equal(found[:, ~removed], picture[:, ~removed])
    if removed.any():
        np.testing.assert_allclose(found, by_equations(picture, removed), atol=1e-8)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["scattered", "together"])
def test_the_default_tolerance_is_a_mean_error_below_a_thousandth(share: float, kind: str) -> None:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:96, :80] / 90
    picture = np.stack([np.sin(7 * x * y), (x > 0.4) * 1.0, rng.random((96, 80))])
    order = rng.random((96, 80)) if kind == "scattered" else (x - 0.5) ** 2 + (y - 0.4) ** 2
    removed = order <= np.quantile(order, share)
    error = np.abs(impute(picture, removed) - by_equations(picture, removed))[:, removed]
    assert error.mean() < 1e-3 * np.ptp(picture)


def test_what_is_filled_in_stays_between_what_is_known() -> None:
    picture = np.random.default_rng(0).random((3, 40, 40))
    removed = np.zeros((40, 40), bool)
    removed[5:35, 8:30] = True
    found = impute(picture, removed)
    for channel, known in zip(found, picture[:, ~removed], strict=True):
        assert known.min() - 1e-3 <= channel[removed].min()
        assert channel[removed].max() <= known.max() + 1e-3


def test_nothing_and_everything_removed() -> None:
    picture = np.random.default_rng(1).random((3, 9, 9))
    np.testing.assert_array_equal(impute(picture, np.zeros((9, 9), bool)), picture)
    whole = impute(picture, np.ones((9, 9), bool))
    np.testing.assert_allclose(whole, picture.mean(axis=(1, 2), keepdims=True) * np.ones((1, 9, 9)))


def test_a_picture_of_one_colour_stays_so() -> None:
    removed = np.zeros((12, 12), bool)
    removed[2:9, 3:11] = True
    np.testing.assert_allclose(impute(np.full((1, 12, 12), 0.3), removed), 0.3)


@given(arrays(bool, st.tuples(st.integers(1, 21), st.integers(1, 21))))
@settings(max_examples=40, deadline=None)
def test_coarser_lattices_are_those_of_sums_over_cells(unknown: np.ndarray) -> None:
    fine = lattice(unknown.astype(np.float64))
    coarse = coarser(fine)
    height, width = unknown.shape
    cell = (np.arange(height)[:, None] // 4) * coarse.shape[1] + np.arange(width) // 4
    together = np.zeros((height * width, coarse.shape[0] * coarse.shape[1]))
    together[np.arange(height * width), cell.ravel()] = unknown.ravel()
    expected = together.T @ fine.matrix() @ together
    found = coarse.matrix()
    there = np.diag(expected) > 0
    np.testing.assert_allclose(found[np.ix_(there, there)], expected[np.ix_(there, there)])


def test_surroundings_are_the_mean_of_the_smallest_cell_with_something_known() -> None:
    picture = np.arange(16.0).reshape(1, 4, 4)
    unknown = np.ones((4, 4), bool)
    unknown[0, 0] = unknown[3, 3] = False
    found = surroundings(picture, unknown)[0]
    np.testing.assert_array_equal(found, [[0, 0, 7.5, 7.5], [0, 0, 7.5, 7.5], [7.5, 7.5, 15, 15], [7.5, 7.5, 15, 15]])
