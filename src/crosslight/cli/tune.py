"""``crosslight tune``: a method's settings searched for quality and time.

With ``--json``: ``out``, ``files``, ``method``, ``objective``, ``better``, ``models``, ``trials`` (numbers of ``done``,
``pruned`` and ``failed``), ``images`` (identities ``searched`` and ``judged``; ``held_out``: whether those are others),
``points``, ``best`` (position of the settings proposed), ``per_image`` (settings by image), ``space`` and ``notes``.
A point has ``label``, ``best``, ``avg_OBJECTIVE``, ``interval``, ``difference`` from the default,
``difference_interval``, ``avg_time`` in seconds, ``time_interval``, ``time_difference``, ``time_difference_interval``,
``evaluations``, ``searched_score``, ``searched_evaluations`` (on the images searched) and ``settings``. The first point
is the default.
"""

from __future__ import annotations

import csv
import io
import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InputError
from .console import count, only_results_on_stdout, print_json, print_table, say
from .options import Device, Json, Weights, parse_settings

if TYPE_CHECKING:
    from ..evaluation.tuning import Tuned

BUDGET = 40
#: images below which bootstrap intervals are clearly too narrow
FEW = 10


def tune(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="Such as lime.")],
    model: Annotated[list[str], typer.Option("--model", "-m", metavar="M", help="Such as scenes/resnet. Repeatable.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for what is found.")],
    images: Annotated[
        str, typer.Option("--images", "-i", metavar="SRC", help="Folder, list, ... as in a study file.")
    ] = "scenes",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Images, of all labels alike.")] = 24,
    masks: Annotated[
        str | None,
        typer.Option("--masks", metavar="M", help="Folder of PNG masks, CSV of boxes, evidence or object of scenes."),
    ] = None,
    objective: Annotated[
        str,
        typer.Option(
            "--objective",
            metavar="O",
            help="iou, energy, ... against masks; agree:METHOD; or a metric such as deletion.",
        ),
    ] = "iou",
    share: Annotated[
        float | None, typer.Option("--share", metavar="S", help="Of the highest pixels, for the objective iou.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option("--budget", metavar="N", min=1, help="Trials; 40 unless --minutes is given.")
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", metavar="T", help="Stop after so many.")] = None,
    ranges: Annotated[
        list[str] | None, typer.Option("--range", metavar="KEY=A..B", help="Where a number is searched. Repeatable.")
    ] = None,
    choices: Annotated[
        list[str] | None, typer.Option("--choices", metavar="KEY=A,B", help="Values of a setting. Repeatable.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting that is not searched.")
    ] = None,
    per_image: Annotated[
        bool, typer.Option("--per-image", help="Settings of each image by itself; lime reads them from a file.")
    ] = False,
    held_out: Annotated[
        float, typer.Option("--held-out", metavar="S", help="Share of the images that the search does not see.")
    ] = 0.5,
    target: Annotated[
        str, typer.Option("--target", metavar="T", help="own, label, class:NAME-OR-INDEX or contrast:A:B.")
    ] = "own",
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of search, noise and division.")] = 0,
    weights: Weights = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Search a method's settings for quality and time, and judge them on images that the search did not see.

    Writes DIR/study.toml with the best settings, which crosslight run takes, DIR/trials.csv, DIR/front.svg and .png,
    and DIR/tuned.json. The same command goes on where a search was stopped.
    """
    with only_results_on_stdout():
        from ..evaluation.tuning import tune as search
        from ..evaluation.tuning.ranges import parse_choices, parse_ranges
        from .progress import listener

        found = search(
            method,
            [{"name": name, **({"weights": weights} if weights is not None else {})} for name in dict.fromkeys(model)],
            images,
            out=out,
            objective=objective,
            masks=masks,
            budget=_budget(budget, minutes),
            minutes=minutes,
            ranges=parse_ranges(ranges or []),
            choices=parse_choices(choices or []),
            settings={key.removeprefix(f"{method}."): value for key, value in parse_settings(settings or []).items()},
            target=target,
            limit=limit,
            held_out=held_out,
            per_image=per_image,
            share=share,
            seed=seed,
            device=device or "auto",
            progress=listener("trials"),
        )
        files = write(found, out)
    if json:
        print_json({"out": str(out), "files": files, **found.to_dict()})
        return
    _print(found)
    for file in files:
        print(file)


def _budget(budget: int | None, minutes: float | None) -> int:
    if minutes is not None and not minutes > 0:
        raise InputError(f"--minutes must be above 0, not {minutes:g}")
    return budget or (BUDGET if minutes is None else 100_000)


def write(found: Tuned, out: Path) -> list[str]:
    """Write everything that a search comes to, but for its trials as they were made; the paths."""
    from ..evaluation.tuning import to_toml
    from ..report.figures.pareto import pareto_figure
    from ..report.figures.saving import save_figure

    texts = {"study.toml": to_toml(found.tables), "trials.csv": _csv(found)}
    if found.chosen:
        texts["parameters.json"] = json_text.dumps(_by_stem(found.chosen), indent=1, ensure_ascii=False) + "\n"
    texts["tuned.json"] = json_text.dumps(found.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    figure = pareto_figure(found)
    figures = [str(save_figure(figure, out / f"front.{kind}")) for kind in ("svg", "png")]
    return [*(str(out / name) for name in texts), *figures]


def _by_stem(chosen: Any) -> dict[str, Any]:
    """Settings by the name under which a file of parameters is searched for an image."""
    return {Path(name).stem: settings for name, settings in chosen.items()}


def _csv(found: Tuned) -> str:
    """A row for each trial."""
    names = list(dict.fromkeys(name for trial in found.trials for name in trial.settings))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["image", "trial", "state", found.objective, "evaluations", *names, "reason"])
    for one in found.trials:
        numbers = ["" if value != value else repr(value) for value in (one.score, one.evaluations)]
        own = [one.settings.get(name, "") for name in names]
        writer.writerow([one.part, one.number, one.state, *numbers, *own, one.reason])
    return stream.getvalue()


def _print(found: Tuned) -> None:
    from ..evaluation.tuning.tuned import settings_in_words

    score = f"avg_{found.objective}"
    rows = []
    for row in found.rows():
        rows.append(
            [
                "proposed" if row["best"] and row["label"] != "default" else row["label"],
                f"{row[score]:.3f}",
                _span(row["interval"], 3),
                f"{row['difference']:+.3f}",
                _span(row["difference_interval"], 3),
                f"{row['avg_time']:.3g}",
                f"{row['evaluations']:,.0f}",
                "each image its own"
                if found.chosen and row["label"] != "default"
                else settings_in_words(row["settings"]),
            ]
        )
    heads = ["", score, "95 %", "difference", "95 %", "avg_time", "evaluations", "settings"]
    number = count(len(found.judged), "image")
    seen = "that the search did not see" if found.held_out else "that the settings were chosen on, with other samples"
    print_table(rows, heads, title=f"{found.method} on {number} {seen}", right=range(1, 7))
    print(_verdict(found))
    for note in found.notes:
        say(f"note: {note}")


def _verdict(found: Tuned) -> str:
    row = found.rows()[found.best]
    if row["label"] == "default":
        return "Nothing better than the defaults was found at no more evaluations and time."
    low, high = row["difference_interval"]
    sure = (low if found.better == "higher" else -high) > 0
    ahead = "better than the defaults" if sure else "not shown to be better than the defaults"
    if len(found.judged) < FEW:
        ahead += f" on these {len(found.judged)} images, too few for an interval to be trusted"
    return (
        f"The proposed settings are {ahead}: difference {row['difference']:+.3f} ({_span([low, high], 3)}), "
        f"{row['time_difference']:+.3g} s per image ({_span(row['time_difference_interval'], 3)})."
    )


def _span(ends: Any, digits: int) -> str:
    low, high = ends
    return "" if low != low or high != high else f"{low:.{digits}f} to {high:.{digits}f}"
