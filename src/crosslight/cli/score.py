"""``crosslight score``: how well maps point to where the evidence is, and whether the classifiers depend on it.

With ``--json``: ``out``, ``files`` and what was measured of ``scores`` (``metrics``, ``methods``, ``models``,
``masks``, ``images``, ``scores``, ``baselines``, ``above_chance``, ``better_than_chance`` and the rest of what stands
under ``localisation`` in ``OUT/scores.json``), ``probes`` (``metrics``, ``groups``, ``better``, ``methods``,
``models``, ``scores``, ``baselines``, ``above_chance``, ``costs``, ``evaluations``, ``seconds``, ``failures``,
``settings``) and ``rankings`` (``metrics``, ``methods``, ``models``, ``ranks`` with ``low`` and ``high``, ``tau``,
``concordance``, ``sentences``). With ``--list``: ``metrics``, a list of ``name``, ``group``, ``better``, ``cost``,
``summary``, ``cannot_tell``, ``reference`` and ``settings``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InputError, UnknownNameError
from .console import count, only_results_on_stdout, print_json, print_table, say
from .options import Device, Json, parse_settings

if TYPE_CHECKING:
    from ..evaluation import MaskSource, Probed, Rankings, Scorecard
    from ..store import Store

LOCALISATION = "localisation"
GROUPS = (LOCALISATION, "faithfulness", "robustness", "sanity", "complexity")


def score(
    out: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="Folder with the results of a study.", show_default=False)
    ] = None,
    masks: Annotated[
        str | None,
        typer.Option(
            "--masks",
            metavar="M",
            help="Folder of PNG masks or label maps named like the images, CSV of boxes (image,x0,y0,x1,y1), COCO "
            "(JSON), VOC (XML), or for scenes evidence (default) or object.",
        ),
    ] = None,
    region: Annotated[
        str,
        typer.Option("--region", metavar="R", help="Of masks: object, evidence, background, or classes: car,truck."),
    ] = "",
    legend: Annotated[
        str | None, typer.Option("--legend", metavar="FILE", help="Of label maps: CSV, or voc. labels.csv is found.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="Such as energy or deletion; see --list. Repeatable."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="G", help=f"All metrics of a group: {', '.join(GROUPS)}. Repeatable."),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the metrics, and score nothing.")] = False,
    model: Annotated[
        list[str] | None,
        typer.Option("--models", metavar="LABEL", help="Run only these classifiers again. Repeatable."),
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option("--methods", metavar="LABEL", help="Probe only these methods. Repeatable.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Probe only the first N images.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A metric's own: deletion.steps=20.")
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option("--tolerance", metavar="PIXELS", min=0, help="Of pointing: a hit this far off the mask counts."),
    ] = None,
    share: Annotated[
        float | None, typer.Option("--share", metavar="Q", help="Of iou: share of the map that is highlighted (0.2).")
    ] = None,
    absolute: Annotated[
        bool, typer.Option("--absolute", help="Score the magnitude of signed maps, not their positive part.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of random maps and intervals.")] = 0,
    device: Device = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the scores as a table, too.")] = None,
    per_image: Annotated[
        bool, typer.Option("--per-image", help="With --csv and --json: the scores of every image.")
    ] = False,
    json: Json = False,
) -> None:
    """Score maps against masks of where the evidence is, or by trying them out on the classifiers.

    Without --metric or --group: localisation, and what needs no classifier. Shows each metric for every method and
    model, beside maps that know nothing: random ones, a bump in the middle of the picture, edges; and how far the
    metrics agree on the order of the methods. Writes OUT/scores.json; a run that was cut off goes on where it stopped.
    """
    if listed:
        _list(json)
        return
    if out is None:
        raise InputError("name the folder with the results of a study, or use --list")
    with only_results_on_stdout():
        from ..evaluation import open_masks, rank_methods, save_scores
        from ..store import Store

        store = Store.open(out)
        against, probing = _chosen(metric or [], group or [])
        given = {"tolerance": tolerance, "share": share}
        source = open_masks(store, masks, region=region, legend=legend) if against else None
        card = _localise(store, source, against, given, absolute, seed) if against else None
        options = {"models": model or (), "methods": method or (), "limit": limit, "seed": seed}
        own = parse_settings(settings or [])
        probes = _probe(store, probing, own, {**options, "device": device or "auto"}) if probing else None
        ranking = rank_methods(card, probes, seed=seed)
        if csv is not None:
            csv.write_text(_table(card, probes, per_image), encoding="utf-8", newline="")
        files = [str(save_scores(card, store, probes, ranking)), *([str(csv)] if csv is not None else [])]
    if json:
        found = {"scores": card, "probes": probes}
        parts = {name: part.to_dict(per_image) for name, part in found.items() if part is not None}
        parts |= {"rankings": ranking.to_dict()} if ranking is not None and probes is not None else {}
        print_json({"out": str(out), **parts, "files": files})
        return
    for name in card.metrics if card is not None else ():
        _print(name, card)  # type: ignore[arg-type]
    if probes is not None:
        _print_probes(probes)
        _print_ranking(ranking)
    for line in [*(notes(card) if card is not None else ()), *(failures(probes) if probes is not None else ())]:
        say(line)
    for file in files:
        print(file)


def _chosen(metrics: Sequence[str], groups: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of metrics of localisation and of probing; without any, localisation and what needs no classifier."""
    from ..evaluation.localisation import DEFAULT, METRICS

    for name in groups:
        if name not in GROUPS:
            raise UnknownNameError("group of metrics", name, GROUPS)
    against = list(DEFAULT) if LOCALISATION in groups or not (metrics or groups) else []
    against += [name for name in metrics if name in METRICS and name not in against]
    others = [name for name in metrics if name not in METRICS]
    wanted = set(groups) if metrics or groups else {"complexity"}
    if not others and not wanted - {LOCALISATION}:
        return against, []
    from ..evaluation.probing import PROBES

    for name in others:
        if name not in PROBES:
            raise UnknownNameError("metric", name, [*METRICS, *PROBES])
    return against, [name for name in PROBES if name in others or PROBES[name].group in wanted]


def _localise(
    store: Store, masks: MaskSource | None, metrics: Sequence[str], given: dict[str, Any], absolute: bool, seed: int
) -> Scorecard:
    from ..evaluation import score as score_store

    return score_store(
        store,
        masks,
        metrics,
        settings={key: value for key, value in given.items() if value is not None},
        sign="absolute" if absolute else "positive",
        seed=seed,
    )


def _probe(store: Store, metrics: Sequence[str], settings: dict[str, Any], options: dict[str, Any]) -> Probed:
    from ..evaluation import saved_probes
    from ..evaluation.probing import PROBES
    from ..evaluation.probing.probe import probe_store
    from .progress import listener

    # Those of earlier runs stay beside the new ones, as far as they are of the same maps.
    earlier = saved_probes(store)
    recall = earlier.settings.get("metrics", {}) if earlier is not None else {}
    cheap = all(PROBES[name].group == "complexity" for name in metrics)
    progress = None if cheap else listener("maps")
    return probe_store(store, metrics, settings=settings, recall=recall, progress=progress, **options)


def _table(card: Scorecard | None, probes: Probed | None, per_image: bool) -> str:
    """Both as one table."""
    from ..evaluation.written import card_to_csv

    parts = [card_to_csv(part, per_image) for part in (card, probes) if part is not None]
    return "".join(text if at == 0 else text.partition("\n")[2] for at, text in enumerate(parts))


def _print(metric: str, card: Scorecard) -> None:
    from ..evaluation.written import describe_chance, describe_count, short

    rows = [
        [row.label, *(short(cell.mean) + ("*" if cell.no_better else " ") for cell in row.cells)]
        for row in card.rows(metric)
    ]
    title = f"{metric}: {describe_count(card)}"
    print_table(rows, ["", *card.models], title=title, right=range(1, len(card.models) + 1))
    print(describe_chance(card, metric), end="\n\n")


def _print_probes(probes: Probed) -> None:
    from ..evaluation.written import describe_chance, short

    right = range(1, len(probes.models) + 1)
    for at, metric in enumerate(probes.metrics):
        rows = [
            [row.label, *(short(cell.mean) + ("*" if cell.no_better else " ") for cell in row.cells)]
            for row in probes.rows(metric)
        ]
        number = int(probes.scores.count[at].max(initial=0))
        title = f"{metric} ({probes.better[at]} is better): mean over {count(number, 'image')}"
        print_table(rows, ["", *probes.models], title=title, right=right)
        print(describe_chance(probes, metric) if probes.compared[at].any() else "", end="\n\n")
    rows = [[method, *(_cost(probes, method, model) for model in probes.models)] for method in probes.methods]
    print_table(rows, ["", *probes.models], title="what a map has cost: passes, seconds", right=right)
    print()


def _cost(probes: Probed, method: str, model: str) -> str:
    cost = probes.costs.get((method, model))
    if cost is None:
        return ""
    passes = "?" if cost.passes != cost.passes else f"{cost.passes:,.0f}"
    seconds = "?" if cost.seconds != cost.seconds else f"{cost.seconds:.2g}"
    return f"{passes}, {'~' if cost.shared else ''}{seconds}"


def _print_ranking(ranking: Rankings | None) -> None:
    for line in ranking.sentences() if ranking is not None else ():
        print(line)
    if ranking is not None:
        print()


def _list(json: bool) -> None:
    """All metrics."""
    with only_results_on_stdout():
        from ..evaluation.localisation import METRICS
        from ..evaluation.probing import PROBES

        found: list[dict[str, Any]] = [
            {"name": one.name, "group": LOCALISATION, "better": "higher", "cost": "no passes", "summary": one.summary,
             "cannot_tell": one.cannot_tell, "reference": one.reference, "settings": dict(one.settings)}
            for one in METRICS.values()
        ]  # fmt: skip
        found += [
            {"name": one.name, "group": one.group, "better": one.better, "cost": one.cost, "summary": one.summary,
             "cannot_tell": one.cannot_tell, "reference": one.reference,
             "settings": one.settings().model_dump(mode="json")}
            for one in PROBES.values()
        ]  # fmt: skip
    found.sort(key=lambda one: (GROUPS.index(one["group"]), one["name"]))
    if json:
        print_json({"metrics": found})
        return
    names = ("group", "name", "better", "cost", "summary", "cannot_tell")
    rows = [[_first_sentence(one[name]) for name in names] for one in found]
    print_table(rows, ["group", "name", "better", "cost", "tells", "cannot tell"])


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].removesuffix(".")


def failures(probes: Probed) -> list[str]:
    """What could not be measured, one line for each model, metric and reason."""
    found = Counter((model, metric, reason) for model, _, metric, _, reason in probes.failures)
    lines = []
    for (model, metric, reason), number in found.items():
        what = f"{metric}, {count(number, 'map')}: " if metric else ""
        lines.append(f"failed: {model}: {what}{reason}")
    return lines


def notes(card: Scorecard) -> list[str]:
    """What was left out, and what a map does not see of the masks, one line each."""
    import numpy as np

    lines = [f"left out: {count(number, 'image')}, {reason}" for reason, number in card.skipped.items()]
    reasons: Counter[str] = Counter()
    for found in card.dropped.values():
        reasons.update(found)
    words = {
        "NOTHING_POSITIVE": "with nothing that speaks for the class",
        "MASK_OUTSIDE_BOX": "that see nothing of the mask",
    }
    lines += [
        f"left out: {count(number, 'map')} {words.get(reason, reason.lower().replace('_', ' '))}"
        for reason, number in reasons.most_common()
    ]
    worst = np.nanmax(card.mean_outside) if np.isfinite(card.mean_outside).any() else 0
    if worst >= 0.005:
        lines.append(f"on average up to {100 * worst:.0f} % of a mask lies outside of what a map covers")
    return lines
