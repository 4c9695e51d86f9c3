"""What ``crosslight dissect`` found: as one JSON object, as files, and as tables on the console."""

from __future__ import annotations

import json as json_text
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import count, print_table, say
from .progress import listener

if TYPE_CHECKING:
    from ..dissection import Dissection, Labelling
    from ..dissection.compare import Comparison
    from ..dissection.folding import Fold
    from .dissect_make import Made

#: units that a search shows on the console; all are in the JSON
SHOWN = 40
#: categories of the console's table, as they are headed
_HEADS = {"color": "color", "texture": "texture", "material": "material", "part": "part", "object": "object",
          "scene": "scene"}  # fmt: skip


def result_of(made: Made, fold: Fold, find: str | None, out: Path | None) -> tuple[dict[str, Any], Comparison | None]:
    """What ``--json`` prints, but for the files; and the comparison of what is labelled."""
    from ..core.plain import plain
    from ..dissection.compare import compare

    comparison = compare(made.sides, fold) if made.sides else None
    result = {
        "out": str(out) if out is not None else None,
        "models": [_model(one, folder, fold) for one, folder in zip(made.dissections, made.folders, strict=True)],
        "findings": list(comparison.sentences()) if comparison is not None else [],
        "comparison": plain(comparison),
        "found": _find(made, find, fold) if find is not None else None,
        "notes": list(made.notes),
        "files": [],
        "page": None,
    }
    return result, comparison


def _model(dissection: Dissection, folder: Path | None, fold: Fold) -> dict[str, Any]:
    failures = [
        {"image": dissection.images[row], "reason": reason} for row, reason in sorted(dissection.failures.items())
    ]
    return {
        "model": dissection.model,
        "folder": str(folder) if folder is not None else None,
        "images": {"total": len(dissection.images), "read": len(dissection.images) - len(failures)},
        "failures": failures,
        "layers": [_layer(dissection, one, fold) for one in dissection.labellings],
    }


def _layer(dissection: Dissection, one: Labelling, fold: Fold) -> dict[str, Any]:
    from ..core.plain import plain
    from ..dissection.compare import compare, units_of
    from ..dissection.records import NONE

    layer = dissection.layer(one.layer)
    counts = compare([units_of(dissection, one.score, [one.layer])], fold).models[0].overall
    found: dict[str, Any] = plain(
        {
            "layer": one.layer,
            "depth": layer.depth,
            "score": one.score,
            "units": counts.units,
            "labelled": counts.labelled,
            "unique": counts.unique,
            "dead": int(layer.dead.sum()),
            "twins": int((one.twin != NONE).sum()),
            "polysemantic": int((one.clusters > 1).sum()),
            "categories": counts.categories,
            "unique_categories": counts.unique_categories,
            "concepts": counts.concepts,
            "reasons": dict(Counter(why for why in one.why if why).most_common()),
        }
    )
    return found


def _find(made: Made, concept: str, fold: Fold) -> list[dict[str, Any]]:
    """The units whose label is a concept, in the singular or the plural, or has it as one of its words.

    Those whose whole label it is come first, then by score.
    """
    import numpy as np

    from ..core.plain import plain
    from ..dissection.compare import NamedLayer
    from ..dissection.folding import Fold
    from ..dissection.records import NONE

    fold = Fold(plurals=True, synonyms=fold.synonyms)

    def words(text: str) -> str:
        plain_words = " ".join(re.findall(r"\w+", fold(text)))
        return f" {plain_words} "

    wanted = words(concept)
    rows: list[tuple[Any, dict[str, Any]]] = []
    for dissection in made.dissections:
        for one in dissection.labellings:
            kinds = NamedLayer("", (), categories=dict(zip(one.concepts, one.categories, strict=False)))
            for unit, best in enumerate(one.best.tolist()):
                name = one.concepts[best] if best != NONE else ""
                if not name or wanted not in words(name):
                    continue
                at = np.flatnonzero(one.candidates[unit] == best)
                score = float(one.scores[unit, at[0]]) if at.size else float("nan")
                row = {"model": dissection.model, "layer": one.layer, "unit": unit, "concept": name,
                       "category": kinds.category(name), "score": score, "auc": float(one.auc[unit]),
                       "q": float(one.q[unit]), "by": one.score}  # fmt: skip
                rows.append(((words(name) != wanted, one.score, -score if score == score else 0), row))
    of_dissections = {dissection.model for dissection in made.dissections}
    for side in made.sides:
        if side.model in of_dissections:
            continue
        for layer in side.layers:
            for unit, name in enumerate(layer.labels):
                if name and wanted in words(name):
                    row = {"model": side.model, "layer": layer.name, "unit": unit, "concept": name,
                           "category": layer.category(name), "score": None, "auc": None, "q": None,
                           "by": side.score}  # fmt: skip
                    rows.append(((words(name) != wanted, "", 0), row))
    rows.sort(key=lambda item: item[0])
    return [plain(row) for _, row in rows]


def write(
    result: dict[str, Any], made: Made, comparison: Comparison | None, out: Path | None, *, page: bool, command: str
) -> None:
    """Write tables, the comparison and the page, and note in the result which files there are.

    Args:
        result: as `result_of` made it; ``files`` and ``page`` are filled.
        made: what it is about.
        comparison: of what is labelled.
        out: the folder; nothing is written without one.
        page: whether the page is wanted.
        command: what made it all.
    """
    from ..dissection.descriptions import descriptions_of, write_descriptions

    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    files: list[str] = []
    for one, folder in zip(made.dissections, made.folders, strict=True):
        if folder is None or (folder != out and out not in folder.parents):
            continue  # an earlier one, which is only read
        files.append(str(folder / "dissection.json"))
        for score, name in _table_files(one).items():
            labellings = [each for each in one.labellings if each.score == score]
            files.append(str(write_descriptions(descriptions_of(labellings), folder / name)))
    if comparison is not None and len(comparison.models) > 1:
        text = json_text.dumps(result["comparison"], indent=1, ensure_ascii=False, allow_nan=False)
        (out / "comparison.json").write_text(text + "\n", encoding="utf-8", newline="\n")
        files.append(str(out / "comparison.json"))
    if page and made.dissections:
        from ..report.units_page import write_units_page

        written = write_units_page(
            out, made.dissections, images=made.images, command=command, progress=listener("layers"), notes=made.notes
        )
        result["page"] = str(written)
    result["files"] = files


def _table_files(dissection: Dissection) -> dict[str, str]:
    """The name of the table of each way of labelling: ``units.csv`` of the first, ``units-SCORE.csv`` of others."""
    scores = list(dict.fromkeys(one.score for one in dissection.labellings))
    return {score: "units.csv" if at == 0 else f"units-{score}.csv" for at, score in enumerate(scores)}


def print_result(result: Mapping[str, Any], find: str | None) -> None:
    """Tables and sentences on the console, the files last."""
    layers = [(model["model"], layer) for model in result["models"] for layer in model["layers"]]
    if layers:
        names = [name for name in _HEADS if any(layer["categories"].get(name) for _, layer in layers)]
        rows = [
            [model, layer["layer"], f"{layer['depth']:.2f}", layer["score"], f"{layer['units']:,}",
             f"{layer['labelled']:,}", f"{layer['unique']:,}",
             *(f"{layer['categories'].get(name, 0):,}" for name in names), f"{layer['dead']:,}"]
            for model, layer in layers
        ]  # fmt: skip
        heads = ["model", "layer", "depth", "labelled by", "units", "labelled", "concepts", *names, "dead"]
        print_table(rows, heads, right=[2, *range(4, len(heads))])
        print()
    elif result["comparison"] is not None:
        _print_counts(result["comparison"])
    if find is not None:
        _print_found(result["found"], find)
    for sentence in result["findings"] if find is None else ():
        print(sentence)
    for note in result["notes"]:
        say(f"note: {note}")
    for file in result["files"]:
        print(file)
    if result["page"]:
        print(f"page: {result['page']}")


def _print_counts(comparison: Mapping[str, Any]) -> None:
    """Unique concepts of published tables, overall and by layer."""
    names = list(dict.fromkeys(layer["name"] for model in comparison["models"] for layer in model["layers"]))
    rows = []
    for model in comparison["models"]:
        own = {layer["name"]: layer for layer in model["layers"]}
        cells = [f"{own[name]['unique']:,}" if name in own else "" for name in names]
        rows.append([model["model"], f"{model['overall']['units']:,}", f"{model['overall']['unique']:,}", *cells])
    heads = ["different concepts", "units", "overall", *names]
    print_table(rows, heads, right=range(1, len(heads)))
    print()


def _print_found(found: list[dict[str, Any]], concept: str) -> None:
    if not found:
        say(f"no unit is labelled {concept!r} or has it in its label")
        return

    def number(value: float | None, form: str) -> str:
        return "" if value is None else format(value, form)

    rows = [
        [one["model"], one["layer"], str(one["unit"]), one["concept"], one["by"], number(one["score"], ".3g"),
         number(one["auc"], ".2f"), number(one["q"], ".2g")]
        for one in found[:SHOWN]
    ]  # fmt: skip
    title = f"{count(len(found), 'unit')} {'detects' if len(found) == 1 else 'detect'} {concept}"
    print_table(
        rows, ["model", "layer", "unit", "concept", "labelled by", "score", "AUC", "q"], title=title, right=[2, 5, 6, 7]
    )
    if len(found) > SHOWN:
        say(f"... and {len(found) - SHOWN:,} more; --json prints all")
    print()
