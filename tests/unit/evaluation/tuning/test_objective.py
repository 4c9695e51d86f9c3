"""Objectives: what they measure, and names that are not known."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.core.targets import TargetPolicy
from crosslight.evaluation.localisation import PictureMask
from crosslight.evaluation.tuning.cases import make_units
from crosslight.evaluation.tuning.objective import find_objective, highest, objectives, overlap
from crosslight.images import open_images
from crosslight.methods import METHODS
from crosslight.models import load_model

CAM = METHODS["grad-cam"]


@pytest.fixture(scope="module")
def case():
    units = make_units([load_model("scenes/regnet")], open_images("scenes", limit=1), TargetPolicy(), 0, 8, print)
    return units[0][0]


def test_overlap_of_highest_fifths():
    first, second = np.zeros((10, 10)), np.zeros((10, 10))
    first[:2], second[1:3] = 1, 1
    assert highest(first).sum() == 20
    assert overlap(first, second) == pytest.approx(10 / 30)
    assert overlap(first, 0 * first) != overlap(first, 0 * first)  # nothing to compare with
    few = np.zeros((10, 10))
    few[0, 0] = 1
    assert highest(few).sum() == 1  # of many zeros none counts


def test_masks_as_localisation_has_them(case):
    found = case.explain(CAM, CAM.settings())
    inside = np.zeros(case.size, bool)
    inside[:48] = True
    energy = find_objective("energy", {case.identity: PictureMask(inside)})(case, found)
    turned = find_objective("energy", {case.identity: PictureMask(~inside)})(case, found)
    assert energy + turned == pytest.approx(1)
    assert 0 < energy < 1


@pytest.mark.parametrize("name", ["agree:grad-cam", "agree:grad-cam:cosine"])
def test_a_method_agrees_with_itself(case, name):
    assert find_objective(name)(case, case.explain(CAM, CAM.settings())) == pytest.approx(1)
    other = METHODS["saliency"]
    assert find_objective(name)(case, case.explain(other, other.settings())) < 1


def test_probing_is_the_metric_of_the_map(case):
    from crosslight.evaluation.probing import PROBES

    found = case.explain(CAM, CAM.settings())
    objective = find_objective("gini")
    assert objective.better == PROBES["gini"].better == "higher"
    assert 0 < objective(case, found) < 1
    assert find_objective("deletion").better == "lower"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("uoi", "unknown objective 'uoi'"),
        ("energi", "did you mean 'energy'"),
        ("agree:grad-can", "did you mean 'grad-cam'"),
        ("agree:grad-cam:cosin", "did you mean 'cosine'"),
        ("iou", "there are none"),
        ("max-sensitivity", "needs more than the map"),
    ],
)
def test_names_that_cannot_be(name, message):
    with pytest.raises(InputError, match=message):
        find_objective(name)
    assert name not in objectives() or name == "iou"
