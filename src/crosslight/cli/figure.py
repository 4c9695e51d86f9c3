"""``crosslight figure``: figures of a study for papers.

With ``--json``: ``out``, ``files`` (list of ``kind``, ``method`` or null, ``file``) and ``skipped`` (list of ``kind``,
``method`` or null, ``reason``; of ``all`` only, since what was asked for by name and cannot be drawn is an error).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InputError, UnknownNameError
from .console import only_results_on_stdout, print_json, say
from .options import Json, Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..report.figures.plots import Plots

#: what can be drawn, as in `crosslight.report.figures.plots.KINDS`, which is too heavy to import for a list
KINDS = (
    *("overlays", "matrix", "dendrogram", "map", "multiverse", "scorecard", "comparison", "communities", "pairs"),
    *("learning", "all"),
)
#: kinds with one figure for each method
_EACH = ("matrix", "dendrogram", "map", "multiverse", "communities", "pairs")


def figure(
    out: Results,
    kinds: Annotated[list[str], typer.Argument(metavar="KIND...", help=f"{', '.join(KINDS[:-1])} or all.")],
    method: Annotated[
        list[str] | None,
        typer.Option("--method", metavar="LABEL", help="By default the first one. Repeatable."),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option("--measure", metavar="M", help="cosine by default; for comparison cosine and ssim. Repeatable."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", "--models", metavar="LABEL", help="Only this one. Repeatable.")
    ] = None,
    image: Annotated[
        list[str] | None, typer.Option("--image", "--images", metavar="NAME", help="Of overlays. Repeatable.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=40, help="Photographs of overlays, the first ones.")
    ] = 4,
    style: Annotated[
        str, typer.Option("--style", metavar="S", help="Of overlays: heat, segments (of superpixels) or contour.")
    ] = "heat",
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, help="Segments that are coloured.")] = 5,
    metric: Annotated[
        str, typer.Option("--metric", metavar="NAME", help="Of the scorecard; with one --model all metrics of it.")
    ] = "",
    run: Annotated[
        list[str] | None, typer.Option("--run", metavar="LABEL", help="Of learning: this run alone. Repeatable.")
    ] = None,
    format: Annotated[
        list[str] | None, typer.Option("--format", metavar="F", help="png, svg or pdf. Repeatable; png by default.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="OUT/figures by default.")] = None,
    dpi: Annotated[int, typer.Option("--dpi", metavar="N", min=30, max=1200, help="Pixels per inch.")] = 300,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of everything drawn at random.")] = 0,
    json: Json = False,
) -> None:
    """Draw figures of a study for papers.

    overlays: photographs with their maps. matrix, dendrogram, map, communities, pairs: how alike models are under a
    method. comparison: methods under measures. multiverse: one question under every combination of choices. scorecard:
    what crosslight score found. learning: how a classifier learned, of each run that is recorded or of those that --run
    names. all: each of them that the study has.
    """
    with only_results_on_stdout():
        for kind in kinds:
            if kind not in KINDS:
                raise UnknownNameError("kind of figure", kind, KINDS)
        from ..report.figures.plots import Plots
        from ..report.figures.saving import FORMATS, save_figure
        from ..store import Store, slug
        from .explain import distinct

        formats = list(dict.fromkeys(format or ["png"]))
        for one in formats:
            if one not in FORMATS:
                raise UnknownNameError("format", one, FORMATS)
        plots = Plots(Store.open(out), models=model or (), seed=seed)
        overlays = {"images": image or (), "limit": limit, "style": style, "top": top}
        single = model[0] if model and len(model) == 1 and not metric else ""
        wanted = list(
            _drawings(
                plots, list(dict.fromkeys(kinds)), method or [], measure or [], overlays, (metric, single), run or []
            )
        )
        stems = distinct([f"{kind}--{slug(label)}" if label else kind for kind, label, _ in wanted])
        folder, every = to or out / "figures", "all" in kinds
        files: list[dict[str, Any]] = []
        skipped: list[dict[str, Any]] = []
        for (kind, label, draw), stem in zip(wanted, stems, strict=True):
            try:
                drawn = draw()
            except InputError as error:
                if not every or kind in kinds:
                    raise
                skipped.append({"kind": kind, "method": label or None, "reason": str(error)})
                continue
            for one in formats:
                path = save_figure(drawn, folder / f"{stem}.{one}", dpi=dpi)
                files.append({"kind": kind, "method": label or None, "file": str(path)})
    for left in skipped:
        say(f"left out: {left['kind']}: {left['reason']}")
    if json:
        print_json({"out": str(out), "files": files, "skipped": skipped})
        return
    for entry in files:
        print(entry["file"])


def _drawings(
    plots: Plots,
    kinds: list[str],
    methods: list[str],
    measures: list[str],
    overlays: dict[str, Any],
    scores: tuple[str, str],
    runs: list[str],
) -> Iterator[tuple[str, str, Callable[[], Figure]]]:
    """Kind, method and how to draw it, of every figure that is asked for."""
    names = [kind for kind in KINDS[:-1] if kind in kinds or "all" in kinds]
    for kind in names:
        if kind == "overlays":
            yield kind, "", partial(plots.overlays, methods, **overlays)
        elif kind == "scorecard":
            yield kind, "", partial(plots.scorecard, scores[0], model=scores[1], methods=methods)
        elif kind == "comparison":
            yield kind, "", partial(plots.comparison, methods, **({"measures": measures} if measures else {}))
        elif kind == "learning":
            for label in runs or list(plots.runs) or [""]:
                yield kind, label, partial(plots.learning, label)
        for label in methods or [""] if kind in _EACH else ():
            given = {"measure": measures[0]} if measures and kind != "multiverse" else {}
            yield kind, label, partial(getattr(plots, kind), label, **given)
