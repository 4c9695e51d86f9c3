"""KernelSHAP equals the shap package where that is exact, and is closer to the truth where it is not."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from crosslight.evidence import shapley_values
from crosslight.evidence.shapley_design import shapley_design

shap = pytest.importorskip("shap")
logging.getLogger("shap").setLevel(logging.WARNING)


def table(players: int, seed: int) -> np.ndarray:
    """Scores of all coalitions of a game with interactions, by the number that their players make in binary."""
    rng = np.random.default_rng(seed)
    rows = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
    first, second = rng.standard_normal((2, players))
    return np.tanh(rows @ first / 2) + 0.2 * np.sin(rows @ second)


def ours(scores: np.ndarray, players: int, samples: int, seed: int = 0, **options) -> np.ndarray:
    design = shapley_design(players, samples // 2 - 1, seed)
    places = design.coalitions(range(len(design))) @ 2 ** np.arange(players)
    return shapley_values(design, scores[places], float(scores[-1]), float(scores[0]), **options)[0]


def theirs(scores: np.ndarray, players: int, samples: int, seed: int = 0) -> np.ndarray:
    """Of shap's KernelExplainer, which does not count the end points and picks features unless told not to."""
    np.random.seed(seed)  # noqa: NPY002 - it draws from the global generator
    explainer = shap.KernelExplainer(
        lambda rows: scores[(rows.round().astype(int) * 2 ** np.arange(players)).sum(axis=1)], np.zeros((1, players))
    )
    return explainer.shap_values(np.ones((1, players)), nsamples=samples - 2, l1_reg=False, silent=True)[0]


@pytest.mark.parametrize("players", [3, 4, 6])
@pytest.mark.parametrize("modelled", [True, False])
def test_all_coalitions(players: int, modelled: bool) -> None:
    scores = table(players, players)
    expected = theirs(scores, players, 2**players)
    assert ours(scores, players, 2**players, interactions=modelled) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("samples", [48, 160])
def test_some_coalitions(samples: int) -> None:
    players, errors = 10, np.zeros(3)
    for seed in range(6):
        scores = table(players, seed)
        exact = ours(scores, players, 2**players)
        for number, estimate in enumerate(
            (
                ours(scores, players, samples, seed),
                ours(scores, players, samples, seed, interactions=False),
                theirs(scores, players, samples, seed),
            )
        ):
            errors[number] += ((estimate - exact) ** 2).sum() / (exact**2).sum() / 6
    assert errors[1] < errors[2]
    assert errors[0] < 0.7 * errors[2]
