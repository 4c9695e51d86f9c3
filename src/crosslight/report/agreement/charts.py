"""The charts of one method: ladder, pairs, consensus and what agreement goes with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...agreement.analysis import MethodAnalysis
from ...core.bootstrap import mean_interval
from ..figures.legend import looks
from ..summary import Pair
from ..words import number, p_value
from .dots import Dot, Dots, dots
from .kin_words import LOOKS, relation_words

#: pairs that are drawn; of more, the most and the least alike
PAIRS = 66
RESAMPLES = 2000

PROPERTIES = {
    "confidence": "how sure the models are",
    "correctness": "how many models are right",
    "same answer": "how often two models say the same",
    "complexity": "how complex the picture is",
}


def ladder_dots(method: MethodAnalysis, pairs: Sequence[Pair]) -> Dots | None:
    """From identical maps over seeds, lineages and groups down to chance, on one scale; None without a pair."""
    main, by = method.main, method.ladder.by
    if not pairs:
        return None
    rows = [Dot("identical maps", main.identical, look="end")] if np.isfinite(main.identical) else []
    for rung in method.ladder.rungs:
        rows.append(
            Dot(
                relation_words(rung.relation, by), rung.mean, rung.low, rung.high, floor=rung.floor,
                look=LOOKS[rung.relation], note=_count(rung.pairs, "pair"),
            )
        )  # fmt: skip
    floors = [pair.floor for pair in pairs if np.isfinite(pair.floor)]
    if not method.ladder.rungs:
        mean, floor = float(np.mean([pair.mean for pair in pairs])), float(np.mean(floors)) if floors else np.nan
        rows.append(Dot("two models", mean, floor=floor, look="unknown", note=_count(len(pairs), "pair")))
    if floors:
        rows.append(Dot("chance: maps of different images", float(np.mean(floors)), look="end"))
    return dots(rows, name=f"Ladder of similarity under {method.label}")


def pair_dots(method: MethodAnalysis, pairs: Sequence[Pair]) -> tuple[Dots | None, int]:
    """Every pair with its interval, floor and ceiling, the most alike first; and how many are left out between."""
    left = max(0, len(pairs) - PAIRS)
    shown = [*pairs[: PAIRS // 2], *pairs[len(pairs) - PAIRS // 2 :]] if left else pairs
    rows = [
        Dot(
            f"{pair.first} – {pair.second}", pair.mean, pair.low, pair.high, pair.floor, pair.ceiling,
            LOOKS.get(pair.relation, "unknown"), f"N = {pair.images:,}",
        )
        for pair in shown
    ]  # fmt: skip
    return dots(rows, name=f"Every pair of models under {method.label}"), left


def consensus_dots(method: MethodAnalysis, groups: Mapping[str, str] | None) -> Dots | None:
    """Each model's similarity to the consensus of the others, with intervals over images, the nearest first."""
    found = method.consensus
    if found is None:
        return None
    alive = np.isfinite(found.per_image).any(axis=0)
    rows = np.isfinite(found.per_image[:, alive]).all(axis=1)
    low, high = mean_interval(found.per_image[rows], resamples=RESAMPLES)
    look = looks((groups or {}).values())
    order = sorted(np.flatnonzero(np.isfinite(found.mean)).tolist(), key=lambda i: -found.mean[i])
    return dots(
        [
            Dot(
                found.sets[i], float(found.mean[i]), float(low[i]), float(high[i]), note=f"N = {found.count:,}",
                look=f"c{look[groups[found.sets[i]]].number % 7}" if groups else "unknown",
            )
            for i in order
        ],
        name=f"Similarity to the consensus of the others under {method.label}",
    )  # fmt: skip


def property_dots(method: MethodAnalysis) -> Dots | None:
    """Spearman's correlation of the agreement on each image with properties of the image; None without any."""
    rows = [
        Dot(
            PROPERTIES.get(one.name, one.name), one.correlation, one.low, one.high, look="plain",
            note=f"{p_value(one.p)}, N = {one.images:,}",
        )
        for one in method.properties
        if np.isfinite(one.correlation)
    ]  # fmt: skip
    return dots(rows, within=(-1, 1), zero=True, name=f"What agreement goes with under {method.label}")


def unknown_properties(method: MethodAnalysis) -> list[str]:
    """Properties of which nothing can be said, with the reason."""
    return [
        f"{PROPERTIES.get(one.name, one.name)}: "
        + ("the same for all images" if one.images > 7 else f"known for {one.images} images only")
        for one in method.properties
        if not np.isfinite(one.correlation)
    ]


def _count(value: int, what: str) -> str:
    return f"{number(value, 0)} {what}{'s' if value != 1 else ''}"
