"""How well the images support each branch of a tree: bootstrap probability and approximately unbiased p-value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform
from scipy.special import chdtrc, ndtr, ndtri

from ...core.errors import InputError
from ...core.plain import plain
from ...core.seeds import seed_for
from .resampling import Spread, dissimilarity_of, pair_values, resampled_dissimilarities, sizes_at, strata_of
from .trees import Linkage, Tree, branches, build_tree

#: sizes of a resample as shares of the number of images
SCALES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
RARE = 1e-3  # probabilities nearer to 0 or 1 than this have no usable normal quantile


@dataclass(frozen=True)
class ScaleFit:
    """The scaling law of bootstrap probabilities, one entry per branch.

    Attributes:
        au: approximately unbiased p-value: 1 for a branch that the images support without doubt.
        au_error: standard error of `au` from the number of resamples; 0 where nothing was fitted.
        distance: v, signed distance from the boundary between having the branch and not; negative inside.
        curvature: c, of that boundary; NaN, as `distance`, where nothing was fitted.
        fit: p-value of the lack of fit (chi square of the weighted residuals); NaN with fewer than three usable
            scales. A small value says that the law does not hold and `au` is not to be trusted.
    """

    au: NDArray[np.float64]
    au_error: NDArray[np.float64]
    distance: NDArray[np.float64]
    curvature: NDArray[np.float64]
    fit: NDArray[np.float64]


@dataclass(frozen=True)
class Support:
    """A tree with the support of its branches. Arrays have one entry per row of the tree's linkage.

    The support is about the images: would other pictures of this kind give the same branch? It says nothing about
    other models. The last branch, the root, is always there.

    Attributes:
        tree: the tree over all images.
        members: ``[branch, set]``: which sets of `Tree.labels` hang on the branch.
        bp: bootstrap probability: share of resamples, of as many images, whose tree has just these sets on a branch.
        law: the scaling law, with `ScaleFit.au`.
        scales: size of the resamples of each scale as a share of the number of images, as drawn.
        probabilities: ``[scale, branch]``: bootstrap probability at each scale.
        resamples: number of resamples at each scale.
    """

    tree: Tree
    members: NDArray[np.bool_]
    bp: NDArray[np.float64]
    law: ScaleFit
    scales: tuple[float, ...]
    probabilities: NDArray[np.float64]
    resamples: int

    @property
    def au(self) -> NDArray[np.float64]:
        """Approximately unbiased p-value of each branch."""
        return self.law.au

    def to_dict(self) -> dict[str, Any]:
        """The support in JSON's own types, NaN as None."""
        law = {name: plain(getattr(self.law, name)) for name in ("au", "au_error", "distance", "curvature", "fit")}
        return {
            "tree": self.tree.to_dict(),
            "members": [[self.tree.labels[i] for i in np.flatnonzero(row)] for row in self.members],
            "bp": plain(self.bp),
            **law,
            "scales": list(self.scales),
            "resamples": self.resamples,
        }


def branch_support(
    per_image: NDArray[np.float64],
    labels: Sequence[str],
    method: Linkage = "average",
    *,
    kind: Spread = "spread",
    scales: Sequence[float] = SCALES,
    resamples: int = 10_000,
    strata: ArrayLike | None = None,
    seed: int = 0,
) -> Support:
    """Draw the images again, build the tree again, and count how often each branch comes back.

    Args:
        per_image: ``[image, set, set]``: similarities, symmetric, finite.
        labels: names of the sets, unique.
        method: the linkage.
        kind: the dissimilarity, ``spread`` for ``sqrt((1 - mean)^2 + sd^2)`` or ``mean`` for ``1 - mean``.
        scales: sizes of a resample as shares of the number of images; 1 must be one of them, for `Support.bp`.
        resamples: resamples at each scale.
        strata: ``[image]``: classes of the images, drawn from separately; one stratum if None.
        seed: of the resampling.

    Returns:
        The support. The images drawn do not depend on the sets.

    Raises:
        InputError: shapes do not fit, values are missing, or 1 is not among the scales.

    Source:
        Felsenstein, "Confidence limits on phylogenies", Evolution 39, 1985 (BP); Shimodaira, "An approximately
        unbiased test of phylogenetic tree selection", Systematic Biology 51, 2002 (AU). AU corrects BP for the
        curvature of the boundary, not for the branch having been chosen by looking at the same images.
    """
    if 1 not in scales or min(scales) <= 0 or resamples < 1:
        raise InputError("support needs one resample or more, positive scales, and 1 among the scales")
    pairs = pair_values(per_image)
    tree = build_tree(squareform(dissimilarity_of(pairs, kind)), labels, method)
    members = branches(tree)
    wanted = _bits(members)
    layers = strata_of(strata, len(pairs))
    found = np.zeros((len(scales), len(wanted)))
    for row, scale in enumerate(scales):
        random = np.random.default_rng(seed_for(seed, "branch support", repr(float(scale))))
        blocks = resampled_dissimilarities(
            pairs, resamples=resamples, random=random, scale=scale, kind=kind, strata=layers
        )
        for block in blocks:
            for part in np.array_split(block, -(-len(block) // 1000)):
                links = np.stack([linkage(values, method) for values in part])
                found[row] += _contains(tree_bits(links), wanted).sum(axis=0)
    probabilities = found / resamples
    drawn = tuple(sum(sizes_at(scale, layers)) / len(pairs) for scale in scales)
    law = fit_scaling_law(probabilities, drawn, resamples)
    bp = probabilities[list(scales).index(1)]
    return Support(tree, members, bp, law, drawn, probabilities, resamples)


def fit_scaling_law(probabilities: NDArray[np.float64], scales: Sequence[float], resamples: int) -> ScaleFit:
    """Fit ``Phi^-1(1 - BP) = v sqrt(r) + c / sqrt(r)`` and read off ``AU = 1 - Phi(v - c)``.

    Args:
        probabilities: ``[scale, branch]``: bootstrap probabilities, in [0, 1].
        scales: r: sizes of the resamples as shares of the number of images.
        resamples: number of resamples at each scale.

    Returns:
        The fit by weighted least squares with the binomial variances. Scales at which the probability is nearer
        than 0.001 to 0 or 1 are left out; where fewer than two remain, AU is 1 if the probabilities are above
        one half on average, otherwise 0.

    Source:
        Shimodaira, Systematic Biology 51, 2002; Suzuki and Shimodaira, "Pvclust", Bioinformatics 22, 2006.
    """
    root = np.sqrt(np.asarray(scales, np.float64))
    design = np.stack([root, 1 / root], axis=1)
    branch_count = probabilities.shape[1]
    au = (probabilities.mean(axis=0) > 0.5).astype(np.float64)
    error = np.zeros(branch_count)
    distance, curvature, fit = np.full((3, branch_count), np.nan)
    for branch in range(branch_count):
        bp = probabilities[:, branch]
        usable = (bp >= RARE) & (bp <= 1 - RARE)
        if usable.sum() < 2 or len(set(root[usable])) < 2:
            continue
        bp, own = bp[usable], design[usable]
        z = -ndtri(bp)
        density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        weights = resamples * density**2 / (bp * (1 - bp))  # delta method: variance of z is BP (1 - BP) / B phi(z)^2
        covariance = np.linalg.inv(own.T @ (weights[:, None] * own))
        v, c = covariance @ (own.T @ (weights * z))
        residual = float((weights * (z - own @ [v, c]) ** 2).sum())
        au[branch] = ndtr(c - v)
        slope = np.exp(-0.5 * (v - c) ** 2) / np.sqrt(2 * np.pi)
        error[branch] = slope * np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
        distance[branch], curvature[branch] = v, c
        if usable.sum() > 2:
            fit[branch] = chdtrc(usable.sum() - 2, residual)
    return ScaleFit(au, error, distance, curvature, fit)


def tree_bits(links: NDArray[np.float64]) -> NDArray[np.uint64]:
    """The clusters of many trees as sets of bits.

    Args:
        links: ``[tree, sets - 1, 4]``: linkages as SciPy writes them.

    Returns:
        ``[tree, sets - 1, word]``: bit i of the words, taken together, is set where set i hangs on the branch.
    """
    trees, merges = links.shape[:2]
    nodes = np.zeros((trees, 2 * merges + 1, merges // 64 + 1), np.uint64)
    nodes[:, : merges + 1] = _bits(np.eye(merges + 1, dtype=bool))
    children = links[:, :, :2].astype(np.intp)
    every = np.arange(trees)
    for merge in range(merges):
        nodes[:, merges + 1 + merge] = nodes[every, children[:, merge, 0]] | nodes[every, children[:, merge, 1]]
    return nodes[:, merges + 1 :]


def _bits(members: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Rows of booleans as words of 64 bits, ``[row, word]``."""
    sets = members.shape[1]
    words = (sets - 1) // 64 + 1
    padded = np.zeros((len(members), words * 64), bool)
    padded[:, :sets] = members
    powers = np.uint64(1) << np.arange(64, dtype=np.uint64)
    valued = np.where(padded.reshape(len(members), words, 64), powers, np.uint64(0))
    return np.asarray(valued.sum(axis=2, dtype=np.uint64))


def _contains(trees: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether each tree has each cluster: ``[tree, branch, word]`` and ``[cluster, word]`` to ``[tree, cluster]``."""
    return np.asarray((trees[:, :, None, :] == wanted).all(axis=3).any(axis=1))
