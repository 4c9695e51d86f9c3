"""Labels of a layer: what is found, what is left out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.dissection.words import label_by_words


@pytest.fixture
def asked(world, names, layer_of):
    pictures, texts, answers = world(images=200, relu=False)
    return {
        "layer": layer_of(answers),
        "image_features": pictures,
        "concept_features": texts,
        "concepts": names(30),
        "score": "cosine",
    }


def test_units_that_answer_to_a_concept_are_called_so(asked) -> None:
    found = label_by_words(**asked)
    assert (found.candidates[:, 0] == np.arange(7)).mean() > 0.8
    assert found.label(int(np.flatnonzero(found.best == 0)[0])) == "concept 0"
    assert (found.p[found.best >= 0] <= 0.05).all()
    assert (found.auc[found.best >= 0] > 0.6).all()
    assert (found.q >= found.p).all()
    assert found.settings["form"] == "own"
    assert found.settings["images"] == 200
    assert (found.scores[:, :-1] >= found.scores[:, 1:]).all()


def test_noise_has_no_label(asked, layer_of) -> None:
    noise = np.random.default_rng(1).normal(size=(200, 200)).astype(np.float32)
    for score in ("cosine", "soft-wpmi", "cosine-cubed"):
        found = label_by_words(**{**asked, "layer": layer_of(noise), "score": score}, flags=False)
        assert (found.best >= 0).mean() <= 0.05
        assert set(found.why) <= {"", "unstable"}
    kept = label_by_words(**{**asked, "layer": layer_of(noise)}, level=None, flags=False)
    assert (kept.best >= 0).all()
    assert np.isnan(kept.p).all()
    assert "not tested" in kept.settings["note"]


def test_dead_units_have_none(asked, layer_of) -> None:
    answers = asked["layer"].activations.copy()
    answers[:, 2] = 0.5
    for form in ("own", "published"):
        for score in ("cosine", "soft-wpmi", "cosine-cubed", "rank-reorder", "wpmi"):
            found = label_by_words(**{**asked, "layer": layer_of(answers), "score": score}, form=form, flags=False)
            assert found.why[2] == "dead"
            assert found.best[2] == -1
            assert (found.candidates[2] == -1).all()
            assert np.isnan(found.scores[2]).all()
            assert np.isnan([found.auc[2], found.p[2], found.q[2]]).all()


def test_images_that_could_not_be_read_are_left_out(asked, layer_of) -> None:
    whole = label_by_words(**asked, level=None)
    answers = np.concatenate([asked["layer"].activations, np.full((2, 7), np.nan, np.float32)])
    pictures = np.concatenate([asked["image_features"], np.ones((2, 16))])
    pictures = np.concatenate([np.full((1, 16), np.nan), pictures])
    answers = np.concatenate([np.full((1, 7), 9, np.float32), answers])
    found = label_by_words(**{**asked, "layer": layer_of(answers), "image_features": pictures}, level=None)
    assert np.array_equal(found.candidates, whole.candidates)
    assert found.settings["images"] == 200


def test_the_published_form_keeps_labels_and_says_what_they_depend_on(asked) -> None:
    found = label_by_words(**{**asked, "score": "wpmi"}, form="published")
    assert (found.best >= 0).all()
    assert "which 7 of 7 units" in found.settings["note"]
    assert np.isfinite(found.p).all()
    with pytest.raises(InputError, match="form='own'"):
        label_by_words(**{**asked, "score": "wpmi"}, form="published", units=[3])
    label_by_words(**{**asked, "score": "cosine"}, form="published", units=[3])  # compares no units


def test_halves_go_by_identity_not_by_place(asked, layer_of) -> None:
    identities = [f"picture {number}" for number in range(200)]
    turned = np.arange(200)[::-1]
    one = label_by_words(**asked, identities=identities)
    moved = {
        **asked,
        "layer": layer_of(asked["layer"].activations[turned]),
        "image_features": asked["image_features"][turned],
    }
    other = label_by_words(**moved, identities=[identities[row] for row in turned])
    assert other.p == pytest.approx(one.p)
    assert not np.allclose(label_by_words(**asked, identities=identities, seed=1).p, one.p)


def test_too_few_images_for_a_test(asked, layer_of) -> None:
    few = {**asked, "layer": layer_of(asked["layer"].activations[:20]), "image_features": asked["image_features"][:20]}
    found = label_by_words(**few)
    assert (found.best >= 0).all()
    assert "too few images" in found.settings["note"]


def test_settings_reach_the_score(asked) -> None:
    one = label_by_words(**{**asked, "score": "soft-wpmi"}, top=5, a=3.0)
    assert one.settings["top"] == 5
    assert one.settings["a"] == 3.0
    assert not np.allclose(one.scores, label_by_words(**{**asked, "score": "soft-wpmi"}, top=5).scores)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"concepts": []}, "no concept"),
        ({"concepts": ["sea"]}, "at least two"),
        ({"concepts": ["sea"] * 30}, "'sea' is there twice"),
        ({"concepts": ["a", "b"]}, "30 concepts for 2 names"),
        ({"categories": ["object"]}, "1 categories"),
        ({"image_features": np.ones((5, 16))}, "5 images, activations of 200"),
        ({"image_features": np.ones((200, 8))}, "same encoder"),
        ({"image_features": np.full((200, 16), np.nan)}, "0 of 200 images"),
        ({"concept_features": np.full((30, 16), np.nan)}, "finite"),
        ({"units": [7]}, "units 0 to 6"),
        ({"units": []}, "no unit"),
        ({"level": 0.0}, r"\(0, 1\]"),
        ({"form": "mine"}, "'own' or 'published'"),
        ({"identities": ["a"]}, "1 identities"),
        ({"sharpness": 3}, "no setting 'sharpness'"),
    ],
)
def test_what_is_refused(asked, change, match: str) -> None:
    with pytest.raises(InputError, match=match):
        label_by_words(**{**asked, **change})
