"""Sets as points in the plane: principal components, principal coordinates, and how sure the points are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import pdist, squareform

from ...core.errors import InputError
from ...core.seeds import seed_for
from .matrices import complete
from .resampling import Spread, dissimilarity_of, pair_values, resampled_dissimilarities, strata_of


@dataclass(frozen=True)
class Ordination:
    """Sets as points.

    Attributes:
        points: ``[set, axis]``, centred. On each axis the coordinate farthest from 0 is positive.
        explained: ``[axis]``: share of the variance; of the positive eigenvalues' sum for principal coordinates.
        eigenvalues: all, descending. Negative ones say that no points in any space have these distances.
        negative: sum of the negative eigenvalues' magnitudes as a share of all magnitudes.
        stress: Kruskal's stress 1: root of the squared errors of the drawn distances over the squared distances; 0 is
            faithful, above 0.2 poor.
    """

    points: NDArray[np.float64]
    explained: NDArray[np.float64]
    eigenvalues: NDArray[np.float64]
    negative: float
    stress: float

    def to_dict(self) -> dict[str, Any]:
        """The points in JSON's own types."""
        return {
            "points": self.points.tolist(),
            "explained": self.explained.tolist(),
            "eigenvalues": self.eigenvalues.tolist(),
            "negative": self.negative,
            "stress": self.stress,
        }


@dataclass(frozen=True)
class Ellipses:
    """Where the points would lie with other images of this kind.

    Attributes:
        ordination: the map over all images, two axes.
        centre: ``[set, 2]``: mean of the resampled points.
        covariance: ``[set, 2, 2]`` of the resampled points.
        radii: ``[set, 2]``: half axes of the ellipse, longest first.
        angle: ``[set]``: of the longest axis to the first coordinate, in radians, in [0, pi).
        level: coverage, for each point by itself.
        resamples: number of resamples of the images.
    """

    ordination: Ordination
    centre: NDArray[np.float64]
    covariance: NDArray[np.float64]
    radii: NDArray[np.float64]
    angle: NDArray[np.float64]
    level: float
    resamples: int

    def to_dict(self) -> dict[str, Any]:
        """The ellipses in JSON's own types."""
        return self.ordination.to_dict() | {
            "centre": self.centre.tolist(),
            "radii": self.radii.tolist(),
            "angle": self.angle.tolist(),
            "level": self.level,
            "resamples": self.resamples,
        }


def pca(similarity: NDArray[np.float64], components: int = 2) -> Ordination:
    """Principal components of the rows of ``1 - similarity``, columns centred and not scaled.

    Args:
        similarity: ``[set, set]``, finite, diagonal included.
        components: number of axes.

    Returns:
        The map. Sets are near where they stand alike to all the others; `pcoa` draws the dissimilarities themselves.

    Raises:
        InputError: values are missing, or there are fewer sets than axes.

    Source:
        The reference thesis on CNN against transformer explanations.
    """
    rows = 1 - _checked(complete(similarity, diagonal=None), components)
    rows -= rows.mean(axis=0)
    left, lengths, _ = np.linalg.svd(rows, full_matrices=False)
    points = _signed(left[:, :components] * lengths[:components])
    variance = lengths**2 / max(len(rows) - 1, 1)
    total = variance.sum()
    explained = variance[:components] / total if total > 0 else np.zeros(components)
    return Ordination(points, explained, variance, 0.0, _stress(pdist(rows), points))


def pcoa(dissimilarity: NDArray[np.float64], components: int | None = 2) -> Ordination:
    """Principal coordinates (classical multidimensional scaling).

    Args:
        dissimilarity: ``[set, set]``, symmetric, finite. The diagonal is taken as 0.
        components: number of axes; as many as there are positive eigenvalues, at least one, if None.

    Returns:
        The map. Axes beyond the positive eigenvalues hold zeros.

    Raises:
        InputError: values are missing, or there are fewer sets than axes.

    Source:
        Gower, "Some distance properties of latent root and vector methods", Biometrika 53, 1966.
    """
    distances = _checked(complete(dissimilarity), components or 1)
    values, vectors = np.linalg.eigh(_gram(distances))
    values, vectors = values[::-1], vectors[:, ::-1]
    values = np.where(np.abs(values) <= 1e-12 * np.abs(values).max(initial=0), 0.0, values)
    axes = max(int((values > 0).sum()), 1) if components is None else components
    points = _signed(vectors[:, :axes] * np.sqrt(np.maximum(values[:axes], 0)))
    positive, total = values[values > 0].sum(), np.abs(values).sum()
    explained = np.maximum(values[:axes], 0) / positive if positive > 0 else np.zeros(axes)
    negative = float(np.abs(values[values < 0]).sum() / total) if total > 0 else 0.0
    return Ordination(points, explained, values, negative, _stress(squareform(distances, checks=False), points))


def bootstrap_ellipses(
    per_image: NDArray[np.float64],
    *,
    kind: Spread = "spread",
    level: float = 0.95,
    resamples: int = 2000,
    strata: ArrayLike | None = None,
    seed: int = 0,
) -> Ellipses:
    """Principal coordinates under resamples of the images, turned onto those of all images.

    Args:
        per_image: ``[image, set, set]``: similarities, symmetric, finite; three sets or more.
        kind: the dissimilarity, ``spread`` for ``sqrt((1 - mean)^2 + sd^2)`` or ``mean`` for ``1 - mean``.
        level: coverage in (0, 1).
        resamples: number of resamples, two or more.
        strata: ``[image]``: classes of the images, drawn from separately; one stratum if None.
        seed: of the resampling.

    Returns:
        The map with an ellipse for each set, from the normal distribution with the mean and covariance of its
        resampled points. Resampled maps are turned and mirrored, not scaled, to fit best (orthogonal Procrustes).

    Raises:
        InputError: shapes do not fit or values are missing.

    Source:
        Schonemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31, 1966.
    """
    if not 0 < level < 1 or resamples < 2:
        raise InputError("ellipses need a level between 0 and 1 and two resamples or more")
    pairs = pair_values(per_image)
    full = pcoa(squareform(dissimilarity_of(pairs, kind)))
    random = np.random.default_rng(seed_for(seed, "ellipses"))
    clouds = []
    layers = strata_of(strata, len(pairs))
    for block in resampled_dissimilarities(pairs, resamples=resamples, random=random, kind=kind, strata=layers):
        for part in np.array_split(block, -(-len(block) // 500)):
            clouds.append(_turned(_plane(part), full.points))
    cloud = np.concatenate(clouds)
    centre = cloud.mean(axis=0)
    off = cloud - centre
    covariance = np.einsum("rsi,rsj->sij", off, off) / (resamples - 1)
    values, vectors = np.linalg.eigh(covariance)
    radii = np.sqrt(np.maximum(values[:, ::-1], 0) * -2 * np.log1p(-level))  # chi square, 2 df
    angle = np.arctan2(vectors[:, 1, 1], vectors[:, 0, 1]) % np.pi
    return Ellipses(full, centre, covariance, radii, angle, level, resamples)


def _checked(matrix: NDArray[np.float64], components: int) -> NDArray[np.float64]:
    if not 1 <= components <= len(matrix):
        raise InputError(f"{len(matrix)} sets have at most {len(matrix)} axes, not {components}")
    return matrix


def _gram(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inner products about the centre that points with these distances have, ``[..., set, set]``."""
    squares = -0.5 * distances**2
    rows = squares.mean(axis=-1, keepdims=True)
    return np.asarray(squares - rows - np.swapaxes(rows, -1, -2) + rows.mean(axis=-2, keepdims=True))


def _plane(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first two principal coordinates of many matrices: ``[matrix, pair]`` to ``[matrix, set, 2]``."""
    values, vectors = np.linalg.eigh(_gram(np.stack([squareform(own) for own in pairs])))
    points: NDArray[np.float64] = vectors[:, :, :-3:-1] * np.sqrt(np.maximum(values[:, None, :-3:-1], 0))
    return points


def _turned(points: NDArray[np.float64], onto: NDArray[np.float64]) -> NDArray[np.float64]:
    """Maps turned and mirrored so that they lie nearest to another."""
    left, _, right = np.linalg.svd(np.swapaxes(points, 1, 2) @ onto)
    return np.asarray(points @ (left @ right))


def _signed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    farthest = points[np.abs(points).argmax(axis=0), np.arange(points.shape[1])]
    return points * np.where(farthest < 0, -1.0, 1.0)


def _stress(distances: NDArray[np.float64], points: NDArray[np.float64]) -> float:
    total = float((distances**2).sum())
    return float(np.sqrt(((distances - pdist(points)) ** 2).sum() / total)) if total > 0 else 0.0
