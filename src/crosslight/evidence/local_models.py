"""Local linear models of a score: how near a variant is to the image, which features are chosen, and their fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Distance = Literal[
    "cosine", "euclidean", "sqeuclidean", "cityblock", "manhattan", "l1", "l2", "chebyshev", "hamming", "jaccard",
    "dice", "braycurtis", "canberra", "minkowski", "nan_euclidean", "rogerstanimoto", "russellrao", "sokalsneath",
]  # fmt: skip
Selection = Literal["auto", "forward_selection", "highest_weights", "lasso_path", "none"]
Regressor = Literal["ridge", "lasso", "linear"]

#: features up to which `auto` selects them one by one
FORWARD = 6
#: the penalty of the ridge whose largest coefficients `highest_weights` selects
SELECTING = 0.01
#: penalties where none is given: lime's ridge, and the lasso that captum's Lime has
PENALTIES: Mapping[Regressor, float] = {"ridge": 1.0, "lasso": 0.01, "linear": 0.0}
#: the share of a column's square that must be left for the column to say anything new
NOTHING = 1e-10

#: distance from an image of m features of a variant that shows s of them, ``f(s, m)``, as scikit-learn computes it
_DISTANCES: Mapping[Distance, Callable[[Floats, int], Floats]] = {
    "cosine": lambda s, m: 1 - np.sqrt(s / m),
    **dict.fromkeys(("euclidean", "l2", "minkowski", "nan_euclidean"), lambda s, m: np.sqrt(m - s)),
    **dict.fromkeys(("sqeuclidean", "cityblock", "manhattan", "l1", "canberra"), lambda s, m: m - s),
    "chebyshev": lambda s, m: (s < m).astype(np.float64),
    **dict.fromkeys(("hamming", "jaccard", "russellrao"), lambda s, m: (m - s) / m),
    **dict.fromkeys(("dice", "braycurtis"), lambda s, m: (m - s) / (m + s)),
    "rogerstanimoto": lambda s, m: 2 * (m - s) / (2 * m - s),
    "sokalsneath": lambda s, m: 2 * (m - s) / (2 * m - s),
}


def distances(rows: NDArray[np.bool_], metric: Distance) -> Floats:
    """How far variants are from the untouched image, as rows of ones and zeros.

    Since all of the image's own features are 1, the distance depends on nothing but how many a variant shows.

    Args:
        rows: bool ``[n, m]``: which features each variant shows.
        metric: a name that ``sklearn.metrics.pairwise_distances`` knows. Left out are ``correlation``, which does not
            exist for an image that shows all; ``yule``, which is always 0; and those that depend on the other variants.

    Returns:
        float64 ``[n]``.
    """
    if not rows.shape[1]:
        return np.zeros(len(rows))
    return _DISTANCES[metric](rows.sum(axis=1, dtype=np.float64), rows.shape[1])


def kernel_weights(distance: Floats, width: float) -> Floats:
    """Weights of variants, 1 at distance 0: ``sqrt(exp(-d^2 / width^2))``.

    Args:
        distance: float64 ``[n]``, at least 0.
        width: the distance at which the weight has fallen to 0.61.
    """
    weights: Floats = np.exp(-0.5 * np.square(distance / width))
    return weights


def effective_samples(weights: Floats) -> float:
    """How many equally weighted samples say as much: ``(sum w)^2 / sum w^2``.

    Args:
        weights: float64 ``[n]``, at least 0.

    Source: Kish 1965.
    """
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


@dataclass(frozen=True)
class LocalModel:
    """A linear model of a score.

    Attributes:
        coefficients: float64 ``[m]``; 0 for features that were not selected.
        errors: float64 ``[m]``: standard errors of the coefficients, given the selection.
        intercept: the model's score of a variant without any feature.
        score: weighted R^2; NaN where all scores are the same.
    """

    coefficients: Floats
    errors: Floats
    intercept: float
    score: float


def local_model(
    rows: NDArray[np.bool_],
    scores: Floats,
    weights: Floats,
    *,
    num_features: int,
    feature_selection: Selection = "auto",
    regressor: Regressor = "ridge",
    penalty: float | None = None,
) -> LocalModel:
    """A weighted linear model, with an intercept, of few features.

    Args:
        rows: bool ``[n, m]``: which features each variant shows.
        scores: float64 ``[n]``: of the variants.
        weights: float64 ``[n]``: of the variants, at least 0 and not all 0.
        num_features: how many features it may use.
        feature_selection: how they are chosen, see `select`.
        regressor: ridge, lasso or linear (least squares).
        penalty: of ridge: times the sum of squares of the coefficients, added to the weighted sum of squares of the
            residuals. Of lasso: times the sum of their sizes, added to half the weighted mean of squares. By default
            `PENALTIES`.

    Returns:
        NaN throughout where a score is not finite.

    Source: ``lime_base`` of the lime package, with ridge. Errors: HC3 (MacKinnon and White 1985), a jackknife over
        variants that needs no model of the noise; infinite where a variant determines a coefficient alone. Those of
        lasso are those of least squares on the features it keeps.
    """
    count = rows.shape[1]
    if not np.isfinite(scores).all():
        return LocalModel(np.full(count, np.nan), np.full(count, np.nan), np.nan, np.nan)
    first = float(scores[0])  # less this, scores that are all the same are exactly 0
    shares, roots = weights / weights.sum(), np.sqrt(weights)
    middle, level = shares @ rows, float(shares @ (scores - first))
    outcome = roots * (scores - first - level)
    matrix = roots[:, None] * (rows - middle)
    chosen = select(matrix, outcome, num_features, feature_selection)
    part, penalty = matrix[:, chosen], PENALTIES[regressor] if penalty is None else penalty
    if regressor == "lasso":
        found = _lasso(part, outcome, penalty, float(weights.sum()))
        chosen, found, part, penalty = chosen[found != 0], found[found != 0], part[:, found != 0], 0.0
    else:
        found = _ridge(part, outcome, penalty)
    coefficients, errors = np.zeros(count), np.zeros(count)
    coefficients[chosen] = found
    left = outcome - part @ found
    errors[chosen] = _errors(part, left, shares, penalty)
    total = float(outcome @ outcome)
    score = 1 - float(left @ left) / total if total > 0 else np.nan
    return LocalModel(coefficients, errors, first + level - float(middle @ coefficients), score)


def select(matrix: Floats, outcome: Floats, num_features: int, how: Selection) -> NDArray[np.intp]:
    """Which features a model uses.

    Args:
        matrix: float64 ``[n, m]``: features less their weighted means, times the roots of the weights.
        outcome: float64 ``[n]``: the same of the scores.
        num_features: how many at most; ``none`` does not look at it.
        how: ``forward_selection`` adds the feature that leaves least to explain, one after the other;
            ``highest_weights`` takes the largest coefficients, without sign, of a ridge of all; ``lasso_path`` the
            last point on the lasso's path with so few; ``none`` takes all; ``auto`` is ``forward_selection`` up to 6
            features and ``highest_weights`` beyond.

    Returns:
        Their numbers; those of ``forward_selection`` and ``highest_weights`` from the first chosen on.
    """
    if how == "auto":
        how = "forward_selection" if num_features <= FORWARD else "highest_weights"
    count = matrix.shape[1]
    if how == "none" or not count:
        return np.arange(count)
    if how == "forward_selection":
        return _forward(matrix, outcome, min(num_features, count))
    if how == "highest_weights":
        return np.argsort(-np.abs(_ridge(matrix, outcome, SELECTING)), kind="stable")[:num_features]
    return _on_lasso_path(matrix, outcome, num_features)


def _forward(matrix: Floats, outcome: Floats, wanted: int) -> NDArray[np.intp]:
    """Features in the order in which each lowers the sum of squares most, by Cholesky's decomposition row by row."""
    gram, pull = matrix.T @ matrix, matrix.T @ outcome
    squares = np.diag(gram).copy()
    left, basis = squares.copy(), np.zeros((wanted, len(gram)))
    chosen = np.empty(wanted, np.intp)
    free = np.ones(len(gram), np.bool_)
    for step in range(wanted):
        new = free & (left > NOTHING * squares)
        gains = np.where(new, np.square(pull) / np.where(new, left, 1), 0)
        best = chosen[step] = int(np.argmax(np.where(free, gains, -1)))
        free[best] = False
        if new[best]:
            scale = np.sqrt(left[best])
            basis[step] = (gram[best] - basis[:step, best] @ basis[:step]) / scale
            pull = pull - basis[step] * (pull[best] / scale)
            left = left - np.square(basis[step])
    return chosen


def _on_lasso_path(matrix: Floats, outcome: Floats, most: int) -> NDArray[np.intp]:
    from sklearn.linear_model import lars_path

    _, _, path = lars_path(matrix, outcome, method="lasso")
    kept = [np.flatnonzero(point) for point in path.T[1:]]
    few = [features for features in kept if len(features) <= most]
    chosen: NDArray[np.intp] = few[-1] if few else np.arange(0)
    return chosen


def _ridge(matrix: Floats, outcome: Floats, penalty: float) -> Floats:
    """Coefficients; without a penalty those of least norm."""
    if penalty > 0:
        normal = matrix.T @ matrix
        normal.flat[:: len(normal) + 1] += penalty
        found = np.linalg.solve(normal, matrix.T @ outcome)
    else:
        found = np.linalg.lstsq(matrix, outcome, rcond=None)[0]
    return np.asarray(found, np.float64)


def _lasso(matrix: Floats, outcome: Floats, penalty: float, total: float) -> Floats:
    from sklearn.linear_model import Lasso

    if not matrix.shape[1]:
        return np.empty(0)
    scale = np.sqrt(len(matrix) / total)  # of scikit-learn's mean over variants to the weighted one
    lasso = Lasso(alpha=penalty, fit_intercept=False, tol=1e-10, max_iter=100_000)
    found: Floats = lasso.fit(scale * matrix, scale * outcome).coef_
    return found


def _errors(matrix: Floats, left: Floats, shares: Floats, penalty: float) -> Floats:
    normal = matrix.T @ matrix
    normal.flat[:: len(normal) + 1] += penalty
    determined = penalty > 0 or np.linalg.matrix_rank(normal, hermitian=True) == len(normal)
    influence = np.linalg.solve(normal, matrix.T) if penalty > 0 else np.linalg.pinv(normal, hermitian=True) @ matrix.T
    # how far each variant pulls its own prediction, through the coefficients and through the mean
    leverage = np.einsum("mn,nm->n", influence, matrix) + shares
    alone = leverage > 1 - NOTHING
    amounts = np.where(alone, 0, left / np.where(alone, 1, 1 - leverage))
    errors: Floats = np.sqrt(np.square(influence) @ np.square(amounts))
    if alone.any() or not determined:
        errors[:] = np.inf
    return errors
