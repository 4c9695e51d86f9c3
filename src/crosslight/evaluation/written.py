"""A scorecard as JSON, CSV and HTML."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ..core.plain import plain
from .baselines import BASELINES, CHANCE
from .estimates import Estimate
from .probed import Probed
from .scorecard import Scorecard


def card_to_dict(card: Scorecard, per_image: bool = False) -> dict[str, Any]:
    """A card in JSON's own types; see `Scorecard.to_dict`."""
    result: dict[str, Any] = {
        "metrics": list(card.metrics),
        "methods": list(card.methods),
        "models": list(card.models),
        "masks": card.masks,
        "images": card.masked,
        "skipped": dict(card.skipped),
        "mask_share": None if np.isnan(card.mean_share) else card.mean_share,
        "mask_outside": plain(card.mean_outside),
        "settings": dict(card.settings),
        "bootstrap": dict(card.bootstrap),
        "scores": card.scores.to_dict(),
        "baseline_names": list(BASELINES),
        "baselines": card.baselines.to_dict(),
        "chance_names": list(CHANCE),
        "above_chance": card.above.to_dict(),
        "better_than_chance": card.better_than_chance.tolist(),
        "dropped": [
            {"method": method, "model": model, "reasons": dict(reasons)}
            for (method, model), reasons in card.dropped.items()
        ],
        "sets": [list(one) for one in card.sets],
    }
    if per_image:
        result |= {
            "image_identities": list(card.images),
            "image_names": list(card.names),
            "values": plain(card.values),
            "baseline_values": plain(card.baseline_values),
        }
    return result


def card_from_dict(content: Mapping[str, Any]) -> Scorecard:
    """A card without the scores of every image; see `Scorecard.from_dict`."""
    metrics, methods, models = (tuple(content[name]) for name in ("metrics", "methods", "models"))
    shape = (len(metrics), len(methods), len(models), 0)
    return Scorecard(
        metrics=metrics,
        methods=methods,
        models=models,
        images=(),
        names=(),
        values=np.empty(shape, np.float32),
        baseline_values=np.empty((shape[0], len(BASELINES), *shape[1:]), np.float32),
        outside=np.empty(shape[1:], np.float32),
        mask_share=np.empty(0, np.float32),
        scores=Estimate.from_dict(content["scores"]),
        baselines=Estimate.from_dict(content["baselines"]),
        above=Estimate.from_dict(content["above_chance"]),
        masked=content["images"],
        mean_share=np.nan if content["mask_share"] is None else content["mask_share"],
        mean_outside=np.array(content["mask_outside"], np.float64),
        skipped=content["skipped"],
        dropped={(one["method"], one["model"]): one["reasons"] for one in content["dropped"]},
        masks=content["masks"],
        settings=content["settings"],
        bootstrap=content["bootstrap"],
        sets=tuple((model, key, done) for model, key, done in content["sets"]),
    )


def card_to_csv(card: Scorecard | Probed, per_image: bool = False) -> str:
    """A card as a table; see `Scorecard.to_csv`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(_image_rows(card) if per_image else _summary_rows(card))
    return text.getvalue()


def card_to_html(card: Scorecard) -> str:
    """A card as one table for each metric."""
    head = "".join(f"<th>{escape(model)}</th>" for model in card.models)
    tables = []
    for metric in card.metrics:
        rows = "".join(
            f"<tr><th>{escape(row.label)}</th>"
            + "".join(f"<td>{short(cell.mean)}{'*' if cell.no_better else ''}</td>" for cell in row.cells)
            + "</tr>"
            for row in card.rows(metric)
        )
        caption = f"{escape(metric)}: mean over {card.masked} images (* no better than chance)"
        tables.append(f"<table><caption>{caption}</caption><tr><th></th>{head}</tr>{rows}</table>")
    return "".join(tables)


def short(value: float) -> str:
    """Two decimals, or a dash where there is no number."""
    return "\N{EN DASH}" if np.isnan(value) else f"{value:.2f}"


def _summary_rows(card: Scorecard | Probed) -> list[list[object]]:
    against = [f"{bound} {what}" for what in CHANCE for bound in ("above", "low above", "high above")]
    head = ["metric", "kind", "label", "model", "mean", "low", "high", "images", "better than chance"]
    rows: list[list[object]] = [[*head, *against]]
    for at, metric in enumerate(card.metrics):
        for number, row in enumerate(card.rows(metric)):
            for column, (model, cell) in enumerate(zip(card.models, row.cells, strict=True)):
                bounds = [_number(value) for value in (cell.mean, cell.low, cell.high)]
                if row.baseline:
                    rows.append([metric, "baseline", row.label, model, *bounds, cell.count, "", *[""] * len(against)])
                    continue
                known = cell.count and np.isfinite(card.above.mean[at, :, number, column]).all()
                better = "" if not known else "no" if cell.no_better else "yes"
                beside = [
                    _number(float(values[at, chance, number, column]))
                    for chance in range(len(CHANCE))
                    for values in (card.above.mean, card.above.low, card.above.high)
                ]
                rows.append([metric, "method", row.label, model, *bounds, cell.count, better, *beside])
    return rows


def _image_rows(card: Scorecard | Probed) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = [["metric", "method", "model", "image", "name", "score", *BASELINES]]
    for a, b, c, i in np.ndindex(*card.values.shape):
        scores = (card.values[a, b, c, i], *card.baseline_values[a, :, b, c, i])
        name = card.names[i] if isinstance(card, Scorecard) else ""
        label = [card.metrics[a], card.methods[b], card.models[c], card.images[i], name]
        rows.append([*label, *(_number(float(score)) for score in scores)])
    return rows


def _number(value: float) -> object:
    return "" if np.isnan(value) else value


def describe_count(card: Scorecard) -> str:
    """Behind the numbers of a card, in words: images, masks and how large they are."""
    fewest = int(card.scores.count[card.scores.count > 0].min(initial=card.masked))
    number = f"N = {card.masked}" if fewest == card.masked else f"N = {fewest} to {card.masked}"
    share = "" if np.isnan(card.mean_share) else f", {100 * card.mean_share:.0f} % of the picture on average"
    what, of, where = card.masks.rpartition(" of ")
    masks = f"{what}{of}{Path(where).name or where}"  # a report is sent to others: its reader has other folders
    return f"mean over images, {number}; masks: {masks}{share}"


def describe_chance(card: Scorecard | Probed, metric: str) -> str:
    """Which methods do no better than chance on which models, in one sentence."""
    found, chance = card.no_better_by_method(metric), "random maps, or a bump in the middle"
    if not found:
        return f"Every method does better than chance ({chance}) on every model."
    if all(len(models) == len(card.models) for models in found.values()) and len(found) == len(card.methods):
        return f"* No method is shown to do better than chance ({chance}) on any model."
    parts = [
        f"{method} (on {'all models' if len(models) == len(card.models) > 1 else ', '.join(models)})"
        for method, models in found.items()
    ]
    return f"* No better than chance ({chance}): {'; '.join(parts)}."
