from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import pytest

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.scenes import VARIANTS
from crosslight.scenes.classifiers import CLASSIFIERS, EPOCHS, LINEAGES, Recipe, find_classifier
from crosslight.scenes.classifiers.networks import BUILDERS


def test_twelve_constructions_of_three_kinds():
    lineages = [CLASSIFIERS[name] for name in LINEAGES]
    assert Counter(one.kind for one in lineages) == {"convolutional": 6, "transformer": 5, "hybrid": 1}
    assert [one.lineage for one in lineages] == list(LINEAGES) == list(BUILDERS)
    assert {(one.variant, one.seed) for one in lineages} == {("clean", 0)}
    assert len({one.title for one in lineages}) == 12
    assert all(one.reference.startswith("arXiv:") for one in lineages)


def test_some_have_further_seeds_by_the_same_recipe():
    further = [one for one in CLASSIFIERS.values() if one.seed]
    assert Counter(one.seed for one in further) == {1: 3, 2: 3}
    for one in further:
        assert one.name == f"{one.lineage}-seed{one.seed}"
        assert replace(one, name=one.lineage, seed=0) == CLASSIFIERS[one.lineage]


def test_each_planted_cause_is_learnt_by_networks_of_two_kinds():
    biased = [one for one in CLASSIFIERS.values() if one.variant != "clean"]
    kinds = {variant: {one.kind for one in biased if one.variant == variant} for variant in VARIANTS}
    assert {variant: len(found) for variant, found in kinds.items() if found} == {
        "background": 2,
        "watermark": 2,
        "patch": 2,
    }
    assert all(one.name == f"{one.lineage}-{one.variant}" for one in biased)


def test_clean_ones_come_first():
    clean = [one.variant == "clean" for one in CLASSIFIERS.values()]
    assert clean == sorted(clean, reverse=True)
    assert all(name == one.name for name, one in CLASSIFIERS.items())
    assert len(clean) == 24


def test_no_two_share_a_digest():
    assert len({one.digest for one in CLASSIFIERS.values()}) == len(CLASSIFIERS)


@pytest.mark.parametrize("field", [field.name for field in fields(Recipe)])
def test_a_digest_changes_with_everything_in_the_recipe(field):
    entry = CLASSIFIERS["vit"]
    other = getattr(entry.recipe, field) / 2 or 0.5
    if isinstance(getattr(entry.recipe, field), int):
        other = getattr(entry.recipe, field) + EPOCHS
    assert replace(entry, recipe=replace(entry.recipe, **{field: other})).digest != entry.digest


def test_a_digest_is_of_what_the_weights_depend_on():
    entry = CLASSIFIERS["vit"]
    for change in ({"lineage": "cait"}, {"variant": "patch"}, {"seed": 3}):
        assert replace(entry, **change).digest != entry.digest
    for change in ({"title": "another"}, {"reference": "another"}, {"kind": "another"}):
        assert replace(entry, **change).digest == entry.digest


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0}, {"steps": 30}, {"steps": -20}, {"pictures": 0}, {"batch": 0}, {"shift": -1}, {"rate": 0.0},
        {"decay": -0.1}, {"clip": 0.0}, {"warm_up": 1.0}, {"smoothing": 1.0}, {"rate": float("nan")},
    ],
)  # fmt: skip
def test_recipes_that_cannot_be(wrong):
    with pytest.raises(InputError):
        Recipe(**wrong)


def test_names_that_are_not_there_come_with_the_nearest():
    assert find_classifier("vit-seed1").seed == 1
    with pytest.raises(UnknownNameError, match="did you mean 'densenet'"):
        find_classifier("densnet")
