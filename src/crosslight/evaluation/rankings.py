"""How metrics rank methods, and how far they agree about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.means import known_mean
from ..core.plain import plain

#: fewer methods than this have too few orders for agreement to mean much
FEW = 4
#: mean tau from which metrics are said to agree
AGREE = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """One metric as it enters a ranking.

    Attributes:
        metric: its name.
        group: what it is about, such as ``localisation``.
        higher: whether larger values are better.
        values: ``[method, model, image]``, NaN where there is none; all metrics have the same axes.
    """

    metric: str
    group: str
    higher: bool
    values: NDArray[np.floating]


@dataclass(frozen=True)
class Rankings:
    """Ranks of methods under several metrics.

    Attributes:
        metrics, methods, models: labels of the axes.
        groups: what each metric is about.
        ranks: float64 ``[metric, method, model]``: 1 is the best; methods with one mean share the mean of their ranks;
            NaN for a method without values.
        low, high: bounds of the percentile bootstrap interval of the ranks.
        images: int64 ``[metric, model]``: the images that every ranked method has a value of.
        tau: float64 ``[metric, metric]``: Kendall's tau-b of the methods' means, mean over models; NaN where no model
            has three methods.
        tau_low, tau_high: bounds of its interval.
        concordance: Kendall's W of all metrics, mean over models: 0 is no agreement at all, 1 is one order.
        between: by pair of groups, the mean tau between their metrics (of one group: among them), with its interval.
        bootstrap: ``level``, ``resamples`` and ``seed``.
    """

    metrics: tuple[str, ...]
    methods: tuple[str, ...]
    models: tuple[str, ...]
    groups: tuple[str, ...]
    ranks: Floats
    low: Floats
    high: Floats
    images: NDArray[np.int64]
    tau: Floats
    tau_low: Floats
    tau_high: Floats
    concordance: float
    between: Mapping[tuple[str, str], tuple[float, float, float]]
    bootstrap: Mapping[str, Any] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """How far metrics agree, one sentence for each pair of groups, and one for all."""
        said = [_sentence(first, second, *found) for (first, second), found in self.between.items()]
        said = [one for one in said if one]
        if not said:
            return []
        if np.isfinite(self.concordance):
            said.append(
                f"All {len(self.metrics)} metrics together: Kendall's W = {_short(self.concordance)}"
                " (1 is one order of the methods, 0 none)."
            )
        if len(self.methods) < FEW:
            said.append(f"With {len(self.methods)} methods an order may be alike by chance.")
        return said

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types, NaN as None."""
        names = ("metrics", "methods", "models", "groups", "ranks", "low", "high", "images", "tau", "tau_low")
        result = {name: plain(getattr(self, name)) for name in (*names, "tau_high", "concordance", "bootstrap")}
        result["between"] = [[*pair, *plain(list(found))] for pair, found in self.between.items()]
        result["sentences"] = self.sentences()
        return result

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Rankings:
        """Read back what `to_dict` gave."""
        texts: dict[str, Any] = {name: tuple(content[name]) for name in ("metrics", "methods", "models", "groups")}
        numbers: dict[str, Any] = {
            n: np.array(content[n], np.float64) for n in ("ranks", "low", "high", "tau", "tau_low", "tau_high")
        }
        return cls(
            **texts,
            **numbers,
            images=np.array(content["images"], np.int64),
            concordance=_number(content["concordance"]),
            between={(a, b): (_number(t), _number(low), _number(high)) for a, b, t, low, high in content["between"]},
            bootstrap=content["bootstrap"],
        )


def rankings(
    measured: Sequence[Measured],
    methods: Sequence[str],
    models: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> Rankings:
    """Rank methods by their mean over the images that all of them have a value of.

    Intervals are percentiles over resamples of the images, the same ones for all metrics, methods and models.

    Args:
        measured: metrics over the same methods, models and images.
        methods: labels.
        models: labels.
        level: coverage in (0, 1).
        resamples: number of resamples.
        seed: of the resampling.

    Source: Kendall 1945, "The treatment of ties in ranking problems" (tau-b); Kendall and Babington Smith 1939 (W),
        here corrected for ties.
    """
    count = measured[0].values.shape[-1]
    common = np.stack([_common(one) for one in measured])  # [metric, method, model, image]
    weights = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    draws = np.concatenate([np.ones((1, count)), weights])
    known = np.isfinite(common)
    total = np.where(known, common, 0) @ draws.T
    number = known.astype(float) @ draws.T
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.moveaxis(np.where(number > 0, total / number, np.nan), -1, 0)  # [draw, metric, method, model]
    ranks = _ranks(means)
    taus = known_mean(_taus(means), axis=-1)  # [draw, metric, metric]
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = _quantiles(ranks[1:], tails)
    tau_low, tau_high = _quantiles(taus[1:], tails)
    groups = tuple(one.group for one in measured)
    return Rankings(
        metrics=tuple(one.metric for one in measured),
        methods=tuple(methods),
        models=tuple(models),
        groups=groups,
        ranks=ranks[0],
        low=low,
        high=high,
        images=known.any(axis=1).sum(axis=-1),
        tau=taus[0],
        tau_low=tau_low,
        tau_high=tau_high,
        concordance=_concordance(ranks[0]),
        between=_between(taus, groups, tails),
        bootstrap={"level": level, "resamples": resamples, "seed": seed},
    )


def _common(one: Measured) -> Floats:
    """Signed so that larger is better, and known only where every method of the model that has values has one."""
    values = one.values.astype(np.float64) * (1 if one.higher else -1)
    known = np.isfinite(values)
    ranked = known.any(axis=-1, keepdims=True)
    whole = (known | ~ranked).all(axis=0, keepdims=True)
    return np.where(whole & known, values, np.nan)


def _ranks(means: Floats) -> Floats:
    """Rank over the third axis from the end but one, ``[..., method, model]``; the largest is 1, ties share."""
    with np.errstate(invalid="ignore"):
        above = (means[..., None, :, :] > means[..., :, None, :]).sum(axis=-2)
        same = (means[..., None, :, :] == means[..., :, None, :]).sum(axis=-2)
    return np.where(np.isfinite(means), above + (same + 1) / 2, np.nan)


def _taus(means: Floats) -> Floats:
    """Kendall's tau-b of every two metrics on every model: ``[draw, metric, metric, model]``."""
    methods = means.shape[2]
    first, second = np.triu_indices(methods, 1)
    sign = np.sign(means[:, :, first] - means[:, :, second])  # [draw, metric, pair, model]
    known = np.isfinite(sign)
    sign = np.where(known, sign, 0)
    both = np.einsum("dapm,dbpm->dabm", known.astype(float), known.astype(float))
    product = np.einsum("dapm,dbpm->dabm", sign, sign)
    own = np.einsum("dapm,dbpm->dabm", sign**2, known.astype(float))  # of a, where b is known, too
    scale = np.sqrt(own * np.swapaxes(own, 1, 2))
    enough = (both >= 3) & (scale > 0)  # three pairs are three methods
    return np.where(enough, product / np.where(scale > 0, scale, 1), np.nan)


def _concordance(ranks: Floats) -> float:
    """Kendall's W over metrics, mean over models; methods that a metric does not rank are left out there."""
    found = []
    for model in range(ranks.shape[2]):
        table = ranks[:, :, model]
        table = table[np.isfinite(table).any(axis=1)]
        table = table[:, np.isfinite(table).all(axis=0)]
        judges, things = table.shape
        if judges < 2 or things < 3:
            continue
        from scipy.stats import rankdata

        table = rankdata(table, axis=1)
        ties = sum(float((n**3 - n).sum()) for row in table for n in [np.unique(row, return_counts=True)[1]])
        spread = float(((table.sum(axis=0) - judges * (things + 1) / 2) ** 2).sum())
        most = judges**2 * (things**3 - things) - judges * ties
        if most > 0:
            found.append(12 * spread / most)
    return float(np.mean(found)) if found else float("nan")


def _between(
    taus: Floats, groups: Sequence[str], tails: Sequence[float]
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Mean tau between the metrics of two groups, or among those of one."""
    names = list(dict.fromkeys(groups))
    found = {}
    for at, one in enumerate(names):
        for other in names[at:]:
            pairs = [
                (a, b)
                for a, first in enumerate(groups)
                for b, second in enumerate(groups)
                if (first, second) == (one, other) and (one != other or a < b)
            ]
            if not pairs:
                continue
            values = known_mean(np.stack([taus[:, a, b] for a, b in pairs]), axis=0)
            low, high = _quantiles(values[1:], tails)
            found[one, other] = float(values[0]), float(low), float(high)
    return found


def _quantiles(values: Floats, tails: Sequence[float]) -> tuple[Any, Any]:
    """Over the first axis, NaN left out and where there is nothing else."""
    known = np.isfinite(values).any(axis=0)
    found = np.nanquantile(np.where(known, values, 0), tails, axis=0)
    return np.where(known, found[0], np.nan), np.where(known, found[1], np.nan)


def _sentence(first: str, second: str, tau: float, low: float, high: float) -> str:
    if not np.isfinite(tau):
        return ""
    whom = f"Metrics of {first}" if first == second else f"{first.capitalize()} and {second}"
    what = "agree" if tau >= AGREE else "agree in part" if tau > 0.1 else "disagree"
    what += " among themselves" if first == second else ""
    interval = f"95 % interval {_short(low)} to {_short(high)}"
    return f"{whom} {what} on the order of the methods: tau = {_short(tau)} ({interval})."


def _short(value: float) -> str:
    """Two decimals, without the zero before the point."""
    return "unknown" if not np.isfinite(value) else f"{value:.2f}".replace("0.", ".", 1)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
