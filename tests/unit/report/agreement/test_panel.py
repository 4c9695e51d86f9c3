"""What a panel of one method says: each part where there is something to say, and only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crosslight.agreement.analysis import MethodAnalysis, Relation
from crosslight.report.agreement.charts import ladder_chart
from crosslight.report.agreement.panel import Panel, panel_of, printed, quotes_of
from crosslight.report.agreement.plain import analyses_of, plain_analysis
from crosslight.report.contents import Contents, read_contents
from crosslight.report.summary import pairs_of
from crosslight.store import Store

Make = Callable[..., MethodAnalysis]


@pytest.fixture
def contents(study: Store) -> Contents:
    return read_contents(study)


@pytest.fixture
def full(contents: Contents, made_method: Make) -> Panel:
    """Of a method whose images are those of the made-up study."""
    images = tuple(image.identity for image in contents.images)
    names = tuple(model.label for model in contents.models)
    relation = Relation("Grad-CAM, Pearson correlation", "Grad-CAM, cosine", 0.91, 0.01, 0.02, 3)
    return panel_of(made_method(3, images=images, names=names), contents, 0, [relation])


def test_sentences_that_can_be_quoted(full: Panel) -> None:
    ladder, answer = full.quotes
    assert ladder.text == printed(full.method.ladder.sentence)
    assert "two seeds of one network are closer" in ladder.text.lower()
    assert not ladder.warns
    assert "R = −.12" in answer.text
    assert answer.warns


def test_only_doubtful_answers_warn(made_method: Make, made_answer: Callable[..., Any]) -> None:
    for verdict, warns in (("differ", False), ("one test", False), ("none", False), ("undecidable", True)):
        method = replace(made_method(3), answer=made_answer(verdict))
        assert quotes_of(method)[-1].warns == warns
    assert quotes_of(replace(made_method(3, families=False), answer=None)) == ()


def test_the_ladder_goes_from_identical_maps_to_chance(full: Panel) -> None:
    assert full.ladder is not None
    assert [row.label for row in full.ladder.rows] == [
        "identical maps", "another seed of one network", "different families", "chance: maps of different images",
    ]  # fmt: skip
    assert [row.look for row in full.ladder.rows] == ["end", "seed", "different", "end"]
    assert full.ladder.rows[0].value == 1
    assert full.ladder.rows[-1].value == 0.5
    rung = full.method.ladder.rungs[0]
    assert (full.ladder.rows[1].value, full.ladder.rows[1].low, full.ladder.rows[1].note) == (
        rung.mean, rung.low, "1 pair",
    )  # fmt: skip


def test_the_ladder_of_models_of_which_nothing_is_known(made_method: Make) -> None:
    method = made_method(4, families=False)
    rows = ladder_chart(method, pairs_of(method.main)).rows  # type: ignore[union-attr]
    assert [row.label for row in rows] == ["identical maps", "two models", "chance: maps of different images"]
    assert rows[1].value == pytest.approx(np.mean([pair.mean for pair in pairs_of(method.main)]))
    assert ladder_chart(method, []) is None


def test_pairs_have_interval_floor_ceiling_and_relation(full: Panel) -> None:
    means = [pair.mean for pair in full.pairs]
    assert means == sorted(means, reverse=True)
    top = full.pairs[0]
    assert (top.floor, top.ceiling, top.relation, top.images) == (0.5, 0.97, "another seed", 6)
    assert top.low < top.mean < top.high
    assert full.relations == (("seed", "another seed of one network"), ("different", "different families"))


def test_measures_beside_one_another(full: Panel) -> None:
    cosine, pearson = full.measures
    assert (cosine.label, pearson.label) == ("cosine", "Pearson correlation")
    assert cosine.mean == pytest.approx(pearson.mean + 0.2)
    assert (cosine.floor, cosine.images) == (0.5, 6)
    np.testing.assert_equal(cosine.others, (np.nan, 0.91))
    np.testing.assert_equal(pearson.others, (0.91, np.nan))
    assert full.correlated
    assert full.calibrated


def test_properties_and_those_of_which_nothing_is_known(full: Panel) -> None:
    assert full.properties is not None
    assert [row.label for row in full.properties.rows] == ["how sure the models are"]
    assert (full.properties.within, full.properties.zero) == ((-1, 1), True)
    assert full.properties.rows[0].note == "p = 0.020, N = 12"
    assert full.unknown_properties == (
        "how many models are right: the same for all images",
        "how complex the picture is: known for 3 images only",
    )


def test_consensus_is_ranked_and_coloured_by_family(full: Panel) -> None:
    assert full.consensus is not None
    values = [row.value for row in full.consensus.rows]
    assert values == sorted(values, reverse=True)
    looks = {row.label: row.look for row in full.consensus.rows}
    assert looks == {"Net & Co": "c0", "Net <i>two</i>": "c0", "Net 3": "c1"}
    assert full.groups == {"Net & Co": "convolutional", "Net <i>two</i>": "convolutional", "Net 3": "hybrid"}


def test_scenes_say_who_differs(full: Panel, contents: Contents) -> None:
    apart = [scene for scene in full.scenes if not scene.agreed]
    alike = [scene for scene in full.scenes if scene.agreed]
    assert (len(apart), len(alike)) == (3, 3)  # of six images none twice
    assert len({scene.row for scene in full.scenes}) == 6
    worst = full.method.disagreement[0]
    assert contents.images[apart[0].row].identity == worst.image
    assert f"{worst.lowest[0]} and {worst.lowest[1]}" in apart[0].text
    assert {contents.models[at].label for at in apart[0].apart} == {*worst.lowest, worst.loner}
    assert apart[0].text.endswith("All predict one class.")
    assert contents.images[alike[0].row].identity == full.method.disagreement[-1].image
    assert alike[0].text.startswith("Even ")
    assert alike[0].apart == ()


def test_what_was_compared_and_what_is_missing(full: Panel) -> None:
    record = dict(full.recorded)
    assert record["measure"] == "cosine"
    assert record["images"] == "N = 6 images"
    assert record["intervals"] == "95 % bootstrap over images, 50 resamples, seed 0"
    assert record["floor"] == "from 132 pairs of maps of different images for each pair"
    assert full.skipped == (("communities", "no dissimilarity is below 1"),)
    assert any("split-half reliability" in remark for remark in full.remarks)


def test_a_method_of_which_nothing_but_a_matrix_is_known(full: Panel, contents: Contents, study: Store) -> None:
    panel = panel_of(plain_analysis(study, full.agreement), contents, 0)
    assert panel.pairs
    assert panel.ladder is not None
    assert (panel.consensus, panel.properties, panel.scenes, panel.measures, panel.quotes) == (None, None, (), (), ())
    assert panel.skipped == ()
    assert panel.remarks == ()


def test_analyses_are_those_of_the_maps_on_the_page(contents: Contents, made_method: Make, made_analysis: Any) -> None:
    names = tuple(model.label for model in contents.models)
    known = made_analysis({"Grad-CAM": made_method(3, names=names), "Fine": made_method(2, names=names[:2])})
    found = analyses_of(contents, known)
    assert set(found) == {"Grad-CAM", "Signed", "Fine"}
    assert found["Grad-CAM"].support is known.methods["Grad-CAM"].support
    assert found["Fine"].support is None  # its models are others than those analysed
    assert set(found["Fine"].main.sets) == set(names)
    assert found["Signed"].main.label == "Signed"


def test_minus_signs_and_capitals() -> None:
    assert printed("two of ResNet-18: -0.5 (-.2) to =-1, rounded -0.00 and -.00") == (
        "Two of ResNet-18: −0.5 (−.2) to =−1, rounded 0.00 and .00"
    )
    assert printed("from -0.003") == "From −0.003"
    assert printed("") == ""
