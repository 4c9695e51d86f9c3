"""A labelled square matrix from a CSV file, and whether it holds similarities or dissimilarities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, UnknownNameError
from .csv_rows import joined, listed, read_rows
from .square import Square, read_square

Matrix = NDArray[np.float64]
Kind = Literal["similarity", "dissimilarity"]
KINDS = ("auto", "similarity", "dissimilarity")

#: differences up to this share of the largest value are rounding of printed numbers
ROUNDING = 1e-5
#: a diagonal from here to 1 is one of ones: single maps of zeros have no similarity, not even with themselves
ONES = 0.9


@dataclass(frozen=True)
class Published:
    """A published matrix.

    Attributes:
        file: where it was read from.
        sets: labels of its rows, in the order of the columns.
        values: ``[set, set]``, symmetric, divided by `scale`; the diagonal as it was read.
        kind: what the values are.
        scale: what the values were divided by, such as the number of images for counts.
        notes: what was done to the file's contents, in words.
    """

    file: str
    sets: tuple[str, ...]
    values: Matrix
    kind: Kind = "similarity"
    scale: float = 1.0
    notes: tuple[str, ...] = ()

    @property
    def similarity(self) -> Matrix:
        """``[set, set]``: the values, or 1 less the values where these are dissimilarities."""
        return self.values if self.kind == "similarity" else 1 - self.values

    @property
    def dissimilarity(self) -> Matrix:
        """``[set, set]``: the values, or 1 less the values where these are similarities; the diagonal is 0."""
        own = np.maximum(1 - self.values if self.kind == "similarity" else self.values, 0)
        np.fill_diagonal(own, 0)
        return own

    @property
    def pairs(self) -> Matrix:
        """``[pair]``: the values above the diagonal, row after row."""
        return self.values[np.triu_indices(len(self.sets), 1)]

    def take(self, sets: Sequence[str]) -> Published:
        """The same matrix of these sets, in this order."""
        places = [self.sets.index(label) for label in sets]
        return replace(self, sets=tuple(sets), values=self.values[np.ix_(places, places)])

    def to_dict(self) -> dict[str, Any]:
        """All of it, and what it comes to, in JSON's own types."""
        pairs = self.pairs
        return {
            "file": self.file,
            "kind": self.kind,
            "scale": self.scale,
            "sets": list(self.sets),
            "values": self.values.tolist(),
            "off_diagonal": {"min": float(pairs.min()), "max": float(pairs.max()), "mean": float(pairs.mean())},
            "diagonal": dict(zip(self.sets, self.values.diagonal().tolist(), strict=True)),
            "notes": list(self.notes),
        }


def read_matrix(path: str | Path, kind: str = "auto") -> Published:
    """Read a labelled square matrix.

    Args:
        path: a CSV file: labels in the first row and the first column. Rows may stand in another order than columns; a
            column that only counts the rows is ignored; row labels may be missing, and one of the two triangles.
        kind: ``similarity``, ``dissimilarity``, or ``auto``: by the diagonal. Zeros make a dissimilarity; ones, or
            one common maximum that all values are then divided by, such as the number of images in a matrix of
            counts, make a similarity.

    Returns:
        The matrix.

    Raises:
        InputError: it is not square or not symmetric, values are missing, or the kind cannot be told; all that is
            wrong at once.
        UnknownNameError: no such kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of matrix", kind, KINDS)
    square = read_square(read_rows(path))
    problems, notes = list(square.problems), list(square.notes)
    values = square.values
    if not problems:
        values, more = _mirrored(values)
        notes += more
        problems += _gaps(square, values) or _asymmetry(square, values)
    found = "" if problems else _meaning(square, (values + values.T) / 2, kind, notes)
    if isinstance(found, str):
        raise InputError(joined([f"{path}: {problem}" for problem in (*problems, found) if problem]))
    meaning, scale, values = found
    return Published(str(path), square.columns, values, meaning, scale, tuple(notes))


def _mirrored(values: Matrix) -> tuple[Matrix, list[str]]:
    """The matrix with an empty triangle filled from the other one."""
    above, below = (np.isnan(own[np.triu_indices(len(values), 1)]) for own in (values, values.T))
    if above.all() == below.all():
        return values, []
    full = values.T if above.all() else values
    side = "above" if above.all() else "below"
    own = np.triu(full) + np.triu(full, 1).T
    return own, [f"the empty half {side} the diagonal was filled from the other one"]


def _gaps(square: Square, values: Matrix) -> list[str]:
    """Pairs without a finite value. The diagonal may be empty as a whole."""
    unknown = ~np.isfinite(values)
    if np.isnan(values.diagonal()).all():
        np.fill_diagonal(unknown, False)
    places = np.argwhere(unknown).tolist()
    return listed([f"no finite value for {square.columns[i]!r} and {square.columns[j]!r}" for i, j in places])


def _asymmetry(square: Square, values: Matrix) -> list[str]:
    off = np.abs(values - values.T)
    size = np.nanmax(np.abs(values))
    wrong = [(i, j) for i, j in np.argwhere(off > ROUNDING * size).tolist() if i < j]
    wrong.sort(key=lambda place: -off[place])
    return listed(
        [
            f"not symmetric: {square.columns[i]!r} and {square.columns[j]!r} have {values[i, j]:.6g} in the row of the "
            f"first, {values[j, i]:.6g} in that of the second"
            for i, j in wrong
        ]
    )


def _meaning(square: Square, values: Matrix, asked: str, notes: list[str]) -> tuple[Kind, float, Matrix] | str:
    """What the values are, what they are divided by, and the divided values; or what is wrong."""
    own, others = values.diagonal(), values[~np.eye(len(values), dtype=bool)]
    size = float(np.abs(others).max())
    if np.ptp(others) <= 1e-12 * size:
        return "all pairs have the same value, so there is nothing to analyse"
    empty, zeros = bool(np.isnan(own).all()), bool((np.abs(own) <= ROUNDING * size).all())
    if asked == "auto" and empty:
        return "the diagonal is empty, so it cannot tell similarities from dissimilarities; say which with --kind"
    if asked == "dissimilarity" or (asked == "auto" and zeros):
        return _distances(square, values, empty or zeros, notes)
    if empty or zeros:
        if others.max() > 1 + ROUNDING:
            return f"similarities up to {others.max():.4g} and no diagonal to scale them by; divide them first"
        values = values.copy()
        np.fill_diagonal(values, 1.0)
        notes.append(f"the diagonal of {'blanks' if empty else 'zeros'} was set to 1")
        return "similarity", 1.0, values
    top = float(own.max())
    if asked == "auto" and (top < ONES or own.min() < ONES * top):
        return (
            f"the diagonal runs from {own.min():.4g} to {top:.4g}: these are not zeros, not ones and not one common "
            "maximum; say with --kind what the values are, and divide covariances by both standard deviations first"
        )
    scale = top if top > 1 + 1e-3 else 1.0
    place = np.unravel_index(int(np.where(np.eye(len(values), dtype=bool), -np.inf, values).argmax()), values.shape)
    if values[place] > max(top, scale) * (1 + ROUNDING):
        one, other = (square.columns[int(i)] for i in place)
        return (
            f"{one!r} and {other!r} have {values[place]:.6g}, more than the diagonal's {top:.6g}, so these are no "
            "similarities; --kind dissimilarity if they are distances"
        )
    if scale != 1:
        notes.append(f"values were divided by the diagonal's maximum, {scale:.6g}")
    return "similarity", scale, values / scale


def _distances(
    square: Square, values: Matrix, zeros: bool, notes: list[str]
) -> tuple[Literal["dissimilarity"], float, Matrix] | str:
    places = np.argwhere(np.triu(values, 1) < -ROUNDING * np.nanmax(np.abs(values)))
    if len(places):
        one, other = (square.columns[int(i)] for i in places[0])
        return f"{one!r} and {other!r} have {values[tuple(places[0])]:.6g}; dissimilarities are not negative"
    if not zeros:
        return "the diagonal is not 0, so these are no dissimilarities; --kind similarity if they are similarities"
    values = np.maximum(values, 0)
    np.fill_diagonal(values, 0)
    return "dissimilarity", 1.0, values
