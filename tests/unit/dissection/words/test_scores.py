"""Every score against the straightforward form, and what no block, neighbour or order may change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.dissection.words import SCORES, find_score, label_by_words
from crosslight.dissection.words.best import best_concepts
from crosslight.dissection.words.probe import Probe, unit_length
from crosslight.dissection.words.products import log_likelihoods

ALL = ("cosine", "cosine-cubed", "rank-reorder", "soft-wpmi", "wpmi")


def probe_of(pictures, texts, answers) -> Probe:
    return Probe(unit_length(pictures, "image"), unit_length(texts, "concept"), answers)


def scored(name: str, form: str, probe: Probe, **own) -> np.ndarray:
    return find_score(name).prepare(probe, form, **own)(slice(0, len(probe.concepts)))


def test_all_are_registered() -> None:
    assert tuple(SCORES) == ALL
    assert {name for name in SCORES if SCORES[name].company} == {"soft-wpmi", "wpmi"}
    with pytest.raises(UnknownNameError, match="soft-wpmi"):
        find_score("soft-wmpi")
    with pytest.raises(InputError, match="no setting 'tops'; did you mean 'top'"):
        find_score("wpmi").with_defaults({"tops": 3})


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("form", ["own", "published"])
@pytest.mark.parametrize("name", ALL)
def test_equal_to_the_straightforward_form(name: str, form: str, relu: bool, world, reference) -> None:
    pictures, texts, answers = world(relu=relu, images=140, concepts=40)
    if name == "rank-reorder":
        texts = np.abs(texts)
        pictures = np.abs(pictures)  # a power of a negative similarity has no value
    count = {"soft-wpmi": 33, "wpmi": 9, "rank-reorder": 7}.get(name, 0)
    similarity = reference.similarities(pictures, texts)
    wanted = reference.REFERENCE[name](similarity, answers.astype(np.float64), form, count)
    own = {"top": count} if count else {}
    assert scored(name, form, probe_of(pictures, texts, answers), **own) == pytest.approx(wanted, abs=1e-4)


def test_cubes_of_small_activations_in_the_published_form(world, reference) -> None:
    pictures, texts, answers = world()
    small = (answers * 1e-3).astype(np.float32)
    wanted = reference.cosine_cubed(reference.similarities(pictures, texts), small.astype(np.float64), "published", 0)
    found = scored("cosine-cubed", "published", probe_of(pictures, texts, small))
    assert found == pytest.approx(wanted, rel=1e-3, abs=1e-9)
    own = scored("cosine-cubed", "own", probe_of(pictures, texts, small))
    assert own == pytest.approx(scored("cosine-cubed", "own", probe_of(pictures, texts, answers)), abs=1e-5)


@given(
    name=st.sampled_from(ALL),
    form=st.sampled_from(["own", "published"]),
    block=st.integers(1, 50),
    width=st.integers(1, 50),
    seed=st.integers(0, 5),
)
@settings(max_examples=20, deadline=None)
def test_blocks_change_nothing(name: str, form: str, block: int, width: int, seed: int, world) -> None:
    probe = probe_of(*world(images=60, units=4, seed=seed))
    own = {"width": width} if name.endswith("wpmi") else {}
    whole, scores = best_concepts(find_score(name).prepare(probe, form), probe, 5, 1000)
    parts, same = best_concepts(find_score(name).prepare(probe, form, **own), probe, 5, block)
    assert np.array_equal(whole, parts)
    assert same == pytest.approx(scores, abs=1e-5)


@given(name=st.sampled_from(ALL), seed=st.integers(0, 30), some=st.sets(st.integers(0, 6), min_size=1))
@settings(max_examples=15, deadline=None)
def test_the_same_label_whoever_else_is_asked(name: str, seed: int, some: set[int], world, names, layer_of) -> None:
    pictures, texts, answers = world(images=80, seed=seed)
    asked = {"score": name, "flags": False}
    every = label_by_words(layer_of(answers), pictures, texts, names(30), **asked)
    few = label_by_words(layer_of(answers), pictures, texts, names(30), units=sorted(some), **asked)
    for unit in range(7):
        if unit in some:
            assert few.best[unit] == every.best[unit]
            assert few.why[unit] == every.why[unit]
            assert np.array_equal(few.candidates[unit], every.candidates[unit])
            assert few.scores[unit] == pytest.approx(every.scores[unit], abs=1e-5)
        else:
            assert few.best[unit] == -1
            assert few.why[unit] == "not asked"


def test_published_labels_depend_on_company(world) -> None:
    pictures, texts, answers = world(units=12)
    alone = scored("soft-wpmi", "published", probe_of(pictures, texts, answers[:, :2]))
    among = scored("soft-wpmi", "published", probe_of(pictures, texts, answers))[:2]
    assert np.abs(alone - among).max() > 0.1
    own = scored("soft-wpmi", "own", probe_of(pictures, texts, answers[:, :2]))
    assert own == pytest.approx(scored("soft-wpmi", "own", probe_of(pictures, texts, answers))[:2], abs=1e-6)


@pytest.mark.parametrize("top", [50, 1])
def test_likelihoods_far_below_the_smallest_number(top: int) -> None:
    images = np.tile(np.array([[1, 0]], np.float32), (50, 1))
    concepts = np.array([[-1, 0], [1, 0], [0, 1]], np.float32)  # not one image shows the first and the third
    chosen = np.arange(top)[None]
    found = log_likelihoods(images, concepts, chosen, np.ones((1, top)), 90.0, 7)
    assert found[0] == pytest.approx([top * np.log(1e-7), top * np.log1p(1e-7), top * np.log(1e-7)], rel=1e-6, abs=1e-4)


@given(
    weights=st.lists(st.floats(0, 1), min_size=40, max_size=40), sharpness=st.floats(0.1, 30), size=st.integers(1, 25)
)
@settings(max_examples=30, deadline=None)
def test_products_are_sums_of_logarithms(weights: list[float], sharpness: float, size: int) -> None:
    rng = np.random.default_rng(0)
    images, concepts = (unit_length(rng.normal(size=(count, 4)), "image") for count in (25, 6))
    chosen, weight = rng.integers(0, 25, (2, 20)), np.array(weights).reshape(2, 20)
    share = softmax(sharpness * images.astype(np.float64) @ concepts.T, axis=1)[chosen]
    terms = np.log(1 + weight[:, :, None] * (share - 1) + 1e-7)
    wanted = np.where(weight[:, :, None] > 0, terms, 0).sum(axis=1)
    assert log_likelihoods(images, concepts, chosen, weight, sharpness, size) == pytest.approx(wanted, abs=1e-4)


def test_rounding_as_published_is_close_to_exact(world) -> None:
    probe = probe_of(*world())
    exact = scored("soft-wpmi", "published", probe)
    rounded = scored("soft-wpmi", "published", probe, rounding="float32")
    assert 0 < np.abs(exact - rounded).max() < 1e-3
    for form, rounding in (("own", "down"), ("own", "float32")):
        with pytest.raises(InputError, match="float32"):
            scored("soft-wpmi", form, probe, rounding=rounding)


def test_images_on_which_a_unit_is_silent_do_not_count(world) -> None:
    pictures, texts, answers = world(images=60)
    answers[:] = 0
    answers[[3, 9]] = 1
    two = scored("soft-wpmi", "own", probe_of(pictures, texts, answers), top=2)
    ten = scored("soft-wpmi", "own", probe_of(pictures, texts, answers), top=10)
    assert two.argmax(axis=1).tolist() == ten.argmax(axis=1).tolist()
    published = scored(
        "wpmi", "published", probe_of(pictures, texts, answers + np.eye(60, 7, dtype=np.float32)), top=10
    )
    assert np.isfinite(published).all()


@pytest.mark.parametrize("name", ["soft-wpmi", "wpmi", "rank-reorder"])
def test_top_has_bounds(name: str, world) -> None:
    probe = probe_of(*world(images=40))
    assert np.isfinite(scored(name, "own", probe, top=1000)).all()
    with pytest.raises(InputError, match="top is the number"):
        scored(name, "own", probe, top=0)
