"""Comparing what the units of several models detect: how many concepts, which are shared, and at which depth.

Concepts are counted as published reports do: the different labels of a layer's units, and *overall* the union over
layers, which is below their sum. Their number grows with the number of labelled units; `expected_unique` says how many
there would be among fewer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, lgamma
from pathlib import Path

from ..core.errors import InputError, UnknownNameError
from ..core.plain import Plain
from .folding import Fold
from .records import NONE, Dissection, Labelling

#: from what is near the pixels to what is near the answer, as Network Dissection orders them
CATEGORIES = ("color", "texture", "material", "part", "object", "scene")
#: spellings that are brought to those of `CATEGORIES`
_SPELT = {"colour": "color", "colors": "color", "colours": "color", "objects": "object", "parts": "part"}
_SPELT |= {"scenes": "scene", "materials": "material", "textures": "texture"}
#: the more abstract of them
ABSTRACT = ("object", "scene")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class NamedLayer:
    """What the units of one layer detect.

    Attributes:
        name: of the layer.
        labels: of each unit; empty where it has none.
        depth: share of the network's FLOPs done when it is ready; NaN where that is not known.
        categories: of concepts, by concept.
    """

    name: str
    labels: tuple[str, ...]
    depth: float = float("nan")
    categories: Mapping[str, str] | None = None

    def category(self, concept: str) -> str:
        """The category of a concept, or `UNKNOWN`."""
        name = (self.categories or {}).get(concept, "") or UNKNOWN
        return _SPELT.get(name, name)


@dataclass(frozen=True)
class NamedUnits:
    """What the units of a model detect, from whatever source.

    Attributes:
        model: its name.
        layers: in execution order.
        score: how they were labelled; empty where that is not known.
    """

    model: str
    layers: tuple[NamedLayer, ...]
    score: str = ""


@dataclass(frozen=True)
class LayerCounts(Plain):
    """What is counted of one layer, or of all of a model's.

    Attributes:
        name: of the layer; empty for all.
        depth: of the layer; NaN where it is not known.
        units: how many there are.
        labelled: how many of them have a label.
        unique: different concepts.
        concepts: units by concept, the most detected first.
        categories: units by category of their concept.
        unique_categories: different concepts by category: Network Dissection's unique detectors.
    """

    name: str
    depth: float
    units: int
    labelled: int
    unique: int
    concepts: Mapping[str, int]
    categories: Mapping[str, int]
    unique_categories: Mapping[str, int]

    def share(self, *categories: str) -> float:
        """Of the units whose concept has a known category, the share in some categories; NaN where there is none."""
        known = sum(number for name, number in self.categories.items() if name != UNKNOWN)
        return sum(self.categories.get(name, 0) for name in categories) / known if known else float("nan")


@dataclass(frozen=True)
class ModelCounts(Plain):
    """What is counted of one model.

    Attributes:
        model: its name.
        score: how its units were labelled.
        overall: of all layers; *unique* is the union over them.
        layers: one by one.
    """

    model: str
    score: str
    overall: LayerCounts
    layers: tuple[LayerCounts, ...]


@dataclass(frozen=True)
class Overlap(Plain):
    """Concepts that two models have in common.

    Attributes:
        first: a model.
        second: another one.
        shared: in both, in alphabetical order.
        jaccard: shared of all that either has; NaN where neither has any.
    """

    first: str
    second: str
    shared: tuple[str, ...]
    jaccard: float


@dataclass(frozen=True)
class Comparison(Plain):
    """What the units of several models detect, side by side.

    Attributes:
        models: counts of each.
        shared: concepts that all of them have, in alphabetical order.
        exclusive: by model, those that no other has.
        overlaps: of every two models.
        folded: how many concepts folding has brought together with others; 0 without folding.
    """

    models: tuple[ModelCounts, ...]
    shared: tuple[str, ...]
    exclusive: Mapping[str, tuple[str, ...]]
    overlaps: tuple[Overlap, ...]
    folded: int = 0

    def sentences(self) -> tuple[str, ...]:
        """What there is to find in it, each with its numbers."""
        from .compare_words import sentences

        return sentences(self)


def units_of(dissection: Dissection, score: str = "", layers: Sequence[str] = ()) -> NamedUnits:
    """What a dissection says that each unit detects.

    Args:
        dissection: with labellings.
        score: which way of labelling; the first one by default.
        layers: only these, by name.

    Raises:
        InputError: nothing is labelled.
        UnknownNameError: there is no such score or layer.
    """
    scores = tuple(dict.fromkeys(one.score for one in dissection.labellings))
    if not scores:
        raise InputError(f"{dissection.model}: no unit has been labelled; dissect it with masks or with concepts")
    if score and score not in scores:
        raise UnknownNameError("way of labelling", score, scores)
    names = [layer.name for layer in dissection.layers]
    for name in layers:
        if name not in names:
            raise UnknownNameError("layer", name, names)
    chosen = score or scores[0]
    by_layer = {one.layer: one for one in dissection.labellings if one.score == chosen}
    named = tuple(
        NamedLayer(layer.name, _labels(by_layer[layer.name]), layer.depth, _categories(by_layer[layer.name]))
        for layer in dissection.layers
        if layer.name in by_layer and (not layers or layer.name in layers)
    )
    return NamedUnits(dissection.model, named, chosen)


def _labels(labelling: Labelling) -> tuple[str, ...]:
    return tuple("" if best == NONE else labelling.concepts[best] for best in labelling.best.tolist())


def _categories(labelling: Labelling) -> dict[str, str]:
    return {concept: name for concept, name in zip(labelling.concepts, labelling.categories, strict=False) if name}


def units_of_table(path: str | Path, model: str = "") -> NamedUnits:
    """What a published table says that each unit detects: the columns of CLIP-Dissect, of one or several layers.

    Args:
        path: a CSV file with ``layer``, ``unit``, ``description`` and ``similarity``.
        model: its name; by default the file's.

    Raises:
        InputError: the file cannot be read, a column is missing, or a unit is there twice.
    """
    from .descriptions import read_descriptions

    layers: dict[str, dict[int, str]] = {}
    for one in read_descriptions(path):
        units = layers.setdefault(one.layer, {})
        if one.unit in units:
            raise InputError(f"{path}: unit {one.unit} of {one.layer} is there twice")
        units[one.unit] = one.description
    if not layers:
        raise InputError(f"{path} holds no unit")
    named = tuple(NamedLayer(name, tuple(units[unit] for unit in sorted(units))) for name, units in layers.items())
    return NamedUnits(model or Path(path).stem, named)


def compare(sides: Sequence[NamedUnits], fold: Fold | None = None) -> Comparison:
    """Compare what the units of models detect.

    Args:
        sides: one model or more, with different names.
        fold: how concepts are brought together; by default they count as they are spelt.

    Raises:
        InputError: there is no model, or two have one name.
    """
    if not sides:
        raise InputError("there is nothing to compare: name two dissections or more")
    twice = [name for name, number in Counter(side.model for side in sides).items() if number > 1]
    if twice:
        raise InputError(f"two of the dissections are called {twice[0]!r}: give them names, such as A={twice[0]}")
    fold = fold or Fold()
    models = tuple(_count(side, fold) for side in sides)
    sets = {one.model: set(one.overall.concepts) for one in models}
    spelt = {label for side in sides for layer in side.layers for label in layer.labels if label}
    return Comparison(
        models,
        tuple(sorted(set.intersection(*sets.values()))),
        {name: tuple(sorted(own.difference(*(sets[other] for other in sets if other != name))))
         for name, own in sets.items()} if len(sets) > 1 else {},
        tuple(_overlap(a, sets[a], b, sets[b]) for a, b in combinations(sets, 2)),
        len(spelt) - len(set.union(*sets.values())),
    )  # fmt: skip


def _overlap(first: str, a: set[str], second: str, b: set[str]) -> Overlap:
    return Overlap(first, second, tuple(sorted(a & b)), len(a & b) / len(a | b) if a | b else float("nan"))


def _count(side: NamedUnits, fold: Fold) -> ModelCounts:
    layers = tuple(_count_layer(layer, fold) for layer in side.layers)
    concepts: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    for layer, counted in zip(side.layers, layers, strict=True):
        concepts.update(counted.concepts)
        categories.update(counted.categories)
        kinds |= _kinds(layer, fold)
    overall = LayerCounts(
        "",
        float("nan"),
        sum(one.units for one in layers),
        sum(one.labelled for one in layers),
        len(concepts),
        _by_number(concepts),
        _by_category(categories),
        _by_category(Counter(kinds[concept] for concept in concepts)),
    )
    return ModelCounts(side.model, side.score, overall, layers)


def _count_layer(layer: NamedLayer, fold: Fold) -> LayerCounts:
    named = [label for label in layer.labels if label]
    concepts = Counter(fold(label) for label in named)
    kinds = _kinds(layer, fold)
    return LayerCounts(
        layer.name,
        layer.depth,
        len(layer.labels),
        len(named),
        len(concepts),
        _by_number(concepts),
        _by_category(Counter(layer.category(label) for label in named)),
        _by_category(Counter(kinds[concept] for concept in concepts)),
    )


def _kinds(layer: NamedLayer, fold: Fold) -> dict[str, str]:
    """The category of each concept that was found; of those brought together, that of the first."""
    kinds: dict[str, str] = {}
    for label in layer.labels:
        if label:
            kinds.setdefault(fold(label), layer.category(label))
    return kinds


def _by_number(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _by_category(counts: Counter[str]) -> dict[str, int]:
    """In the order of `CATEGORIES`, others behind them, `UNKNOWN` last."""
    places = {name: at for at, name in enumerate(CATEGORIES)} | {UNKNOWN: len(CATEGORIES) + 1}
    return dict(sorted(counts.items(), key=lambda item: (places.get(item[0], len(CATEGORIES)), item[0])))


def expected_unique(counts: Mapping[str, int], units: int) -> float:
    """How many different concepts there would be on average among so many of the labelled units, drawn at random.

    Args:
        counts: units by concept.
        units: how many are drawn, at most all.

    Raises:
        InputError: there are not so many.

    Source: rarefaction, Hurlbert 1971, doi:10.2307/1934145, equation 8.
    """
    total = sum(counts.values())
    if not 0 <= units <= total:
        raise InputError(f"of {total} labelled units, {units} cannot be drawn")

    def without(number: int) -> float:
        """The chance that none of a concept's units is drawn."""
        rest = total - number
        if units > rest:
            return 0.0
        return exp(lgamma(rest + 1) - lgamma(rest - units + 1) - lgamma(total + 1) + lgamma(total - units + 1))

    return sum(1 - without(number) for number in counts.values())
