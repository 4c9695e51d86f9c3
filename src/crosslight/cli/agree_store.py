"""``crosslight agree OUT``: everything that the maps of a study say about agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import only_results_on_stdout, print_json, print_table, say

if TYPE_CHECKING:
    from ..agreement import Agreement
    from ..agreement.analysis import Analysis, MethodAnalysis
    from ..store import Store

Method = Annotated[list[str] | None, typer.Option("--method", metavar="LABEL", help="Only this method. Repeatable.")]
Measures = Annotated[
    list[str] | None,
    typer.Option(
        "--measure",
        metavar="M",
        help="cosine, pearson, spearman, iou:share=0.1, kappa, ... Repeatable; trees and groups follow the first.",
    ),
]
Grid = Annotated[
    int | None, typer.Option("--grid", metavar="N", min=1, max=1024, help="Compare maps as N x N cells; 28 by default.")
]
Sign = Annotated[str, typer.Option("--sign", metavar="S", help="keep, positive or absolute.")]
Normalise = Annotated[str, typer.Option("--normalise", metavar="N", help="none, max, minmax or sum, map by map.")]
Raw = Annotated[bool, typer.Option("--raw", help="Leave out the methods' final step, such as Grad-CAM's ReLU.")]
By = Annotated[str, typer.Option("--by", metavar="FACT", help="The fact that makes groups of models.")]
Only = Annotated[str, typer.Option("--only", metavar="WHICH", help="Images: same-prediction, correct or class:NAME.")]
Repairs = Annotated[
    list[str] | None,
    typer.Option(
        "--repair", metavar="R", help="Replace a cell first, as in MODEL/METHOD:corner=bottom-right. Repeatable."
    ),
]
EveryChoice = Annotated[
    bool, typer.Option("--every-choice", help="Ask about groups under every combination of choices, too.")
]


@dataclass(frozen=True)
class Options:
    """What was asked for; names and meaning as in `crosslight.agreement.analysis.analyse`."""

    out: Path
    method: tuple[str, ...]
    measure: tuple[str, ...]
    grid: int | None
    sign: str
    normalise: str
    raw: bool
    by: str
    groups: Path | None
    only: str
    repair: tuple[str, ...]
    every_choice: bool
    seed: int


#: names of the parameters that make sense with a study only
PARAMETERS = ("out", "method", "measure", "grid", "sign", "normalise", "raw", "by", "only", "repair", "every_choice")


def agree_store(options: Options, json: bool) -> None:
    """Analyse, write into OUT/agreement, print."""
    with only_results_on_stdout():
        from ..agreement.analysis import save_analysis
        from ..store import Store
        from .progress import listener

        store = Store.open(options.out)
        found = analysis_of(store, options, listener("parts"))
        files = save_analysis(found, store)
    if json:
        mains = {label: one.main.to_dict() for label, one in found.methods.items()}
        print_json(
            {"out": str(options.out), "agreement": mains, "analysis": found.to_dict(), "files": list(map(str, files))}
        )
        return
    if not found.methods:
        say("nothing to compare: no method has maps of two models")
    for label, method in found.methods.items():
        _print_method(label, method)
    _print_rest(found)
    for file in files:
        print(file)


def analysis_of(store: Store, options: Options, progress: Any = None) -> Analysis:
    """The analysis that was asked for.

    Raises:
        InputError: something that was asked for does not exist.
    """
    from ..agreement import Steps
    from ..agreement.analysis import MEASURES, analyse
    from ..agreement.measures import find_measure
    from ..agreement.published.group_table import read_groups
    from ..agreement.repair import parse_repair

    steps = Steps(
        finish=not options.raw,
        sign=options.sign,  # type: ignore[arg-type]
        normalise=options.normalise,  # type: ignore[arg-type]
        **({"grid": options.grid} if options.grid is not None else {}),
    )
    return analyse(
        store,
        methods=options.method,
        measures=[find_measure(one) for one in options.measure or MEASURES],
        steps=steps,
        by=options.by,
        groups=read_groups(options.groups) if options.groups is not None else None,
        repairs=[parse_repair(text) for text in options.repair],
        only=options.only,
        every_choice=options.every_choice,
        seed=options.seed,
        progress=progress,
    )


def _print_method(label: str, method: MethodAnalysis) -> None:
    _print_matrix(label, method.main)
    rows = [[one.measure_label, *(f"{value:.3f}" for value in _span(one))] for one in method.agreements.values()]
    print_table(rows, ["measure", "mean over pairs", "chance", "lowest", "highest"], right=range(1, 5))
    for sentence in sentences(method):
        print(sentence)
    for what, why in method.skipped.items():
        say(f"{label}: {what}: {why}")
    print()


def sentences(method: MethodAnalysis) -> list[str]:
    """What can be quoted of one method."""
    said = [method.answer.sentence if method.answer else "", method.ladder.sentence]
    said += [method.multiverse.sentence] if method.multiverse else []
    if method.disagreement:
        first = method.disagreement[0]
        said.append(
            f"Least agreed upon: image {first.index + 1} (mean {_two(first.mean)}); {first.lowest[0]} and "
            f"{first.lowest[1]} differ most on it ({_two(first.value)})."
        )
    return [one for one in said if one]


def _two(value: float) -> str:
    """Two decimals; what rounds to zero has no sign."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\u2212")


def _print_matrix(label: str, result: Agreement) -> None:
    from ..agreement.aggregate import describe_count

    rows = [
        [name, *("" if i == j else "-" if value != value else f"{value:.3f}" for j, value in enumerate(row))]
        for i, (name, row) in enumerate(zip(result.sets, result.mean.tolist(), strict=True))
    ]
    title = f"{label}: mean {result.measure_label}, {describe_count(result)}"
    print_table(rows, ["", *result.sets], title=title, right=range(1, len(rows) + 1))


def _span(result: Agreement) -> Sequence[float]:
    import numpy as np

    above = np.triu_indices(len(result.sets), 1)
    values, floor = result.mean[above], result.floor[above]
    known = values[np.isfinite(values)]
    if not len(known):
        return (float("nan"),) * 4
    chance = float(floor[np.isfinite(floor)].mean()) if np.isfinite(floor).any() else float("nan")
    return float(known.mean()), chance, float(known.min()), float(known.max())


def _print_rest(found: Analysis) -> None:
    if found.variance is not None:
        print(found.variance.sentence)
    for finding in found.artefacts:
        print(f"{finding.severity}: {finding}")
    if found.variance is not None or found.artefacts:
        print()
