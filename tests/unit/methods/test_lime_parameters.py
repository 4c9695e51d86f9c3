"""Parameters of the lime package as settings."""

from __future__ import annotations

import pytest

from crosslight.core.errors import StudyError
from crosslight.core.targets import TargetPolicy
from crosslight.methods import METHODS
from crosslight.methods.lime_parameters import lime_parameters

OWN = TargetPolicy()
SEVENTH = TargetPolicy("class", name="7")
#: everything that `explain_instance` takes, at its defaults
DEFAULTS = {
    "labels": [1], "hide_color": None, "top_labels": 5, "num_features": 100000, "num_samples": 1000, "batch_size": 10,
    "segmentation_fn": None, "distance_metric": "cosine", "model_regressor": None, "random_seed": None,
}  # fmt: skip


def settings(given: dict, others: dict | None = None, policy: TargetPolicy = OWN):
    return METHODS["lime"].settings(**lime_parameters(given, others or {}, policy))


def test_defaults_of_the_package_are_our_defaults_but_for_the_superpixels() -> None:
    ours = METHODS["lime"].settings()
    assert settings(DEFAULTS) == ours.model_copy(update={"segmentation": "quickshift"})
    assert settings({}) == ours


def test_what_is_left_out_is_as_in_the_other_settings() -> None:
    others = {"num_samples": 300, "kernel_width": 0.5, "model_regressor": "lasso", "random_seed": 3}
    found = settings({"hide_color": [0, 128, 255], "num_features": 5}, others)
    assert (found.num_samples, found.kernel_width, found.model_regressor, found.random_seed) == (300, 0.5, "lasso", 3)
    assert (found.hide_color, found.num_features) == ("#0080ff", 5)
    found = settings({"model_regressor": None, "random_seed": None}, others)
    assert (found.model_regressor, found.random_seed) == ("ridge", None)


def test_another_way_to_cut_pictures_up_leaves_the_settings_of_the_first() -> None:
    others = {"segments": 30, "sigma": 2.0, "segment_input": True, "num_samples": 400}
    found = settings({"segmentation_fn": None}, others)
    assert found.segmentation == "quickshift"
    assert (found.segments, found.sigma, found.segment_input, found.num_samples) == (50, 1.0, True, 400)
    found = settings({"segmentation_fn": "felzenszwalb", "scale": 50}, others)
    assert (found.segmentation, found.sigma, found.scale) == ("felzenszwalb", 2.0, 50)
    assert settings({"segmentation_fn": "slic"}, others).segments == 30
    assert settings({"segmentation": "grid"}, others | {"segmentation": "slic"}).segments == 30
    quick = {"segmentation": "quickshift", "max_dist": 50}
    assert settings({"num_features": 3}, quick).max_dist == 50
    assert settings({"segmentation_fn": None}, quick).max_dist == 200, "lime's own"
    assert settings({"segmentation_fn": None, "kernel_size": 3}, quick).kernel_size == 3


@pytest.mark.parametrize("policy", [OWN, TargetPolicy(rank=2), SEVENTH, TargetPolicy("label")])
def test_with_top_labels_the_target_is_the_studys(policy: TargetPolicy) -> None:
    assert settings({"top_labels": 1, "labels": None}, policy=policy)
    assert settings({"labels": [3]}, policy=policy)


def test_labels_alone_must_hold_the_target() -> None:
    assert settings({"top_labels": None, "labels": [1, 7]}, policy=SEVENTH)
    for policy in (OWN, TargetPolicy("class", name="cat"), TargetPolicy("class", name="8")):
        with pytest.raises(StudyError, match='write target = "class:1", or set top_labels to 1'):
            lime_parameters({"top_labels": None, "labels": [1, 7]}, {}, policy)
    with pytest.raises(StudyError, match="no class is named"):
        lime_parameters({"top_labels": None, "labels": None}, {}, SEVENTH)
    with pytest.raises(StudyError, match='"class:1"'):
        lime_parameters({"top_labels": 0}, {}, OWN)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"batch_size": 0}, ["batch_size"]),
        ({"batch_size": True}, ["batch_size"]),
        ({"top_labels": "1", "labels": 3}, ["top_labels", "labels"]),
        ({"labels": [1, -1]}, ["labels"]),
        ({"segmentation_fn": "watershed"}, ["segmentation_fn"]),
        ({"segmentation_fn": {"name": "slic"}, "batch_size": 1.5}, ["batch_size", "segmentation_fn"]),
        ({"segmentation_fn": None, "segmentation": "slic"}, ["segmentation_fn"]),
    ],
)
def test_every_bad_parameter_is_named(given: dict, names: list[str]) -> None:
    with pytest.raises(StudyError) as caught:
        lime_parameters(given, {}, OWN)
    assert [problem.where for problem in caught.value.problems] == names


def test_what_is_given_is_not_changed() -> None:
    given, others = dict(DEFAULTS), {"segments": 30}
    lime_parameters(given, others, OWN)
    assert given == DEFAULTS
    assert others == {"segments": 30}
