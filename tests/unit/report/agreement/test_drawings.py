"""What is drawn of a method is what agreement found, rounded to four decimals."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.agreement.analysis import MethodAnalysis
from crosslight.report.agreement.drawings import MATRICES, choices_data, drawings_of
from crosslight.report.agreement.packed import rounded, row, triangle
from crosslight.report.agreement.panel import Panel, panel_of
from crosslight.report.contents import read_contents
from crosslight.store import Store

Make = Callable[..., MethodAnalysis]


@pytest.fixture
def panel(study: Store, made_method: Make) -> Panel:
    return panel_of(made_method(5), read_contents(study), 0)


@pytest.fixture
def drawn(panel: Panel) -> dict[str, Any]:
    """Numbered by another order of models, of which one is not compared."""
    return drawings_of(panel, ["no maps", *reversed(panel.agreement.sets)])


def spread(packed: Any, number: int) -> np.ndarray:
    """The matrix of what `triangle` wrote."""
    found = np.full((number, number), np.nan)
    rows, columns = np.triu_indices(number, 1)
    found[rows, columns] = (
        [np.nan if v is None else v for v in packed] if isinstance(packed, list) else (packed or np.nan)
    )
    return found


def test_numbers_are_those_of_the_agreement(panel: Panel, drawn: dict[str, Any]) -> None:
    upper = np.triu_indices(5, 1)
    for written, one in zip(drawn["measures"], panel.method.agreements.values(), strict=True):
        assert (written["key"], written["label"], written["identical"]) == (one.measure, one.measure_label, 1)
        for name in MATRICES:
            np.testing.assert_allclose(
                spread(written[name], 5)[upper], getattr(one, name)[upper], atol=0.5001e-4, equal_nan=True
            )
        assert written["n"] == 12
        assert written["floor"] == 0.5
    assert np.isfinite(spread(drawn["measures"][0]["ceiling"], 5)[upper]).sum() == 1
    assert len(drawn["measures"]) == 2


def test_it_is_json_without_nan(drawn: dict[str, Any]) -> None:
    assert json.loads(json.dumps(drawn, allow_nan=False))["label"] == "Grad-CAM"


def test_models_and_groups_have_their_numbers(panel: Panel, drawn: dict[str, Any]) -> None:
    assert drawn["sets"] == list(panel.agreement.sets)
    assert drawn["models"] == [5, 4, 3, 2, 1]
    assert [drawn["groups"][group] for group in drawn["group"]] == [
        "convolutional", "convolutional", "hybrid", "convolutional", "transformer",
    ]  # fmt: skip
    assert drawings_of(panel, [])["models"] == [-1] * 5


def test_relations_of_pairs(panel: Panel, drawn: dict[str, Any]) -> None:
    assert [look for look, _ in drawn["relations"]] == ["seed", "group", "different"]
    expected = {"another seed": 0, "one group": 1, "different groups": 2}
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    kin = panel.method.kin
    assert drawn["relation"] == [expected[kin.relation(i, j) or ""] for i, j in pairs]


def test_models_of_which_nothing_is_known(study: Store, made_method: Make) -> None:
    bare = drawings_of(panel_of(made_method(4, families=False), read_contents(study), 0), [])
    assert (bare["group"], bare["relation"], bare["relations"]) == (None, None, [])


def test_the_tree_with_its_support(panel: Panel, drawn: dict[str, Any]) -> None:
    support, tree = panel.method.support, drawn["tree"]
    assert support is not None
    assert [drawn["sets"][set_] for set_ in tree["leaves"]] == list(support.tree.labels)
    assert [drawn["sets"][tree["leaves"][leaf]] for leaf in tree["order"]] == list(support.tree.leaves)
    np.testing.assert_allclose(np.array(tree["merges"]), support.tree.linkage[:, :3], atol=1e-4)
    np.testing.assert_allclose(tree["au"], support.au, atol=1e-3)
    np.testing.assert_allclose(tree["bp"], support.bp, atol=1e-3)
    assert tree["resamples"] == 20


def test_the_map_leaves_out_who_has_no_maps(study: Store, made_method: Make) -> None:
    method = made_method(5, missing=1)
    drawn = drawings_of(panel_of(method, read_contents(study), 0), [])
    assert method.ellipses is not None
    assert drawn["map"]["sets"] == [0, 2, 3, 4]
    assert drawn["tree"]["leaves"] == [0, 2, 3, 4]
    np.testing.assert_allclose(drawn["map"]["points"], method.ellipses.ordination.points[:, :2], atol=1e-4)
    np.testing.assert_allclose(drawn["map"]["radii"], method.ellipses.radii, atol=1e-4)
    np.testing.assert_allclose(drawn["map"]["explained"], method.ellipses.ordination.explained[:2], atol=1e-4)


def test_charts_say_which_model_a_row_is_about(panel: Panel, drawn: dict[str, Any]) -> None:
    rows = drawn["charts"]["consensus"]["rows"]
    assert [drawn["sets"][one["set"]] for one in rows] == [one["label"] for one in rows]
    assert [one["value"] for one in rows] == sorted((one["value"] for one in rows), reverse=True)
    assert all("set" not in one for one in drawn["charts"]["ladder"]["rows"])
    assert panel.ladder is not None
    assert drawn["charts"]["ladder"]["rows"][1]["value"] == pytest.approx(panel.ladder.rows[1].value, abs=1e-4)
    assert drawn["charts"]["properties"]["within"] == [-1, 1]


def test_every_choice_is_sorted_by_r(panel: Panel, drawn: dict[str, Any]) -> None:
    found = panel.method.multiverse
    choices = drawn["choices"]
    assert found is not None
    assert choices["levels"] == {
        "sign": ["published", "signed", "absolute"], "grid": ["7", "28"], "measure": ["cosine", "iou"],
    }  # fmt: skip
    values = [one[0] for one in choices["universes"]]
    assert values[:-1] == sorted(values[:-1])
    assert values[-1] is None  # one has no statistic
    first = min(found.universes, key=lambda one: (np.isnan(one.r), one.r))
    _, contrast, anosim, permanova, decision, *levels = choices["universes"][0]
    assert (contrast, anosim, permanova, decision) == (0.1, 0.02, 0.03, first.decision)
    assert [own[level] for own, level in zip(choices["levels"].values(), levels, strict=True)] == [
        str(first.choices[name]) for name in choices["levels"]
    ]
    assert choices_data(replace(found, universes=())) is None


def test_nothing_is_drawn_of_what_is_not_there(study: Store, made_method: Make) -> None:
    bare = replace(
        made_method(3), support=None, ellipses=None, consensus=None, properties=(), multiverse=None,
    )  # fmt: skip
    drawn = drawings_of(panel_of(bare, read_contents(study), 0), [])
    assert (drawn["tree"], drawn["map"], drawn["choices"], set(drawn["charts"])) == (None, None, None, {"ladder"})


@given(st.integers(2, 6), st.randoms(use_true_random=False))
def test_triangles_lose_nothing(number: int, random: Any) -> None:
    matrix = np.array([[random.choice([np.nan, 0.25, -1.5, 3.0]) for _ in range(number)] for _ in range(number)])
    upper = np.triu_indices(number, 1)
    np.testing.assert_equal(spread(triangle(matrix), number)[upper], matrix[upper])


def test_numbers_of_json() -> None:
    assert rounded(-0.00001) == 0
    assert str(rounded(-0.00001)) == "0.0"
    assert rounded(float("nan")) is None
    assert rounded(float("inf")) is None
    assert row([1.23456, np.nan], 2) == [1.23, None]
    assert triangle(np.full((3, 3), 0.5)) == 0.5
    assert triangle(np.full((3, 3), np.nan)) is None
    assert triangle(np.zeros((1, 1))) is None
