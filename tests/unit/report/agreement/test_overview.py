"""What is said of all methods together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crosslight.agreement.analysis import Analysis, MethodAnalysis
from crosslight.report.agreement.grids import method_grid, prediction_grids
from crosslight.report.agreement.overview import overview, parts_of

Make = Callable[..., MethodAnalysis]


@pytest.fixture
def analysis(made_method: Make, made_analysis: Callable[..., Analysis]) -> Analysis:
    return made_analysis({"Grad-CAM": made_method(5)})


def test_artefacts_are_announced_with_what_mends_them(analysis: Analysis) -> None:
    over = overview(analysis)
    assert [one.severity for one in over.loud] == ["severe", "warning"]
    assert [one.severity for one in over.quiet] == ["note"]
    first, second = over.loud
    assert first.hint == '--repair "Model number 0/Grad-CAM:corner=top-left"'
    assert first.text == "90 % of 24 maps have their largest value in a corner, the top-left one; chance 0.00."
    assert second.hint == ""
    assert over.suspects("Grad-CAM") == ("Model number 0",)
    assert over.suspects("Fine") == ()
    assert over.about("Grad-CAM") == over.loud
    assert over.about("Fine") == ()


def test_methods_against_methods(analysis: Analysis) -> None:
    grid = overview(analysis).methods
    assert grid is not None
    assert grid.labels == ("Grad-CAM", "Fine")
    values = [one.mean[0, 1] for one in analysis.across_methods.values()]
    cell = grid.rows[0][1]
    assert cell.text == f"{np.mean(values):.2f}"
    assert cell.title.startswith(f"Grad-CAM and Fine: {min(values):.2f} to {max(values):.2f}, lowest on Model number ")
    assert cell.title.endswith("5 models")
    assert grid.rows[0][0].strength is None
    assert "0.40 on average" in grid.note


def test_models_that_lack_a_method(analysis: Analysis) -> None:
    across = dict(analysis.across_methods)
    one = across["Model number 0"]
    across["Model number 0"] = replace(one, mean=np.full((2, 2), np.nan))
    grid = method_grid(across)
    assert grid is not None
    assert grid.rows[0][1].title.endswith("4 models")
    assert method_grid({"Model number 0": across["Model number 0"]}) is None
    assert method_grid({}) is None


def test_predictions(analysis: Analysis) -> None:
    same, kappa = prediction_grids(analysis.predictions)  # error consistency is known of no pair
    assert same.rows[0][1].text == "0.75"
    assert same.rows[0][1].title == "Model number 0 and Model number 1: 9 of 12 images, 95 % interval 0.65 to 0.85"
    assert "N = 12 images" in same.note
    assert kappa.rows[0][1].text == "0.45"
    assert prediction_grids(None) == ()


def test_cells_without_a_value_have_no_colour(analysis: Analysis) -> None:
    assert analysis.predictions is not None
    fraction = analysis.predictions.fraction.copy()
    fraction[0, 1] = np.nan
    fraction[2, 3] = 0.2
    grid = prediction_grids(replace(analysis.predictions, fraction=fraction))[0]
    assert (grid.rows[0][1].text, grid.rows[0][1].strength) == ("–", 0)
    assert grid.rows[2][3].strength == 0
    assert grid.rows[0][2].strength == 100


def test_parts_of_the_variation(analysis: Analysis) -> None:
    over = overview(analysis)
    assert sum(part.share for part in over.parts) == pytest.approx(1)
    names = [part.name for part in over.parts]
    assert set(names[:3]) == {"model", "method", "image"}
    assert "model × method × image, and noise" in names
    assert over.split.endswith("(N = 12 images).")
    assert over.split[0].isdigit() or over.split[0].isupper()
    assert parts_of(None) == ()


def test_relations_and_what_is_missing(analysis: Analysis) -> None:
    over = overview(analysis)
    assert [one.correlation for one in over.relations] == [0.91, -0.2]
    assert over.skipped == (("how the variation of maps splits", "only here to be listed"),)
    assert over.some


def test_without_an_analysis_nothing_is_said(analysis: Analysis) -> None:
    nothing: Any = overview(None)
    assert not nothing.some
    assert nothing.loud == ()
    assert overview(replace(analysis, repairs=("a/b:corner=top-left:fill=mean",))).recorded == (
        ("steps", "grid = 28"), ("repaired", "a/b:corner=top-left:fill=mean"),
    )  # fmt: skip
