"""The pictures of the first screen: which image, which models, which numbers."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.agreement import Agreement, agree_store
from crosslight.report import pictures
from crosslight.report.agreement import plain_analysis
from crosslight.report.contents import Contents, read_contents
from crosslight.report.finding import Finding
from crosslight.report.pictures import pictured, striking
from crosslight.report.small_charts import MOST, Point, agreement_chart, answers_chart, shortened
from crosslight.report.summary import pairs_of
from crosslight.report.words import two_decimals
from crosslight.store import Store
from crosslight.store.pictures import Pictures


@pytest.fixture
def contents(study: Store) -> Contents:
    return read_contents(study)


@pytest.fixture
def agreement(study: Store) -> Agreement:
    return agree_store(study, "Signed")["Signed"]


def test_the_image_is_the_one_with_the_largest_contrast_among_those_all_get_right(
    contents: Contents, agreement: Agreement
) -> None:
    found = striking(contents, agreement, [True] * 6)
    assert found is not None
    ranked = sorted(pairs_of(agreement), key=lambda pair: -pair.above)
    assert found.alike == (ranked[0].first, ranked[0].second)
    assert found.different == (ranked[-1].first, ranked[-1].second)
    at = {label: number for number, label in enumerate(agreement.sets)}
    near = agreement.per_image[:, at[found.alike[0]], at[found.alike[1]]]
    far = agreement.per_image[:, at[found.different[0]], at[found.different[1]]]
    right = np.logical_and.reduce([model.right for model in contents.models])
    assert right.tolist() == [True, False, False, True, True, True]
    best = max(np.flatnonzero(right).tolist(), key=lambda row: near[row] - far[row])
    assert found.row == best
    assert found.values == (near[best], far[best])
    assert found.among == "the images that all 3 classifiers get right"


def test_where_no_image_shows_a_contrast_the_most_alike_pair_stands_alone(
    contents: Contents, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "CONTRAST", 10.0)
    found = striking(contents, agreement, [True] * 6)
    assert found is not None
    assert found.different is None
    at = [agreement.sets.index(label) for label in found.alike]
    assert found.values[0] == np.nanmax(agreement.per_image[:, at[0], at[1]])
    assert found.among == "all images"


def test_images_without_a_photograph_are_passed_over(contents: Contents, agreement: Agreement) -> None:
    first = striking(contents, agreement, [True] * 6)
    assert first is not None
    there = [row != first.row for row in range(6)]
    other = striking(contents, agreement, there)
    none = striking(contents, agreement, [False] * 6)
    assert other is not None
    assert none is not None
    assert other.row != first.row
    assert none.row == first.row


def test_where_no_image_is_right_those_with_one_answer_count_and_else_all(
    contents: Contents, agreement: Agreement
) -> None:
    for model in contents.models:
        model.truth[:] = -1
    found = striking(contents, agreement, [True] * 6)
    assert found is not None
    assert found.among == "the images on which all 3 classifiers say the same"
    assert found.row != 2  # on which they do not
    contents.models[0].top[:, 0] = 1
    again = replace(contents, models=tuple(replace(model) for model in contents.models))
    found = striking(again, agreement, [True] * 6)
    assert found is not None
    assert found.among == "all images"


def test_the_row_has_the_photograph_and_four_maps_and_says_its_numbers(contents: Contents, study: Store) -> None:
    methods = {"Signed": plain_analysis(study, agree_store(study, "Signed")["Signed"])}
    shown = pictured(contents, methods, None, Pictures.of(study), [True] * 6, [])
    assert shown.row is not None
    data, main = shown.row.data, methods["Signed"].main
    assert [tile["kind"] for tile in data["tiles"]] == ["alike", "alike", "different", "different"]
    with Image.open(io.BytesIO(base64.b64decode(data["photo"]))) as photo:
        assert photo.size == (60, 50) == tuple(data["size"])
    for tile in data["tiles"]:
        maps = study.maps(tile["label"], "Signed", slice(data["image"], data["image"] + 1))
        content = np.frombuffer(base64.b64decode(tile["bytes"]), np.uint8).reshape(tile["cells"])
        assert np.unravel_index(content.argmax(), content.shape) == np.unravel_index(maps.values.argmax(), (7, 7))
        assert tile["limit"] == pytest.approx(np.abs(maps.values).max())
    found = striking(contents, main, [True] * 6)
    assert found is not None
    for value in found.values:
        assert f"{two_decimals(value)})" in shown.row.text or f"({two_decimals(value)})" in shown.row.text


def test_a_study_of_one_model_shows_its_methods(contents: Contents, study: Store) -> None:
    one = replace(contents, models=contents.models[:1])
    shown = pictured(one, {}, None, Pictures.of(study), [True] * 6, [])
    assert shown.row is not None
    assert [tile["label"] for tile in shown.row.data["tiles"]] == ["Grad-CAM", "Signed", "Fine"]
    assert [chart.name for chart in shown.charts] == ["accuracy"]


def test_nothing_to_draw_is_no_error(contents: Contents, study: Store) -> None:
    empty = replace(contents, models=(), methods=())
    shown = pictured(empty, {}, None, Pictures.of(study), [False] * 6, [])
    assert shown.to_dict() == {"row": None, "charts": []}


def test_the_charts_have_the_numbers_and_the_words_of_the_findings(contents: Contents, study: Store) -> None:
    methods = {label: plain_analysis(study, found) for label, found in agree_store(study, "Signed").items()}
    methods |= {label: plain_analysis(study, found) for label, found in agree_store(study, "Fine").items()}
    chart = agreement_chart("Signed", methods, [Finding("The method matters", "so it does")])
    assert chart is not None
    assert chart.text == "so it does"
    for point in chart.points:
        pairs = pairs_of(methods[point.label].main)
        assert point.mean == pytest.approx(np.mean([pair.mean for pair in pairs]))
        assert point.floor == pytest.approx(np.mean([pair.floor for pair in pairs]))
    accuracy = answers_chart(contents)
    assert accuracy is not None
    assert {point.label: point.mean for point in accuracy.points} == {
        "Net & Co": 1,
        "Net <i>two</i>": 0.8,
        "Net 3": 0.8,
    }


def test_long_charts_keep_both_ends() -> None:
    points = [Point(str(number), number) for number in range(20)]
    kept, left, at = shortened(points)
    assert (len(kept), left) == (MOST, 20 - MOST)
    assert [point.mean for point in kept[:at]] == list(range(at))
    assert kept[-1].mean == 19
    assert shortened(points[:3]) == (tuple(points[:3]), 0, 0)


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    from crosslight.report.parts import write_part
    from crosslight.report.small_charts import SmallChart

    chart = SmallChart("name", "title", "unit", (Point("a", float("nan")),), "", "how")
    assert chart.to_dict()["rows"] == [{"label": "a", "look": ""}]
    write_part(tmp_path, "chart", chart.to_dict())  # which refuses NaN
