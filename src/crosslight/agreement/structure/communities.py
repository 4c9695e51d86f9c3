"""Communities of sets by Louvain, over many seeds and resolutions: what does not hang on either choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import squareform

from ...core.errors import InputError
from ...core.seeds import seed_for
from .matrices import complete
from .partitions import adjusted_rand_matrix, canonical
from .resampling import Spread, pair_values, resampled_dissimilarities, strata_of

STEPS = 41  # resolutions from one community to none


@dataclass(frozen=True)
class Resolution:
    """Louvain at one resolution from many seeds.

    Attributes:
        resolution: gamma; more communities as it grows.
        partition: ``[set]``: the partition that most seeds give, communities numbered in the order of the sets.
        share: part of the seeds that give it.
        partitions: how many different partitions the seeds give.
        stability: mean adjusted Rand index between two runs; 1 where all seeds agree.
        together: ``[set, set]``: part of the runs in which two sets are in one community; 1 on the diagonal.
    """

    resolution: float
    partition: NDArray[np.int64]
    share: float
    partitions: int
    stability: float
    together: NDArray[np.float64]

    @property
    def communities(self) -> int:
        """Number of communities in the most frequent partition."""
        return int(self.partition.max()) + 1


@dataclass(frozen=True)
class Plateau:
    """Neighbouring resolutions at each of which more than half of the seeds give the same partition.

    Attributes:
        low: first resolution.
        high: last resolution.
        resolutions: how many resolutions lie on it.
        partition: ``[set]``: the partition.
        share: smallest share of seeds on the plateau.
        stability: smallest stability on it.
    """

    low: float
    high: float
    resolutions: int
    partition: NDArray[np.int64]
    share: float
    stability: float

    @property
    def trivial(self) -> bool:
        """Whether there are not two communities of two sets or more."""
        return int((np.bincount(self.partition) > 1).sum()) < 2


@dataclass(frozen=True)
class Communities:
    """Louvain communities over seeds and resolutions.

    Attributes:
        resolutions: one entry per resolution, ascending.
        plateaus: ascending; resolutions without a partition of more than half of the seeds are on none.
        seeds: runs at each resolution.
        cut: pairs of sets with a dissimilarity above 1, which have no tie: modularity knows no negative weights.
    """

    resolutions: tuple[Resolution, ...]
    plateaus: tuple[Plateau, ...]
    seeds: int
    cut: int

    @property
    def longest(self) -> Plateau | None:
        """The plateau of most resolutions that is not trivial; of equal ones the steadiest; None without any."""
        some = [one for one in self.plateaus if not one.trivial]
        return max(some, key=lambda one: (one.resolutions, one.stability, one.share), default=None)

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types."""
        return {
            "seeds": self.seeds,
            "cut": self.cut,
            "resolutions": [
                {name: getattr(one, name) for name in ("resolution", "share", "partitions", "stability", "communities")}
                | {"partition": one.partition.tolist(), "together": one.together.tolist()}
                for one in self.resolutions
            ],
            "plateaus": [
                {name: getattr(one, name) for name in ("low", "high", "resolutions", "share", "stability", "trivial")}
                | {"partition": one.partition.tolist()}
                for one in self.plateaus
            ],
        }


def louvain(weights: NDArray[np.float64], resolution: float, seeds: Sequence[int]) -> NDArray[np.int64]:
    """Louvain communities in networkx, one run per seed.

    Args:
        weights: ``[set, set]``, symmetric, non-negative; 0 is no tie, and the diagonal is a set's tie to itself.
        resolution: gamma of the modularity.
        seeds: one for each run.

    Returns:
        ``[run, set]``: community of each set, numbered from 0 in the order of the sets.

    Source:
        Blondel et al., "Fast unfolding of communities in large networks", J. Stat. Mech. P10008, 2008.
    """
    import networkx as nx

    graph = nx.from_numpy_array(weights)
    found = np.empty((len(seeds), len(weights)), np.int64)
    for run, seed in enumerate(seeds):
        for number, members in enumerate(nx.community.louvain_communities(graph, resolution=resolution, seed=seed)):
            found[run, list(members)] = number
        found[run] = canonical(found[run])
    return found


def communities(
    dissimilarity: NDArray[np.float64],
    *,
    resolutions: Sequence[float] | None = None,
    seeds: int = 100,
    seed: int = 0,
) -> Communities:
    """Louvain on ``1 - dissimilarity`` from many seeds at many resolutions.

    Args:
        dissimilarity: ``[set, set]``, symmetric, non-negative, finite. The diagonal is not read; ties of a set with
            itself are left out.
        resolutions: resolutions to try; those of `resolution_window` if None.
        seeds: runs at each.
        seed: which the runs' seeds are made from.

    Returns:
        The communities; the same whatever the order of the sets, as long as no two have equal ties. A plateau says
        that the partition does not hang on seed and resolution; whether it hangs on the images, `community_support`
        says, and whether it is more than chance, neither.

    Raises:
        InputError: the matrix is not square and finite, no two sets have a tie, or there is nothing to run.
    """
    distances = complete(dissimilarity, diagonal=1.0)
    weights = np.maximum(1 - distances, 0)
    if not weights.any():
        raise InputError("no two sets have a dissimilarity below 1, so there is nothing to make communities of")
    tried = resolution_window(weights) if resolutions is None else sorted(resolutions)
    if not tried or seeds < 1 or tried[0] <= 0:
        raise InputError("communities need one positive resolution and one seed or more")
    # Louvain visits sets in an order made from their positions: by strength, positions are the matrix's own.
    order = np.lexsort(np.sort(weights, axis=1).T)
    numbers = [seed_for(seed, "louvain", run) for run in range(seeds)]
    runs = []
    for resolution in tried:
        found = np.empty((seeds, len(weights)), np.int64)
        found[:, order] = louvain(weights[np.ix_(order, order)], resolution, numbers)
        runs.append(_summary(resolution, np.stack([canonical(own) for own in found])))
    return Communities(tuple(runs), _plateaus(runs), seeds, int((distances > 1).sum()) // 2)


def community_support(
    per_image: NDArray[np.float64],
    resolution: float,
    *,
    kind: Spread = "spread",
    resamples: int = 200,
    strata: ArrayLike | None = None,
    seed: int = 0,
) -> NDArray[np.float64]:
    """How often two sets are in one community when the images are drawn again, each time with another seed.

    Args:
        per_image: ``[image, set, set]``: similarities, symmetric, finite.
        resolution: gamma of the modularity, such as one in the middle of `Communities.longest`.
        kind: the dissimilarity, ``spread`` for ``sqrt((1 - mean)^2 + sd^2)`` or ``mean`` for ``1 - mean``.
        resamples: number of resamples of the images.
        strata: ``[image]``: classes of the images, drawn from separately; one stratum if None.
        seed: of the resampling and of Louvain.

    Returns:
        ``[set, set]``: part of the resamples; 1 on the diagonal.

    Raises:
        InputError: shapes do not fit or values are missing.
    """
    pairs = pair_values(per_image)
    random = np.random.default_rng(seed_for(seed, "community support"))
    together = np.zeros(per_image.shape[1:])
    run = 0
    layers = strata_of(strata, len(pairs))
    for block in resampled_dissimilarities(pairs, resamples=resamples, random=random, kind=kind, strata=layers):
        for values in block:
            weights = squareform(np.maximum(1 - values, 0))
            own = louvain(weights, resolution, [seed_for(seed, "louvain", run)])[0]
            together += own[:, None] == own
            run += 1
    return np.asarray(together / resamples)


def resolution_window(weights: NDArray[np.float64], steps: int = STEPS) -> list[float]:
    """Resolutions between which communities change at all.

    Args:
        weights: ``[set, set]``, symmetric, non-negative, diagonal 0, not all 0.
        steps: how many.

    Returns:
        Ascending quantiles of ``w_ij 2m / (k_i k_j)``, with k the sum of a set's weights and 2m that of all. Two sets
        gain by being together while the resolution is below it: below the lowest of any pair with a tie, only pairs
        without one keep communities apart; above the highest, each set is alone. From one resolution to the next the
        same number of pairs turns over, whatever the scale of the weights.
    """
    strength = weights.sum(axis=1)
    expected = np.outer(strength, strength) / strength.sum()
    tied = weights > 0
    ratio = weights[tied] / expected[tied]
    return sorted(set(np.quantile(ratio, np.linspace(0, 1, steps)).tolist()))


def _summary(resolution: float, found: NDArray[np.int64]) -> Resolution:
    different, counts = np.unique(found, axis=0, return_counts=True)
    runs = len(found)
    most = int(np.argmax(counts))
    rand = adjusted_rand_matrix(different)
    ordered = float(counts @ rand @ counts) - runs  # a run is not compared with itself
    stability = ordered / (runs * (runs - 1)) if runs > 1 else 1.0
    same = different[:, :, None] == different[:, None, :]
    together = np.tensordot(counts, same, axes=1) / runs
    return Resolution(
        float(resolution), different[most], float(counts[most] / runs), len(different), stability, together
    )


def _plateaus(runs: Sequence[Resolution]) -> tuple[Plateau, ...]:
    stretches: list[list[Resolution]] = [[]]
    for run in runs:
        if run.share <= 0.5:
            stretches.append([])
        elif stretches[-1] and np.array_equal(stretches[-1][-1].partition, run.partition):
            stretches[-1].append(run)
        else:
            stretches.append([run])
    return tuple(
        Plateau(
            own[0].resolution,
            own[-1].resolution,
            len(own),
            own[0].partition,
            min(run.share for run in own),
            min(run.stability for run in own),
        )
        for own in stretches
        if own
    )
