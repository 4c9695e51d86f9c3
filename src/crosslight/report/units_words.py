"""The view of units in words: what was found, and how the units were dissected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..dissection.compare import CATEGORIES, UNKNOWN, units_of
from ..dissection.compare import compare as compare_units
from ..dissection.records import NONE, Dissection, Labelling
from .finding import Finding
from .units import Units
from .words import settings_words

#: how each way of labelling is called
SCORE_WORDS = {
    "iou": "masks (IoU)",
    "soft-wpmi": "words (soft-WPMI)",
    "wpmi": "words (WPMI)",
    "rank-reorder": "words (rank reorder)",
    "cosine": "words (cosine)",
    "cosine-cubed": "words (cosine cubed)",
}


@dataclass(frozen=True)
class LayerRow:
    """One line of the view's table: a layer and a way of labelling.

    Attributes:
        model: its label.
        layer: its name.
        depth: of the layer.
        score: the way of labelling, in words.
        units: how many there are.
        labelled: how many have a label.
        unique: different concepts.
        dead: units that are the same on every image.
        twins: units that answer as another one does.
        polysemantic: units whose best images fall into several groups.
        categories: units by category.
    """

    model: str
    layer: str
    depth: float
    score: str
    units: int
    labelled: int
    unique: int
    dead: int
    twins: int
    polysemantic: int
    categories: Mapping[str, int]


def layer_rows(units: Units) -> tuple[LayerRow, ...]:
    """A line for each model, layer and way of labelling."""
    rows = []
    for dissection, label in zip(units.dissections, units.labels, strict=True):
        for one in dissection.labellings:
            layer = dissection.layer(one.layer)
            counts = compare_units([units_of(dissection, one.score, [one.layer])]).models[0].overall
            rows.append(
                LayerRow(
                    label,
                    layer.name,
                    layer.depth,
                    SCORE_WORDS.get(one.score, one.score),
                    layer.units,
                    counts.labelled,
                    counts.unique,
                    int(layer.dead.sum()),
                    int((one.twin != NONE).sum()),
                    int((one.clusters > 1).sum()),
                    counts.categories,
                )
            )
    return tuple(rows)


def shown_categories(rows: tuple[LayerRow, ...]) -> tuple[str, ...]:
    """The categories that have a column, in their order; none where no concept has one."""
    there = {name for row in rows for name in row.categories}
    others = sorted(there.difference(CATEGORIES, {UNKNOWN}))
    known = [*(name for name in CATEGORIES if name in there), *others]
    return (*known, UNKNOWN) if known and UNKNOWN in there else tuple(known)


def units_context(units: Units | None, *, standalone: bool = False) -> dict[str, Any]:
    """What the templates of the view are given.

    Args:
        units: None where there are none.
        standalone: whether the page is of units alone, so that how they were dissected has a view of its own.
    """
    rows = layer_rows(units) if units is not None else ()
    return {
        "units": units,
        "unit_rows": rows,
        "unit_categories": shown_categories(rows),
        "unit_sentences": units.comparison.sentences() if units is not None and units.comparison is not None else (),
        "unit_how": how_rows(units) if units is not None else (),
        "standalone": standalone,
    }


def unit_finding(units: Units) -> Finding | None:
    """What stands of the units on the first screen: scene detectors of two models, or how many concepts there are."""
    if units.comparison is None:
        return None
    sentences = units.comparison.sentences()
    scenes = next((text for text in sentences if "scene detector" in text), None)
    if scenes is None and not units.comparison.models[0].overall.labelled:
        return None
    return Finding("What units detect", scenes or sentences[0])


@dataclass(frozen=True)
class HowRow:
    """How one dissection was made.

    Attributes:
        label: of the model.
        facts: name and value of what is known, in words.
        labellings: what the units of each layer were labelled with.
        failures: image and reason of those that could not be read.
    """

    label: str
    facts: tuple[tuple[str, str], ...]
    labellings: tuple[tuple[str, str], ...]
    failures: tuple[tuple[str, str], ...]


#: facts of a dissection that are said elsewhere, or that say nothing to people
_HIDDEN = ("settings", "images", "source", "command", "key")
_HIDDEN_SETTINGS = ("preprocess", "layers", "batch_size", "block")


def how_rows(units: Units) -> tuple[HowRow, ...]:
    """How each dissection was made."""
    return tuple(
        HowRow(
            label,
            tuple(_facts(dissection)),
            tuple((f"{one.layer}, {SCORE_WORDS.get(one.score, one.score)}", _labelling(one)) for one in
                  dissection.labellings),
            tuple((dissection.images[row], reason) for row, reason in sorted(dissection.failures.items())),
        )
        for dissection, label in zip(units.dissections, units.labels, strict=True)
    )  # fmt: skip


def _facts(dissection: Dissection) -> list[tuple[str, str]]:
    facts = dissection.facts
    read = len(dissection.images) - len(dissection.failures)
    known = facts.get("images")
    source = known.get("source") if isinstance(known, Mapping) else facts.get("source")
    settings = facts.get("settings")
    shown = dict(settings) if isinstance(settings, Mapping) else {}
    rows = [("images", f"{read:,} of {len(dissection.images):,} read" + (f", from {source}" if source else ""))]
    rows += [(key, _said(value)) for key, value in shown.items() if key not in _HIDDEN_SETTINGS and value]
    return rows + [(str(key), _said(value)) for key, value in facts.items() if key not in _HIDDEN and value]


def _labelling(one: Labelling) -> str:
    tested = int(np.isfinite(one.auc).sum())
    words = f"{len(one.concepts):,} concepts"
    if tested:
        words += f"; {tested:,} labels tested on other images"
    settings = settings_words(dict(one.settings))
    return f"{words}; {settings}" if settings else words


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return settings_words(dict(value))
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)
