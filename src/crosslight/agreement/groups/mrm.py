"""MRM: multiple regression on distance matrices, which weighs explanations of a dissimilarity against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import InputError
from ...core.plain import plain
from .checks import Matrix, pairs, same_length, symmetric
from .mantel import DRAWS, item_orders, permuted_pairs


@dataclass(frozen=True)
class Coefficient:
    """What one matrix explains beside the others.

    Attributes:
        value: change of the response by one unit of the matrix.
        standardised: change in standard deviations of the response by one standard deviation of the matrix.
        t: `value` over its standard error, which a permutation test needs and which has no t distribution here.
        p: share of permutations with a `t` at least as far from zero.
        inflation: variance inflation factor, from 1; above about 5 the matrix can hardly be told from the others.
    """

    value: float
    standardised: float
    t: float
    p: float
    inflation: float


@dataclass(frozen=True)
class Regression:
    """A multiple regression on distance matrices.

    Attributes:
        coefficients: by the name of the matrix.
        intercept: the response where all matrices are zero.
        r2: share of the variance over pairs that is explained.
        p: share of permutations with as large an `r2`.
        count: permutations, the observed order counted.
        exact: whether these are all.
    """

    coefficients: Mapping[str, Coefficient]
    intercept: float
    r2: float
    p: float
    count: int
    exact: bool
    null: Matrix = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """All of it but the null distribution in JSON's own types."""
        named = ("intercept", "r2", "p", "count", "exact")
        coefficients = {name: plain(vars(found)) for name, found in self.coefficients.items()}
        return {"coefficients": coefficients, **{name: plain(getattr(self, name)) for name in named}}


def mrm(response: ArrayLike, predictors: Mapping[str, ArrayLike], *, draws: int = DRAWS, seed: int = 0) -> Regression:
    """Regress one matrix over pairs of items on others.

    Args:
        response: ``[item, item]``, symmetric; its items are permuted, rows and columns together.
        predictors: ``[item, item]`` each, by name. Diagonals are not read.
        draws: permutations, the observed order counted, where there are more than 8 items; up to 8, all are made.
        seed: of the drawing.

    Raises:
        InputError: there are no predictors or too many, one is constant or a combination of the others, the
            response is constant, or sizes differ.

    Source:
        Legendre, Lapointe and Casgrain, Modeling brain evolution from behavior, 1994: least squares over pairs;
        each coefficient is tested by its t under permutation of the response. That test is exact where no matrix
        has an effect and approximate where another one has.
    """
    matrix = symmetric(response, "the response")
    if not predictors:
        raise InputError("a regression needs at least one predictor")
    columns = []
    for name, values in predictors.items():
        predictor = symmetric(values, f"predictor {name!r}")
        same_length(len(matrix), len(predictor), f"predictor {name!r}")
        columns.append(pairs(predictor))
    y, x = pairs(matrix), np.stack(columns, axis=1)
    freedom = len(y) - x.shape[1] - 1
    if freedom < 1:
        raise InputError(f"{x.shape[1]} predictors are too many for the {len(y)} pairs of {len(matrix)} items")
    middle, spread = x.mean(axis=0), x.std(axis=0)
    if y.std() <= 1e-12 * np.abs(y).max(initial=0):
        raise InputError("the response is constant, so there is nothing to explain")
    for name, values, sd in zip(predictors, x.T, spread, strict=True):
        if sd <= 1e-12 * np.abs(values).max(initial=0):
            raise InputError(f"predictor {name!r} is the same for all pairs; leave it out")
    z = (x - middle) / spread
    inflation = _inflation(z, list(predictors))
    solve = np.linalg.solve(z.T @ z, z.T)
    unit = inflation / len(y)  # the diagonal of the inverse of z'z
    orders, exact = item_orders(len(matrix), draws, seed)
    total = float(((y - y.mean()) ** 2).sum())
    t, r2 = [], []
    for rows in permuted_pairs(matrix, orders):
        centred = rows - y.mean()
        slopes = centred @ solve.T
        explained = np.minimum(((slopes @ z.T) ** 2).sum(axis=1), total)
        error = np.sqrt(np.maximum(total - explained, 1e-14 * total) / freedom)
        t.append(slopes / (error[:, None] * np.sqrt(unit)))
        r2.append(explained / total)
    far, null = np.abs(np.concatenate(t)), np.concatenate(r2)
    first = solve @ (y - y.mean())
    p = (far >= far[0] * (1 - 1e-9)).mean(axis=0)
    coefficients = {
        name: Coefficient(
            float(first[k] / spread[k]), float(first[k] / y.std()), float(t[0][0, k]), float(p[k]), float(inflation[k])
        )
        for k, name in enumerate(predictors)
    }
    intercept = float(y.mean() - (first / spread) @ middle)
    reached = float(np.mean(null >= null[0] - 1e-10))
    return Regression(coefficients, intercept, float(null[0]), reached, len(orders), exact, null)


def _inflation(z: Matrix, names: list[str]) -> Matrix:
    """Variance inflation factors of standardised columns.

    Raises:
        InputError: one column is a combination of the others.
    """
    factors = np.empty(len(names))
    for k, name in enumerate(names):
        others = np.delete(z, k, axis=1)
        rest = z[:, k] - others @ np.linalg.lstsq(others, z[:, k], rcond=None)[0] if len(names) > 1 else z[:, k]
        unexplained = float((rest**2).mean())
        if unexplained < 1e-10:
            raise InputError(f"predictor {name!r} follows from the others, so their parts cannot be told apart")
        factors[k] = 1 / unexplained
    return factors
