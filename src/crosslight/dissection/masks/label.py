"""Labels of a layer's units by masks: the concept whose places a unit's strong answers overlap most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.correction import benjamini_hochberg
from ...core.errors import InputError
from ...core.progress import Progress
from ...store import ImageEntry
from ..polysemy import twins_of
from ..records import CANDIDATES, NONE, Dissection, Labelling, UnitLayer
from ..regions import Regions
from .chance import IMAGES, PERMUTATIONS, chance_images, chance_p
from .concept_masks import ConceptMasks
from .iou import Overlap, overlaps
from .reach import out_of_reach, reach_note

#: the score's name, and the least overlap of a detector
SCORE, THRESHOLD = "iou", 0.04
#: the greatest p-value of a label
LEVEL = 0.01

#: why a unit has no label
DEAD, BY_CHANCE, NOT_ASKED = "dead", "not better than on other images", "not asked"


def label_layers(
    dissection: Dissection,
    regions: Sequence[Regions],
    masks: ConceptMasks,
    *,
    units: Sequence[int] | None = None,
    threshold: float = THRESHOLD,
    level: float | None = LEVEL,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Labelling, ...]:
    """As `crosslight.dissection.label_by_masks`, of several layers; the labels of each image are read once."""
    if not 0 <= threshold < 1:
        raise InputError(f"the least overlap of a detector is at least 0 and below 1, it is {threshold}")
    if level is not None and permutations < 1 / level - 1:
        raise InputError(
            f"with {permutations} permutations no p-value can be {level:g} or less: use at least {round(1 / level) - 1}"
        )
    entries = [
        ImageEntry(identity, name) for identity, name in zip(dissection.identities, dissection.images, strict=True)
    ]
    chance = frozenset[int]() if level is None else chance_images(dissection.identities, seed)
    found = overlaps(regions, entries, masks, chance=chance, progress=progress)
    settings: dict[str, Any] = {
        "masks": masks.name,
        "threshold": threshold,
        "level": level,
        "permutations": permutations if level is not None else 0,
        "seed": seed,
        "images": len(found[0].looked),
        "chance_images": min(len(entries), IMAGES) if level is not None else 0,
        "unreadable": {entries[row].name: why for row, why in sorted(found[0].failures.items())},
    }
    made = []
    for one, layer in zip(found, regions, strict=True):
        asked = _asked(units, layer.units)
        made.append(_label(one, dissection.layer(layer.layer), masks, asked, threshold, level, settings))
    return tuple(made)


def _label(
    found: Overlap,
    layer: UnitLayer,
    masks: ConceptMasks,
    asked: NDArray[np.bool_],
    threshold: float,
    level: float | None,
    settings: dict[str, Any],
) -> Labelling:
    iou = found.iou()
    order = np.argsort(-iou, axis=1, kind="stable")[:, :CANDIDATES]
    candidates = np.full((layer.units, CANDIDATES), NONE, np.int32)
    scores = np.full((layer.units, CANDIDATES), np.nan, np.float32)
    candidates[:, : order.shape[1]] = order
    scores[:, : order.shape[1]] = np.take_along_axis(iou, order, axis=1)
    p = np.full(layer.units, np.nan)
    if level is not None:
        detectors = np.flatnonzero(~layer.dead & (iou[np.arange(layer.units), order[:, 0]] > threshold))
        p = chance_p(found, order[:, 0], detectors, permutations=settings["permutations"], seed=settings["seed"])
    below = f"below {threshold:g}"
    why = [""] * layer.units
    for unit in range(layer.units):
        if not asked[unit]:
            why[unit] = NOT_ASKED
        elif layer.dead[unit]:
            why[unit] = DEAD
        elif not iou[unit, order[unit, 0]] > threshold:
            why[unit] = below
        elif level is not None and not p[unit] <= level:
            why[unit] = BY_CHANCE
    nothing = layer.dead | ~asked
    candidates[nothing], scores[nothing] = NONE, np.nan
    # The false discovery rate is that of the layer, whoever is asked for; the label is the unit's own.
    q = benjamini_hochberg(p)
    p[~asked], q[~asked] = np.nan, np.nan
    missed = out_of_reach(found, masks.concepts, threshold)
    return Labelling(
        layer=layer.name,
        score=SCORE,
        concepts=tuple(masks.concepts),
        categories=tuple(masks.categories),
        best=np.where([not reason for reason in why], order[:, 0], NONE).astype(np.int32),
        candidates=candidates,
        scores=scores,
        why=tuple(why),
        auc=np.full(layer.units, np.nan),
        p=p,
        q=q,
        clusters=np.zeros(layer.units, np.int32),
        twin=np.where(nothing, NONE, _twins(layer)).astype(np.int32),
        settings={**settings, "out_of_reach": missed, "note": reach_note(missed, threshold)},
    )


def unique_detectors(labelling: Labelling) -> dict[str, tuple[str, ...]]:
    """The concepts that at least one unit detects, by category, in the order of the concepts.

    Source:
        Bau et al., Network Dissection, 2017, section 2.3: the number of unique concepts is what layers are compared by.
    """
    found: dict[str, list[str]] = {category: [] for category in dict.fromkeys(labelling.categories)}
    for best in sorted({int(one) for one in labelling.best} - {NONE}):
        found[labelling.categories[best]].append(labelling.concepts[best])
    return {category: tuple(names) for category, names in found.items()}


def _twins(layer: UnitLayer) -> NDArray[np.int32]:
    """The unit that answers like each, on the images that could be read; of the whole layer, whoever is asked for."""
    answers = np.asarray(layer.activations)
    return twins_of(answers[~np.isnan(answers).any(axis=1)])


def _asked(units: Sequence[int] | None, count: int) -> NDArray[np.bool_]:
    """Which units are asked for.

    Raises:
        InputError: there is no such unit.
    """
    asked = np.ones(count, bool) if units is None else np.zeros(count, bool)
    for unit in units if units is not None else ():
        if not 0 <= unit < count:
            raise InputError(f"there is no unit {unit}: the layer has {count}, counted from 0")
        asked[unit] = True
    return asked
