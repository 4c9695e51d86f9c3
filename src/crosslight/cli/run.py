"""``crosslight run``: a study from its file to a store and a report.

With ``--json``: ``study``, ``out``, ``models``, ``methods``, ``images``, ``evaluations`` (``total``, ``done_before``),
``maps`` (number by status: ``ok``, ``zero``, ``constant``, ``nonfinite``, ``failed``, ``no_target``, ``skipped``,
``pending``), ``failures`` (list of ``name``, ``image``, ``model``, ``stage``, ``reason``), ``problems``, ``agreement``
(files), ``report`` (path or null), ``dry_run``, ``seconds``.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import only_results_on_stdout, print_json, print_table, say
from .options import Device, Json, Precision, Weights

if TYPE_CHECKING:
    from ..study.plan import Plan


def run(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Folder for maps, predictions and report.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting, such as methods.2.depth=0.5. Repeatable."),
    ] = None,
    device: Device = None,
    weights: Weights = None,
    precision: Precision = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Use N images: --set images.limit=N.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Compute maps only.")] = False,
    json: Json = False,
) -> None:
    """Run a study: plan, gather, store, compare, report.

    The same command again goes on where an earlier one stopped. --weights W stands for --set models.*.weights=W, and
    --precision P for --set study.precision=P.
    """
    began = time.monotonic()
    changes = [f"models.*.weights={weights}"] if weights is not None else []
    changes += [f"study.precision={precision}"] if precision is not None else []
    changes += [f"images.limit={limit}"] if limit is not None else []
    changes += overrides or []
    with only_results_on_stdout():
        result = _run(study, out, changes, device, dry_run, not no_report)
    result["seconds"] = round(time.monotonic() - began, 3)
    if json:
        print_json(result)
    elif not dry_run:
        _print(result)


def _run(
    file: Path, out: Path, changes: list[str], device: str | None, dry_run: bool, with_report: bool
) -> dict[str, Any]:
    from ..study import load_study
    from ..study.runner import run_plan
    from .progress import listener
    from .results import compare_and_report, summarise

    plan = load_study(file, changes).plan(out, device)
    _show(plan)
    result: dict[str, Any] = {
        "study": plan.spec.study.name,
        "out": str(out),
        "models": list(plan.models),
        "methods": list(plan.methods),
        "images": len(plan.images),
        "evaluations": {"total": plan.evaluations, "done_before": plan.evaluations - plan.remaining},
        "problems": plan.problems,
        "dry_run": dry_run,
    }
    if dry_run:
        return result
    store = run_plan(plan, out, listener())
    result |= {"agreement": [], "report": None}
    if with_report:
        say("comparing maps and building the report")
        result["agreement"], result["report"] = compare_and_report(store)
    return result | summarise(store)


def _show(plan: Plan) -> None:
    rows = plan.rows()
    if plan.remaining < plan.evaluations:
        rows.append(("already done", f"{plan.evaluations - plan.remaining:,} evaluations"))
    print_table(rows, title="Plan", stderr=True)
    for problem in plan.problems:
        say(f"note: {problem}")


def _print(result: dict[str, Any]) -> None:
    from .console import count
    from .results import describe_failures, describe_maps

    print(
        f"{count(len(result['models']), 'model')}, {count(len(result['methods']), 'method')}, "
        f"{count(result['images'], 'image')}: {describe_maps(result['maps'])}"
    )
    for line in describe_failures(result["failures"]):
        print(line)
    print(f"report: {result['report']}" if result["report"] else f"maps and predictions: {result['out']}")
