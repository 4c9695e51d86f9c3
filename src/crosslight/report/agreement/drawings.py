"""What the page draws of one method: matrices, tree, map, charts and every choice, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...agreement import Agreement
from ...agreement.multiverse import DIMENSIONS, Multiverse
from ...agreement.relations import RELATIONS
from ...agreement.structure import Ellipses, Support, without_gaps
from ..words import printed
from .kin_words import LOOKS
from .packed import rounded, row, triangle
from .panel import Panel

#: matrices of a measure that the page can show
MATRICES = ("mean", "low", "high", "sd", "median", "floor", "ceiling")


def drawings_of(panel: Panel, models: Sequence[str]) -> dict[str, Any]:
    """Everything that is drawn of a method. Matrices are the part above the diagonal, see `packed.triangle`.

    Args:
        panel: of the method.
        models: labels of the page's models, by which they are numbered.
    """
    method, main = panel.method, panel.agreement
    groups = panel.groups
    names = list(dict.fromkeys(groups.values())) if groups else []
    numbers = {label: at for at, label in enumerate(models)}
    charts = {"ladder": panel.ladder, "consensus": panel.consensus, "properties": panel.properties}
    return {
        "label": panel.label,
        "sets": list(main.sets),
        "models": [numbers.get(label, -1) for label in main.sets],
        "by": method.kin.by,
        "groups": names,
        "group": [names.index(groups[label]) for label in main.sets] if groups else None,
        "relations": [list(one) for one in panel.relations],
        "relation": relation_numbers(panel),
        "level": main.bootstrap.get("level", 0.95),
        "measures": [measure_data(one) for one in method.agreements.values()],
        "tree": tree_data(method.support, main) if method.support is not None else None,
        "map": map_data(method.ellipses, main) if method.ellipses is not None else None,
        "charts": {name: chart.to_dict() for name, chart in charts.items() if chart is not None},
        "choices": choices_data(method.multiverse) if method.multiverse is not None else None,
    }


def relation_numbers(panel: Panel) -> Any:
    """For each pair the position of its relation in `Panel.relations`; None where it is not known."""
    kin = panel.method.kin
    at = {relation: number for number, relation in enumerate(_present(panel))}
    upper = zip(*np.triu_indices(len(kin.sets), 1), strict=True)
    found = [at.get(kin.relation(int(i), int(j)) or "") for i, j in upper]
    return found if any(one is not None for one in found) else None


def _present(panel: Panel) -> list[str]:
    looks = [look for look, _ in panel.relations]
    return [next(relation for relation in RELATIONS if LOOKS[relation] == look) for look in looks]


def measure_data(one: Agreement) -> dict[str, Any]:
    """The matrices of one measure."""
    return {
        "key": one.measure,
        "label": one.measure_label,
        "range": row(one.range),
        "identical": rounded(one.identical),
        "n": triangle(one.count),
        **{name: triangle(getattr(one, name)) for name in MATRICES},
    }


def tree_data(support: Support, main: Agreement) -> dict[str, Any]:
    """The tree with its support: `sets` are its leaves from top to bottom.

    ``merges`` has, for each branch from the lowest to the root, its two children and its height; children are numbered
    as in SciPy's linkages, leaves by their position in ``leaves``.
    """
    tree = support.tree
    return {
        "leaves": [main.sets.index(label) for label in tree.labels],
        "order": list(tree.order),
        "merges": [[int(a), int(b), rounded(height)] for a, b, height in tree.linkage[:, :3].tolist()],
        "au": row(support.au, 3),
        "bp": row(support.bp, 3),
        "resamples": support.resamples,
        "cophenetic": rounded(np.nan if tree.cophenetic is None else tree.cophenetic),
    }


def map_data(ellipses: Ellipses, main: Agreement) -> dict[str, Any]:
    """Points of the models in the plane, with their ellipses as centre, half axes and angle."""
    _, left, _ = without_gaps(main.per_image, main.sets)
    ordination = ellipses.ordination
    return {
        "sets": [main.sets.index(label) for label in left],
        "points": [row(point[:2]) for point in ordination.points],
        "centre": [row(point) for point in ellipses.centre],
        "radii": [row(point) for point in ellipses.radii],
        "angle": row(ellipses.angle),
        "explained": row(ordination.explained[:2]),
        "stress": rounded(ordination.stress, 3),
        "level": ellipses.level,
        "resamples": ellipses.resamples,
    }


def choices_data(found: Multiverse) -> dict[str, Any] | None:
    """Every universe, the least R first: R, contrast, two p-values, decision and its choices by their numbers.

    Dimensions with one level are left out. None where no universe was made.
    """
    if not found.universes:
        return None
    ordered = sorted(found.universes, key=lambda one: (np.isnan(one.r), one.r))
    levels: Mapping[str, list[str]] = {
        name: list(dict.fromkeys(str(one.choices[name]) for one in found.universes if name in one.choices))
        for name in DIMENSIONS
    }
    levels = {name: own for name, own in levels.items() if len(own) > 1}
    return {
        "sentence": printed(found.sentence),
        "groups": list(found.groups),
        "alpha": found.alpha,
        "levels": levels,
        "universes": [
            [
                *row([one.r, one.contrast, one.anosim, one.permanova]),
                one.decision,
                *(own.index(str(one.choices[name])) if name in one.choices else -1 for name, own in levels.items()),
            ]
            for one in ordered
        ],
    }
