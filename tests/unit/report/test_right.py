"""The section of the page that says whether maps are right."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.evaluation import save_scores, score
from crosslight.report import build_report, right
from crosslight.report.small_charts import score_chart
from crosslight.store import Store

SIZE = (50, 60)


@pytest.fixture
def masks(study: Store) -> dict[str, np.ndarray]:
    """A mask in the middle of every photograph."""
    inside = np.zeros(SIZE)
    inside[10:30, 20:40] = 1
    return {image.identity: inside for image in study.manifest.images}


def section(page: Path) -> str:
    """The section's HTML, or nothing."""
    found = re.search(r'<div class="view" id="right".*?</section>', page.read_text("utf-8"), re.DOTALL)
    return found[0] if found else ""


def test_without_scores_there_is_no_such_section(study: Store) -> None:
    page = build_report(study)
    assert section(page) == ""
    assert "Right?" not in page.read_text("utf-8")


def test_scores_are_shown_as_they_are(study: Store, masks: dict[str, np.ndarray]) -> None:
    card = score(study, masks, draws=1)
    save_scores(card, study)
    page = build_report(study)
    text = section(page)
    tables = re.findall(r'<table class="scores".*?</table>', text, re.DOTALL)
    assert len(tables) == 5
    assert [re.search("<h3>(.*?)</h3>", part)[1] for part in text.split("<table")[:2]] == ["energy", "pointing"]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', tables[0], re.DOTALL)
    assert [html.unescape(label) for label, _ in rows[: len(card.methods)]] == list(card.methods)
    assert [label for label, _ in rows[len(card.methods) :]] == list(right.BASELINE_WORDS.values())
    for (_, cells), row in zip(rows, card.rows("energy"), strict=True):
        mean, *shown = re.findall(r"<td[^>]*>([0-9.–]+)(.*?)</td>", cells)
        assert mean[0] == f"{np.mean([c.mean for c in row.cells if c.count]):.2f}"
        bounds = re.findall(r'data-low="(.*?)" data-high="(.*?)"', cells)
        assert bounds == [(f"{c.low:.4f}", f"{c.high:.4f}") for c in row.cells if c.count]
        assert [number for number, _ in shown] == [f"{c.mean:.2f}" if c.count else "–" for c in row.cells]
        assert ["no better than chance" in mark for _, mark in shown] == [cell.no_better for cell in row.cells]
    assert "<i>two</i>" not in text
    assert '<a href="#right">Right?</a>' in page.read_text("utf-8")


def test_colour_is_for_what_is_better_than_chance(study: Store, masks: dict[str, np.ndarray]) -> None:
    card = score(study, masks, ["energy"], draws=1)
    card.above.low[:] = 0.1
    card.above.low[0, 0, 0, 0] = -0.1
    table = right._table(card, "energy")
    cells = [cell for row in table.rows[: len(card.methods)] for cell in row.cells if cell.count]
    assert [cell.no_better for cell in cells] == [True] + [False] * (len(cells) - 1)
    assert [table.strength(cell) > 0 for cell in cells] == [not cell.no_better for cell in cells]
    assert max(table.strength(cell) for row in table.rows for cell in row.cells) == 100
    best = card.scores.mean[0].copy()
    best[0, 0] = 0
    method, model = np.unravel_index(np.nanargmax(best), best.shape)
    assert table.best.startswith(f"{card.methods[method]} on {card.models[model]}, {best[method, model]:.2f} (95 %")


def test_the_best_of_each_model_is_marked(study: Store, masks: dict[str, np.ndarray]) -> None:
    card = score(study, masks, ["energy"], draws=1)
    card.above.low[:] = 0.1
    table = right._table(card, "energy")
    best = np.where(np.isfinite(card.scores.mean[0]), card.scores.mean[0], -1).argmax(axis=0).tolist()
    assert table.leading == {(card.methods[row], column) for column, row in enumerate(best)}
    card.above.low[:] = -0.1
    assert right._table(card, "energy").leading == frozenset()


def test_the_chart_has_the_means_over_models_and_the_better_baseline(
    study: Store, masks: dict[str, np.ndarray]
) -> None:
    table = right._table(score(study, masks, ["energy"], draws=1), "energy")
    chart = score_chart(table)
    assert chart is not None
    assert [point.mean for point in chart.points] == sorted((point.mean for point in chart.points), reverse=True)
    by_label = {row.label: row.cells for row in table.rows}
    for point in chart.points:
        cells = [cell for cell in by_label[point.label] if cell.count]
        assert point.mean == pytest.approx(np.mean([cell.mean for cell in cells]))
        assert point.low == pytest.approx(np.mean([cell.low for cell in cells]))
    assert chart.chance == pytest.approx(
        max(np.mean([c.mean for c in by_label[name]]) for name in ("random", "centre"))
    )


def test_scores_of_an_earlier_state_say_so(study: Store, masks: dict[str, np.ndarray]) -> None:
    save_scores(score(study, masks, ["iou"], draws=1), study)
    assert "earlier state" not in section(build_report(study))
    study.add_maps("Net 3", "New", "d", (7, 7), {"method": "new", "finish": "none", "settings": {}})
    text = section(build_report(study))
    assert "earlier state of the study" in text
    assert "Other metrics" not in text


def test_scenes_are_scored_for_the_page(
    study: Store, masks: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = score(study, masks, ["energy"], draws=1)
    monkeypatch.setattr(right, "has_own_masks", lambda store: True)
    monkeypatch.setattr(right, "score", lambda store: card)
    shown = right.right_of(study)
    assert [table.metric for table in shown.tables] == ["energy"]

    def refuse(store: Store) -> None:
        raise InputError("another picture")

    monkeypatch.setattr(right, "score", refuse)
    assert "could not be scored: another picture" in section(build_report(study))
