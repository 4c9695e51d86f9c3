"""``crosslight convergence``: how many samples of a method are enough, shown on a few photographs.

With ``--json``: ``out``, ``csv``, ``model``, ``method``, ``setting`` (the budget's name), ``tolerance`` (the diagnostic
that tells how close a run is, or null), ``failures`` (list of ``photo``, ``reason``) and ``photos``, a list of
``photo``, ``file``, ``prediction``, ``probability``, ``target``, ``deterministic``, ``skipped`` (list of ``budget``,
``reason``) and ``budgets`` (list of ``budget``, ``evaluations``, ``seconds``, ``error``, ``cosine``, ``correlation``,
``spread`` and the method's own diagnostics: means over repeats).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import ImageError, InputError
from .console import count, only_results_on_stdout, print_json, print_table, say
from .options import Device, Json, Weights, parse_settings

if TYPE_CHECKING:
    from ..study import Convergence


def convergence(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="Picture files.")],
    model: Annotated[str, typer.Option("--model", "-m", metavar="M", help="Such as timm/resnet18.a1_in1k.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for figures and the table.")],
    method: Annotated[
        str, typer.Option("--method", "-x", metavar="X", help="One that samples, such as rise or smoothgrad.")
    ] = "kernel-shap",
    budgets: Annotated[
        str | None,
        typer.Option("--budgets", metavar="N,N,...", help="By default 1/4, 1/2, 1 and 2 of the method's default."),
    ] = None,
    repeats: Annotated[int, typer.Option("--repeats", metavar="N", min=1, help="Runs with other seeds.")] = 3,
    weights: Weights = None,
    target: Annotated[
        str, typer.Option("--target", metavar="T", help="own, class:NAME-OR-INDEX or contrast:A:B.")
    ] = "own",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the method: segments=25.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the first repeat.")] = 0,
    device: Device = None,
    json: Json = False,
) -> None:
    """Run a sampled method at growing budgets, to choose one.

    Writes DIR/<photo>--<model>--<method>.png with the maps side by side and the error of each budget, and
    DIR/convergence.csv.
    """
    with only_results_on_stdout():
        wanted = _budgets(budgets)
        values = {key.removeprefix(f"{method}."): value for key, value in parse_settings(settings or []).items()}
        options = {"repeats": repeats, "settings": values, "target": target, "seed": seed, "device": device or "auto"}
        result = _converge(photos, model, weights, method, wanted, out, options)
    for failure in result["failures"]:
        say(f"failed: {failure['photo']}: {failure['reason']}")
    if not result["photos"]:
        raise InputError("none of the photographs could be explained")
    if json:
        print_json(result)
        return
    _print(result)


def _budgets(text: str | None) -> list[int]:
    """Whole numbers with commas between."""
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise InputError(f"--budgets {text}: write whole numbers with commas, such as 100,200,400")
    return [int(part) for part in parts]


def _converge(
    photos: Sequence[Path],
    name: str,
    weights: str | None,
    method: str,
    budgets: Sequence[int],
    out: Path,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    from ..images import open_images
    from ..methods import find_method
    from ..models import load_model
    from ..report.convergence import convergence_figure
    from ..store import slug
    from ..study import convergence as converge
    from ..study.budgets import budget_of, budget_tasks
    from .explain import distinct
    from .progress import listener

    spec = find_method(method)
    budget_tasks(spec, method, budgets, options["settings"], options["target"], Path())  # before anything is loaded
    model = load_model(name, weights=weights or "pretrained")
    chosen = list(dict.fromkeys(photos))
    stems = distinct([photo.stem for photo in chosen])
    progress = listener()
    found: list[dict[str, Any]] = []
    failures: list[dict[str, str]] = []
    rows: list[dict[str, Any]] = []
    for photo, stem in zip(chosen, stems, strict=True):
        try:
            images = open_images([photo])
            one = converge(model, images, method, budgets, progress=progress, **options)
        except ImageError as error:
            failures.append({"photo": str(photo), "reason": str(error)})
            continue
        out.mkdir(parents=True, exist_ok=True)
        file = out / f"{stem}--{slug(one.model)}--{slug(one.method)}.png"
        (record,) = images
        convergence_figure(one, record.load(), photo.name).savefig(file)
        found.append(_entry(one, photo, file))
        rows += [{"photo": str(photo), "model": one.model, "method": one.method} | row for row in one.records()]
    table = out / "convergence.csv"
    if rows:
        with table.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return {
        "out": str(out),
        "csv": str(table),
        "model": model.label,
        "method": method,
        "setting": budget_of(spec),
        "tolerance": spec.tolerance,
        "photos": found,
        "failures": failures,
    }


def _entry(one: Convergence, photo: Path, file: Path) -> dict[str, Any]:
    return {
        "photo": str(photo),
        "file": str(file),
        "prediction": one.predicted,
        "probability": one.probability,
        "target": one.explained,
        "deterministic": one.deterministic,
        "skipped": [{"budget": budget, "reason": reason} for budget, reason in one.skipped],
        "budgets": one.summary(),
    }


def _print(result: Mapping[str, Any]) -> None:
    from ..report.convergence import short

    measures = ["error", "spread", "correlation", *filter(None, [result["tolerance"]])]
    heads = [result["setting"], "evaluations", "seconds", *measures]
    for entry in result["photos"]:
        for left in entry["skipped"]:
            say(f"left out: {entry['photo']}: {left['budget']:,}: {left['reason']}")
        rows = []
        for row in entry["budgets"]:
            cost = [f"{row['budget']:,}", f"{row['evaluations']:,.0f}", f"{row['seconds']:.2f}"]
            rows.append([*cost, *(short(row[name], 3 if name == "correlation" else 2) for name in measures)])
        title = f"{entry['photo']}: {entry['prediction']} {100 * entry['probability']:.1f} %"
        title += f", explained: {entry['target']}" if entry["target"] != entry["prediction"] else ""
        print_table(rows, [head.replace("_", " ") for head in heads], title=title, right=range(len(heads)))
        print()
    if any(entry["deterministic"] for entry in result["photos"]):
        print("Another seed gives the very same maps: the error is against the longest run.")
    print(f"{count(len(result['photos']), 'figure')} and convergence.csv in {result['out']}")
