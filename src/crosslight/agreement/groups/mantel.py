"""Mantel tests: do two matrices over the same items go together, and do they still when others are held fixed?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import InputError
from ...core.seeds import seed_for
from .anosim import tied_ranks
from .checks import Matrix, pairs, same_length, symmetric
from .results import PermutationTest

#: all permutations of so many items are made
EXACT = 8
DRAWS = 10_000
_ROWS = 4096

Correlation = Literal["pearson", "spearman"]
Alternative = Literal["two-sided", "greater", "less"]


def mantel(
    one: ArrayLike,
    other: ArrayLike,
    *,
    controls: Iterable[ArrayLike] = (),
    correlation: Correlation = "pearson",
    alternative: Alternative = "two-sided",
    draws: int = DRAWS,
    seed: int = 0,
) -> PermutationTest:
    """Correlation of two matrices over the pairs of items, with its permutation p-value; partial with `controls`.

    Args:
        one: ``[item, item]``, symmetric; its items are permuted, rows and columns together. Diagonals are not read.
        other: ``[item, item]``.
        controls: matrices whose part is taken out of both by least squares first.
        correlation: of the values, or of their ranks.
        alternative: which correlations count as at least as extreme.
        draws: permutations, the observed order counted, where there are more than 8 items; up to 8, all are made.
        seed: of the drawing.

    Returns:
        The correlation as the statistic; `null` holds that of every permutation.

    Raises:
        InputError: a matrix is not symmetric, of another size, constant, or a combination of the controls; an
            option is unknown.

    Source:
        Mantel, The detection of disease clustering, 1967. Partial: Smouse, Long and Sokal, Multiple regression and
        correlation extensions of the Mantel test, 1986, with the values of the first matrix permuted, as in
        Legendre, Comparison of permutation methods for the partial correlation and partial Mantel tests, 2000.
    """
    matrices = [symmetric(one, "the first matrix"), symmetric(other, "the second matrix")]
    matrices += [symmetric(control, f"control {number}") for number, control in enumerate(controls, 1)]
    items = _items(matrices)
    if correlation not in ("pearson", "spearman"):
        raise InputError(f"unknown correlation {correlation!r}; known are: pearson, spearman")
    if correlation == "spearman":
        matrices = [_ranked(matrix) for matrix in matrices]
    fixed = np.stack([np.ones(items * (items - 1) // 2), *(pairs(matrix) for matrix in matrices[2:])], axis=1)
    basis = np.linalg.qr(fixed)[0]
    second = _rest(pairs(matrices[1])[None], basis, "the second matrix")[0]
    _rest(pairs(matrices[0])[None], basis, "the first matrix")
    orders, exact = item_orders(items, draws, seed)
    null = np.concatenate(
        [_rest(rows, basis, "the first matrix", strict=False) @ second for rows in permuted_pairs(matrices[0], orders)]
    )
    null = np.clip(null, -1, 1)
    extreme = {"two-sided": np.abs(null), "greater": null, "less": -null}
    if alternative not in extreme:
        raise InputError(f"unknown alternative {alternative!r}; known are: {', '.join(extreme)}")
    values = extreme[alternative]
    return PermutationTest(
        "partial Mantel" if len(matrices) > 2 else "Mantel",
        float(null[0]),
        float(np.mean(values >= values[0] - 1e-10)),
        len(orders),
        exact,
        1 / len(orders),
        null,
    )


def item_orders(items: int, draws: int = DRAWS, seed: int = 0) -> tuple[NDArray[np.int64], bool]:
    """Orders of items, the given one first: all up to 8 items, else drawn at random, and whether these are all.

    Raises:
        InputError: there are fewer than three items or no draws.
    """
    if items < 3 or draws < 1:
        raise InputError(f"three or more items and one or more draws are needed, not {items} and {draws}")
    if items <= EXACT:
        return np.array(list(permutations(range(items)))), True
    random = np.random.default_rng(seed_for(seed, "orders"))
    drawn = random.permuted(np.tile(np.arange(items), (draws, 1)), axis=1)
    drawn[0] = np.arange(items)
    return drawn, False


def permuted_pairs(matrix: Matrix, orders: NDArray[np.int64]) -> Iterator[Matrix]:
    """The pairs above the diagonal of a matrix whose items stand in other orders, ``[order, pair]``, in blocks."""
    rows, columns = np.triu_indices(len(matrix), 1)
    for start in range(0, len(orders), _ROWS):
        part = orders[start : start + _ROWS]
        yield matrix[part[:, rows], part[:, columns]]


def _items(matrices: list[Matrix]) -> int:
    for matrix in matrices[1:]:
        same_length(len(matrices[0]), len(matrix), "a matrix")
    return len(matrices[0])


def _ranked(matrix: Matrix) -> Matrix:
    result = np.zeros_like(matrix)
    result[np.triu_indices(len(matrix), 1)] = tied_ranks(pairs(matrix))
    return result + result.T


def _rest(rows: Matrix, basis: Matrix, name: str, strict: bool = True) -> Matrix:
    """What the basis does not explain of each row, of length 1.

    Raises:
        InputError: nothing is left of a row and `strict` is set; else that row is zero.
    """
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    rest = rows - (rows @ basis) @ basis.T
    length = np.linalg.norm(rest, axis=1, keepdims=True)
    empty = length <= 1e-10 * size
    if strict and empty.any():
        what = "constant" if basis.shape[1] == 1 else "constant or a combination of the controls"
        raise InputError(f"{name} is {what}, so it cannot be correlated with anything")
    return np.where(empty, 0, rest / np.where(length > 0, length, 1))
