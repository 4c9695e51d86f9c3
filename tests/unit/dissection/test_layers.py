"""Layers by name, by module, by depth, and all blocks."""

from __future__ import annotations

import pytest

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.dissection.layers import choose_sites, layer_names
from crosslight.models import Classifier

from .networks import small


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return small()


def names(classifier: Classifier, *asked: object) -> list[str]:
    return [site.name for site in choose_sites(classifier, *asked)]  # type: ignore[arg-type]


def test_the_last_is_taken_by_default(classifier: Classifier) -> None:
    assert names(classifier) == [classifier.sites.last.name] == names(classifier, 1.0) == names(classifier, ["1"])


def test_a_module_means_what_it_returns(classifier: Classifier) -> None:
    assert names(classifier, "stages.0") == ["stages.0.1"]
    assert names(classifier, "stages.0.0,stem") == ["stem", "stages.0.0"]  # in execution order
    assert names(classifier, "stages") == [classifier.sites.last.name]


def test_names_and_depths_may_mean_the_same_and_count_once(classifier: Classifier) -> None:
    depth = choose_sites(classifier, "stem")[0].depth
    assert names(classifier, ["stem", depth, "stages.1"]) == names(classifier, f"stem, {depth!r} ,stages.1")
    assert len(names(classifier, ["stem", depth, "stages.1", 1.0])) == 2


def test_blocks_are_all_blocks(classifier: Classifier) -> None:
    assert names(classifier, "blocks") == [site.name for site in classifier.sites.sites if site.block]
    assert len(names(classifier, "blocks")) == 2


def test_an_unknown_name_comes_with_the_nearest(classifier: Classifier) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown layer 'stage\.0'; did you mean 'stages\.0'"):
        choose_sites(classifier, "stem,stage.0")
    assert "stages.0" in layer_names(classifier.sites)


@pytest.mark.parametrize("asked", [[], "", " , ".replace(" ", "")])
def test_nothing_is_no_layer(classifier: Classifier, asked: object) -> None:
    with pytest.raises(InputError, match="name at least one layer"):
        choose_sites(classifier, asked)  # type: ignore[arg-type]


def test_a_depth_is_a_share(classifier: Classifier) -> None:
    with pytest.raises(InputError, match="depth must be above 0"):
        choose_sites(classifier, [1.5])
