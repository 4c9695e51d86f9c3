"""``crosslight demo``: the embedded study, end to end.

With ``--json``: ``out``, ``report`` (path), ``findings`` (list of ``head``, ``text``, ``warns``), ``models``,
``methods`` and ``images`` (numbers), ``evaluations`` (``total``, ``done_before``), ``maps`` (number by status),
``failures`` (number) and ``seconds`` (by step, and ``total``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import only_results_on_stdout, print_json, print_table, say
from .options import Json
from .progress import duration, listener

if TYPE_CHECKING:
    from ..agreement.analysis import Analysis
    from ..core.progress import Progress
    from ..report import Report
    from ..store import Store


@dataclass
class Demo:
    """What the steps hand on to each other.

    Attributes:
        out: the folder.
        counts: what ``--json`` says of the study.
        store: maps and predictions, once they are there.
        analysis: of where the classifiers look, once compared.
        report: once written.
    """

    out: Path
    counts: dict[str, Any] = field(default_factory=dict)
    store: Store | None = None
    analysis: Analysis | None = None
    report: Report | None = None

    @property
    def done(self) -> Store:
        """The store, for steps after the first."""
        assert self.store is not None
        return self.store


@dataclass(frozen=True)
class Step:
    """One part of the demo.

    Attributes:
        name: its key in ``seconds``.
        title: the line that announces it.
        unit: what its progress counts.
        run: does it.
    """

    name: str
    title: str
    unit: str
    run: Callable[[Demo, Progress], None]


def _explain(demo: Demo, progress: Progress) -> None:
    from ..study.demo import demo_study
    from ..study.runner import run_plan

    plan = demo_study().plan(demo.out)
    demo.counts = {
        "models": len(plan.models),
        "methods": len(plan.methods),
        "images": len(plan.images),
        "evaluations": {"total": plan.evaluations, "done_before": plan.evaluations - plan.remaining},
    }
    for failure in plan.failures:
        if not failure.left_out:  # a method that does not apply to a model is no surprise here
            say(f"note: {failure.model}: {failure.reason}")
    demo.store = run_plan(plan, demo.out, progress)


def _compare(demo: Demo, progress: Progress) -> None:
    from ..agreement.analysis import analyse, save_analysis

    demo.analysis = analyse(demo.done, progress=progress)
    save_analysis(demo.analysis, demo.done)


def _score(demo: Demo, progress: Progress) -> None:
    from ..evaluation import save_scores, saved_scores, score
    from ..evaluation.saved import is_current

    known = saved_scores(demo.done)
    if known is None or not is_current(known, demo.done):
        save_scores(score(demo.done), demo.done)


def _learn(demo: Demo, progress: Progress) -> None:
    from ..report.learning import save_scenes_runs

    save_scenes_runs(demo.done, LEARNED)


def _dissect(demo: Demo, progress: Progress) -> None:
    from ..dissection.api import dissect
    from ..dissection.folders import WITHIN, folder_of, remember
    from ..dissection.saved import has_dissection, open_dissection
    from ..images import open_images
    from ..models import load_model
    from ..study import demo as packaged

    images = open_images("scenes", limit=packaged.DISSECTED_IMAGES, sample="first")
    for name, label in packaged.DISSECTED:
        folder = folder_of(demo.out / WITHIN, label, several=True)
        if has_dissection(folder) and open_dissection(folder).labellings:
            continue
        found = dissect(
            load_model(name, label=label),
            images,
            packaged.DISSECTED_LAYERS,
            masks="scenes",
            concepts="scenes",
            encoder="scenes",
            share=packaged.DISSECTED_SHARE,
            out=folder,
            progress=progress,
        )
        remember(found, folder, images="scenes", limit=len(images), sample="first", seed=0)


def _report(demo: Demo, progress: Progress) -> None:
    from ..report import write_report

    demo.report = write_report(demo.done, analysis=demo.analysis, progress=progress)


#: classifiers whose training runs are shown
LEARNED = ("resnet", "mobilenet", "vit", "swin")

#: what the demo does, in this order; a further part of Crosslight is shown by one more line
STEPS = (
    Step("explain", "Every method explains every classifier", "evaluations", _explain),
    Step("compare", "Do classifiers look at the same places?", "parts", _compare),
    Step("score", "Are the maps right? In these pictures the evidence is known", "methods", _score),
    Step("learn", "How did they learn? Their own training runs", "runs", _learn),
    Step("dissect", "What do the units of a clean and of a biased classifier detect?", "images", _dissect),
    Step("report", "Writing the report", "parts", _report),
)


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Folder for the results.")] = Path(
        "crosslight-demo"
    ),
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the report in the browser at the end.")] = False,
    study: Annotated[bool, typer.Option("--study", help="Print the study file, to copy and change, and stop.")] = False,
    json: Json = False,
) -> None:
    """See everything at work: twelve small classifiers, every method, pictures whose truth is known.

    Needs no network, and some minutes. The same command goes on where an earlier one stopped.
    """
    if study:
        from ..study.demo import demo_text

        print(demo_text(), end="")
        return
    with only_results_on_stdout():
        result = _run(out)
        if show:
            _open(Path(result["report"]))
    if json:
        print_json(result)
    else:
        _print(result)


def _run(out: Path) -> dict[str, Any]:
    state, seconds, began = Demo(out), {}, time.monotonic()
    for number, step in enumerate(STEPS, 1):
        say(f"[{number}/{len(STEPS)}] {step.title}")
        start = time.monotonic()
        step.run(state, listener(step.unit))
        seconds[step.name] = round(time.monotonic() - start, 3)
    assert state.report is not None
    return {
        "out": str(out),
        "report": str(state.report.page),
        "findings": [
            {"head": one.head, "text": one.text, "warns": one.warns} for one in state.report.findings
        ],
        **state.counts,
        "maps": {name: state.report.maps[name] for name in sorted(state.report.maps)},
        "failures": sum(not failure.left_out for failure in state.done.failures()),
        "seconds": seconds | {"total": round(time.monotonic() - began, 3)},
    }  # fmt: skip


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        say("note: there is no browser to open the report with")


def _print(result: dict[str, Any]) -> None:
    title = f"What {result['models']} classifiers, {result['methods']} methods and {result['images']} pictures show"
    print_table([(one["head"], one["text"]) for one in result["findings"]], title=title)
    print(f"report: {result['report']}")
    say(f"done in {duration(result['seconds']['total'])}")
