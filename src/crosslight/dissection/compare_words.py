"""A comparison of models in sentences with their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from math import isfinite, isnan

from .compare import ABSTRACT, CATEGORIES, Comparison, LayerCounts, ModelCounts, expected_unique

#: concepts that a sentence names at most
NAMED = 5


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """What there is to find in a comparison: how many concepts, which of them shared, which kinds, at which depth.

    Args:
        comparison: of one model or more.
    """
    models = comparison.models
    found = [_unique(models), *_overlaps(comparison), *_kinds(models), *(_depth(one) for one in models)]
    found += [_most(one) for one in models]
    if comparison.folded:
        found.append(f"Folding brought {_count(comparison.folded, 'concept')} together with others.")
    return tuple(text for text in found if text)


def _unique(models: Sequence[ModelCounts]) -> str:
    parts = [
        f"{one.model} detects {_count(one.overall.unique, 'different concept')} "
        f"with {one.overall.labelled:,} labelled of {_count(one.overall.units, 'unit')}"
        for one in models
    ]
    text = "; ".join(parts) + "."
    numbers = [one.overall.labelled for one in models]
    fewest = min(numbers)
    if len(models) > 1 and len(set(numbers)) > 1 and fewest > 0:
        drawn = [f"{one.model} {expected_unique(one.overall.concepts, fewest):.0f}" for one in models]
        text += f" Among {fewest:,} labelled units each, that would be {', '.join(drawn)}."
    return text


def _overlaps(comparison: Comparison) -> Iterator[str]:
    own = {one.model: one.overall.unique for one in comparison.models}
    for pair in comparison.overlaps:
        if isnan(pair.jaccard):
            continue
        shared = len(pair.shared)
        alone = own[pair.first] - shared
        yield (
            f"{pair.first} and {pair.second} share {_count(shared, 'concept')} ({100 * pair.jaccard:.0f} % of all "
            f"that either has): {alone:,} {'is' if alone == 1 else 'are'} found in {pair.first} alone, "
            f"{own[pair.second] - shared:,} in {pair.second} alone."
        )


def _kinds(models: Sequence[ModelCounts]) -> Iterator[str]:
    """Of every two models the number of scene detectors, and the category that differs most where that is another."""
    for first, second in combinations(models, 2):
        a, b = first.overall, second.overall
        names = [name for name in CATEGORIES if name in a.categories or name in b.categories]
        if not names:
            continue
        by_difference = sorted(names, key=lambda name: -abs(_rate(a, name) - _rate(b, name)))
        shown = (["scene"] if "scene" in names else []) + [name for name in by_difference[:1] if name != "scene"]
        for name in shown:
            yield f"{first.model} has {_detectors(a, name)}, {second.model} {_detectors(b, name)}."


def _rate(layer: LayerCounts, name: str) -> float:
    return layer.categories.get(name, 0) / max(1, layer.units)


def _detectors(layer: LayerCounts, name: str) -> str:
    number, share = layer.categories.get(name, 0), 100 * _rate(layer, name)
    return f"{_count(number, f'{name} detector')} among {_count(layer.units, 'unit')} ({share:.0f} %)"


def _depth(one: ModelCounts) -> str:
    """How the share of objects and scenes goes from the first layer to the last."""
    known = [layer for layer in one.layers if isfinite(layer.share(*ABSTRACT))]
    if len(known) < 2:
        return ""
    shares = [f"{100 * layer.share(*ABSTRACT):.0f} % in {layer.name}" for layer in known]
    return (
        f"Of {one.model}'s labelled units, objects and scenes are {', '.join(shares[:-1])} and {shares[-1]}: "
        f"{_rise(known)}."
    )


def _rise(layers: Sequence[LayerCounts]) -> str:
    values = [layer.share(*ABSTRACT) for layer in layers]
    steps = [after - before for before, after in pairwise(values)]
    if all(step >= 0 for step in steps) and any(step > 0 for step in steps):
        return "more of them the deeper the layer"
    if all(step <= 0 for step in steps) and any(step < 0 for step in steps):
        return "fewer of them the deeper the layer"
    return "no steady change with depth"


def _most(one: ModelCounts) -> str:
    often = [(concept, number) for concept, number in one.overall.concepts.items() if number > 1][:NAMED]
    if not often:
        return ""
    listed = ", ".join(f"{concept} ({number:,})" for concept, number in often)
    return f"Most detected by {one.model}: {listed}."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
