"""``crosslight score``: how well maps point to where the evidence is.

With ``--json``: ``out``, ``scores`` (``metrics``, ``methods``, ``models``, ``masks``, ``images``, ``scores``,
``baselines``, ``above_chance``, ``better_than_chance`` and the rest of what stands under ``localisation`` in
``OUT/scores.json``) and ``files``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import count, only_results_on_stdout, print_json, print_table, say
from .options import Json, Results

if TYPE_CHECKING:
    from ..evaluation import Scorecard


def score(
    out: Results,
    masks: Annotated[
        str | None,
        typer.Option(
            "--masks",
            metavar="M",
            help="Folder of PNG masks named like the images, CSV of boxes (image,x0,y0,x1,y1), or for scenes "
            "evidence (default) or object.",
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric", metavar="NAME", help="energy, pointing, rank-accuracy, iou or iou-own. Repeatable; default all."
        ),
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
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the scores as a table, too.")] = None,
    per_image: Annotated[
        bool, typer.Option("--per-image", help="With --csv and --json: the scores of every image.")
    ] = False,
    json: Json = False,
) -> None:
    """Score maps against masks of where the evidence is.

    Shows each metric for every method and model, beside maps that know nothing: random ones, a bump in the middle of
    the picture, edges. Writes OUT/scores.json.
    """
    with only_results_on_stdout():
        from ..evaluation import save_scores
        from ..evaluation import score as score_store
        from ..evaluation.localisation import DEFAULT
        from ..store import Store

        given: dict[str, Any] = {"tolerance": tolerance, "share": share}
        store = Store.open(out)
        card = score_store(
            store,
            masks,
            metric or DEFAULT,
            settings={key: value for key, value in given.items() if value is not None},
            sign="absolute" if absolute else "positive",
            seed=seed,
        )
        if csv is not None:
            csv.write_text(card.to_csv(per_image), encoding="utf-8", newline="")
        files = [str(save_scores(card, store)), *([str(csv)] if csv is not None else [])]
    if json:
        print_json({"out": str(out), "scores": card.to_dict(per_image), "files": files})
        return
    for name in card.metrics:
        _print(name, card)
    for line in notes(card):
        say(line)
    for file in files:
        print(file)


def _print(metric: str, card: Scorecard) -> None:
    from ..evaluation.written import describe_chance, describe_count, short

    rows = [
        [row.label, *(short(cell.mean) + ("*" if cell.no_better else " ") for cell in row.cells)]
        for row in card.rows(metric)
    ]
    title = f"{metric}: {describe_count(card)}"
    print_table(rows, ["", *card.models], title=title, right=range(1, len(card.models) + 1))
    print(describe_chance(card, metric), end="\n\n")


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
