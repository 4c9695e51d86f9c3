"""The sentences on the first screen, and the numbers in them."""

from __future__ import annotations

import html
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crosslight.agreement import Agreement, aggregate, agree_store
from crosslight.agreement.analysis import MethodAnalysis
from crosslight.agreement.relations import Kinship, ladder
from crosslight.core.maps import Status
from crosslight.evaluation.table import Cell, Row
from crosslight.report.build import write_report
from crosslight.report.contents import Contents, read_contents
from crosslight.report.findings import MOST, Finding, findings
from crosslight.report.right import Right, ScoreTable
from crosslight.report.summary import contrast_of
from crosslight.report.tiles import write_maps
from crosslight.store import Store

FAMILIES = {"a": "convolutional", "b": "convolutional", "c": "transformer", "d": "hybrid"}


@pytest.fixture
def contents(study: Store, tmp_path: Path) -> Contents:
    """The made-up study, with the status of every map."""
    read = read_contents(study)
    write_maps(read, tmp_path)
    return read


@pytest.fixture
def clean(contents: Contents) -> Contents:
    """The same without any trouble."""
    for status in contents.statuses.values():
        status[:] = Status.OK
    for emptied in contents.emptied.values():
        emptied[:] = False
    return replace(contents, failures=())


def said(found: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.head: finding.text for finding in found}


def agreement(sets: str = "abcd", images: int = 40, floor: float = 0.3, seed: int = 0) -> Agreement:
    """Cosines of .9 within the families of `FAMILIES` and of .5 between them, give or take .1."""
    rng = np.random.default_rng(seed)
    same = np.array([[FAMILIES[i] == FAMILIES[j] for j in sets] for i in sets])
    noise = rng.uniform(-0.1, 0.1, (images, len(sets), len(sets)))
    values = np.where(same, 0.9, 0.5) + (noise + noise.transpose(0, 2, 1)) / 2
    values[:, np.arange(len(sets)), np.arange(len(sets))] = 1
    return aggregate(values, list(sets), floor=np.full((len(sets), len(sets)), floor))


def scores(means: dict[str, float], failing: dict[str, int], models: int = 12) -> Right:
    """A section with one table: each method has one mean on all models, and does no better than chance on some."""
    rows = tuple(Row(label, (Cell(mean, mean, mean, 9),) * models) for label, mean in means.items())
    chance = tuple(Row(name, (Cell(mean, mean, mean, 9),) * models, True) for name, mean in
                   (("random", 0.14), ("centre", 0.2), ("edge", 0.9)))  # fmt: skip
    names = tuple(f"m{i}" for i in range(models))
    no_better = {label: names[:number] for label, number in failing.items()}
    return Right((ScoreTable("energy", "", "", names, rows + chance, 1.0, "", no_better),))


def test_who_is_right(contents: Contents) -> None:
    # image 1 has a label that no model knows; of the others, two of three models are wrong about image 2
    assert said(findings(contents, {}))["Who is right"] == (
        "All 3 classifiers name the labelled class in 4 of 5 images (80 %); "
        "Net & Co does so in 5 (100 %), Net 3 in 4 (80 %)."
    )
    first, _, third = contents.models
    assert said(findings(replace(contents, models=(first,)), {}))["Who is right"] == (
        "Net & Co names the labelled class in 5 of 5 images (100 %)."
    )
    assert said(findings(replace(contents, models=(third, third)), {}))["Who is right"] == (
        "Both classifiers name the labelled class in 4 of 5 images (80 %)."
    )
    tops = np.array([0, 0, 2, 3, 2, 2], np.int32)  # another image wrong, as many right
    other = replace(third, top=np.stack([tops] * 5, axis=1))
    assert other.right.sum() == third.right.sum() == 4
    assert said(findings(replace(contents, models=(third, other)), {}))["Who is right"] == (
        "Both classifiers name the labelled class in 3 of 5 images (60 %); each of them does so in 4 (80 %)."
    )


def test_the_same_answer(contents: Contents) -> None:
    # image 2: two of three models say another class; so 5 of 6 images, and (5 * 3 + 1) / 18 of the pairs
    assert said(findings(contents, {}))["The same answer"] == (
        "All 3 classifiers name the same class in 5 of 6 images (83 %); two of them do so in 89 % on average."
    )


def test_where_they_look(clean: Contents) -> None:
    text = said(findings(clean, {"Grad-CAM": agreement()}))["Where they look"]
    assert text == (
        "Under Grad-CAM, a and b look at the most similar places (cosine 0.91, chance 0.30), a and c at the least "
        "similar (cosine 0.50, chance 0.30). All 6 pairs are above chance."
    )
    some = agreement(floor=0.6)
    assert said(findings(clean, {"x": some}))["Where they look"].endswith("5 of 6 pairs are not above chance.")
    none = findings(clean, {"x": agreement(floor=0.99)})[1]
    assert none.text.endswith("No pair is above chance.")
    assert none.warns
    two = said(findings(clean, {"x": agreement("ab")}))["Where they look"]
    mean = agreement("ab").mean[0, 1]
    assert two == f"Under x, the maps of a and b are alike by cosine {mean:.2f}, chance 0.30. That is above chance."
    constant = agreement()
    constant.floor[0, 1] = constant.floor[1, 0] = 0.9  # as alike on different pictures as on the same
    assert "a and b at the least similar (cosine 0.91" in said(findings(clean, {"x": constant}))["Where they look"]


def test_families_are_compared_within_one_image(clean: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Contents, "families", FAMILIES)
    assert said(findings(clean, {"Grad-CAM": agreement()}))["Families"] == (
        "Classifiers of one family look at more similar places than those of different families: 0.61 against 0.20 "
        "above chance under Grad-CAM (difference 0.408, 95 % interval 0.394 to 0.421)."
    )
    turned = replace(agreement(), per_image=1 - agreement().per_image)
    assert "less similar" in said(findings(clean, {"x": turned}))["Families"]
    level = replace(agreement(), per_image=agreement().per_image * 0 + 0.5)
    assert "no more similar" in said(findings(clean, {"x": level}))["Families"]


def test_families_come_from_the_facts(study: Store) -> None:
    read = read_contents(study)
    assert read.families == {}
    known = {"facts": {"family": "transformer"}}
    models = [replace(model, attributes=known) for model in read.models[:2]]
    unknown = replace(read.models[2], attributes={"facts": {"family": "unknown"}})
    assert replace(read, models=(*models, unknown)).families == {m.label: "transformer" for m in models}


def test_contrast_of() -> None:
    found = contrast_of(agreement(), FAMILIES)
    assert found is not None
    values = agreement().per_image
    within, between = values[:, 0, 1], values[:, [0, 1, 0, 1, 2], [2, 2, 3, 3, 3]].mean(axis=1)
    assert (found.within, found.between) == pytest.approx((within.mean() - 0.3, between.mean() - 0.3))
    assert found.low < found.difference < found.high
    assert contrast_of(agreement("ab"), FAMILIES) is None  # one family
    assert contrast_of(agreement("bcd"), FAMILIES) is None  # no two of one
    assert contrast_of(agreement(), {}) is None
    gap = agreement()
    gap.per_image[:30, 3] = gap.per_image[:30, :, 3] = np.nan  # images that a set has no map of do not count
    gapped = contrast_of(gap, FAMILIES)
    assert gapped is not None
    assert gapped.within == pytest.approx(within[30:].mean() - 0.3)
    dead = agreement()
    dead.per_image[:, 3] = dead.per_image[:, :, 3] = np.nan  # a set without any map does not empty the others
    without = contrast_of(dead, FAMILIES)
    assert without is not None
    assert without.within == pytest.approx(within.mean() - 0.3)
    assert without.between == pytest.approx(values[:, [0, 1], [2, 2]].mean() - 0.3)
    assert contrast_of(replace(agreement(), floor=np.full((4, 4), np.nan)), FAMILIES) is None


@given(arrays(np.float64, (5, 4, 4), elements=st.floats(-1, 1)), st.permutations("abcd"))
def test_contrast_does_not_depend_on_the_order_of_models(values: np.ndarray, order: list[str]) -> None:
    values = (values + values.transpose(0, 2, 1)) / 2
    at = ["abcd".index(name) for name in order]
    floor = values.mean(axis=0) / 2
    one = contrast_of(aggregate(values, "abcd", resamples=2, floor=floor), FAMILIES)
    other = contrast_of(aggregate(values[:, at][:, :, at], order, resamples=2, floor=floor[at][:, at]), FAMILIES)
    assert one is not None
    assert other is not None
    assert (one.within, one.between, one.low, one.high) == pytest.approx(
        (other.within, other.between, other.low, other.high)
    )
    assert one.low <= one.difference + 1e-12
    assert one.difference <= one.high + 1e-12


def test_methods_are_ranked_above_their_own_chance(clean: Contents) -> None:
    known = {"high": agreement(floor=0.5), "low": agreement(floor=0.1), "unknown": agreement(floor=np.nan)}
    text = said(findings(clean, known))["The method matters"]
    assert text.startswith("Measured above chance, classifiers agree most under low (cosine 0.57, chance 0.10)")
    assert text.endswith("and least under high (0.57, chance 0.50).")
    assert "The method matters" not in said(findings(clean, {"only": agreement()}))


def test_methods_with_maps_of_fewer_models_are_not_ranked(clean: Contents) -> None:
    known = {"all": agreement(floor=0.5), "also": agreement(floor=0.4), "three": agreement("abc", floor=0.1)}
    assert "three" not in said(findings(clean, known))["The method matters"]
    section = scores({"All": 0.4, "Also": 0.3, "Few": 0.9}, {"Few": 2})
    (table,) = section.tables
    few = Row("Few", (*table.rows[2].cells[:3], *(Cell(np.nan, np.nan, np.nan, 0),) * 9))
    section = Right((replace(table, rows=(*table.rows[:2], few, *table.rows[3:])),))
    text = said(findings(clean, {}, section))["Are maps right"]
    assert text.startswith("All puts 40 % of its maps on the evidence, Also 30 %;")
    assert "Few (on 2 of 12 classifiers)" in text


def test_are_maps_right(clean: Contents) -> None:
    means = {"Best": 0.6, "Middling": 0.3, "Worst": 0.1, "Empty": float("nan")}
    text = said(findings(clean, {}, scores(means, {"Middling": 3, "Worst": 12})))["Are maps right"]
    assert text == (
        "Best puts 60 % of its maps on the evidence, Worst 10 %; a bump in the middle would put 20 %. "
        "No better than chance: Worst (on all classifiers), Middling (on 3 of 12 classifiers)."
    )
    best = said(findings(clean, {}, scores({"A": 0.6, "B": 0.5}, {})))["Are maps right"]
    assert best.endswith("All 2 methods do better than chance on every classifier.")
    (worst,) = [f for f in findings(clean, {}, scores({"A": 0.1}, {"A": 12})) if f.head == "Are maps right"]
    assert worst.warns
    assert worst.text.endswith("No method does better than chance on any classifier.")
    many = {str(i): 0.3 for i in range(6)}
    assert "and 2 more." in said(findings(clean, {}, scores(many, {str(i): 1 for i in range(5)})))["Are maps right"]
    assert "Are maps right" not in said(findings(clean, {}, Right(note="no masks")))


def test_odd_maps_are_counted(contents: Contents) -> None:
    found = findings(contents, {})
    assert found[-1].head == "Worth a second look"
    assert found[-1].warns
    assert found[-1].text.startswith("Of 54 maps, 1 is all zero, 1 constant, 1 not finite, 1 failed and")
    assert "Grad-CAM on Net <i>two</i> has the most, 5." in found[-1].text
    assert found[-1].text.endswith("1 model would not load.")


def test_a_few_empty_maps_do_not_warn(clean: Contents) -> None:
    clean.statuses["Net & Co", "Fine"] = np.full(200, Status.OK, np.uint8)
    clean.emptied["Net & Co", "Fine"] = np.zeros(200, bool)
    assert findings(clean, {})[-1].head == "Nothing odd"
    clean.statuses["Net & Co", "Fine"][0] = Status.ZERO
    assert (findings(clean, {})[-1].head, findings(clean, {})[-1].warns) == ("Hardly anything odd", False)
    clean.statuses["Net & Co", "Fine"][:100] = Status.ZERO  # half of the set
    assert findings(clean, {})[-1].warns
    clean.statuses["Net & Co", "Fine"][:] = Status.OK
    clean.statuses["Net & Co", "Fine"][:2] = Status.ZERO
    clean.statuses["Net 3", "Fine"][0] = Status.ZERO  # three of 248: one in a hundred
    assert findings(clean, {})[-1].warns
    clean.statuses["Net & Co", "Fine"][1:20] = Status.SKIPPED
    clean.statuses["Net & Co", "Fine"][0] = Status.FAILED
    assert findings(clean, {})[-1].warns


def test_there_are_six_findings_and_a_warning(
    contents: Contents, clean: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Contents, "families", FAMILIES)
    known = {"x": agreement(), "y": agreement(floor=0.1)}
    found = findings(clean, known, scores({"x": 0.5, "y": 0.4}, {}))
    assert [f.head for f in found] == ["Who is right", "Where they look", "Families", "The method matters",
                                       "Are maps right", "The same answer"]  # fmt: skip
    assert len(found) == MOST
    clean.statuses["Net & Co", "Fine"][:] = Status.ZERO
    assert [f.head for f in findings(clean, known, scores({"x": 0.5}, {}))][MOST:] == ["Worth a second look"]


def test_the_report_hands_back_what_stands_on_its_page(study: Store) -> None:
    report = write_report(study, agreements=agree_store(study))
    page = html.unescape(report.page.read_text("utf-8")).replace("\N{NO-BREAK SPACE}", " ")
    assert len(report.findings) > 3
    for finding in report.findings:
        assert f"<h2>{finding.head}</h2>\n    <p>{finding.text}</p>" in page
    assert report.maps["ok"] == 49
    assert report.maps["no_target"] == report.maps["failed"] == 1


def kinds(sets: str) -> Kinship:
    """The families of `FAMILIES`; a and b are two seeds of one network."""
    seeds = tuple("net" if name in "ab" else None for name in sets)
    return Kinship(tuple(sets), "family", tuple(FAMILIES[name] for name in sets), (None,) * len(sets), seeds)


def test_relatives_and_the_answer_take_the_place_of_the_plain_contrast(
    clean: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Contents, "families", FAMILIES)
    main = agreement()
    kin = kinds("abcd")
    method = MethodAnalysis("x", {"cosine": main}, kin, ladder(main, kin, resamples=50))
    found = said(findings(clean, {"x": main}, None, {"x": method}))
    sentence = method.ladder.sentence
    assert found["Relatives"] == f"Under x, {sentence[0].lower()}{sentence[1:]}"
    assert "Families" not in found
    for verdict, warns in (("underpowered", True), ("differ", False)):
        answer: Any = SimpleNamespace(verdict=verdict, sentence="CNN and others differ (R = -.2).")
        both = findings(clean, {"x": main}, None, {"x": replace(method, answer=answer)})
        (families,) = [finding for finding in both if finding.head == "Families"]
        assert families == Finding("Families", "Under x, CNN and others differ (R = −.2).", warns)


def test_sentences_name_the_measure(clean: Contents) -> None:
    found = said(findings(clean, {"x": replace(agreement(), measure_label="IoU")}))
    assert "(IoU 0.91, chance 0.30)" in found["Where they look"]
