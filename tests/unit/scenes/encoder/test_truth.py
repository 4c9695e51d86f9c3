"""Which texts are true of which pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crosslight.scenes import CLASSES, CONCEPTS, SceneBatch, number_of, scenes
from crosslight.scenes.encoder.labelled import COLOURED, Labelled, label_scenes
from crosslight.scenes.encoder.phrases import LEFT, RIGHT, mirrored, read_caption
from crosslight.scenes.encoder.texts import Text, concept, concept_names, concept_weights, shortened, whole
from crosslight.scenes.encoder.truth import claims_of, columns, flipped, holds, truth
from crosslight.scenes.encoder.words import scene_vocabulary
from crosslight.scenes.palette import COLOUR_NAMES


@pytest.fixture(scope="module")
def batch() -> SceneBatch:
    clean, patch = scenes(40, split="val"), scenes(10, split="val", variant="patch")
    return SceneBatch(
        np.concatenate([clean.images, patch.images]),
        np.concatenate([clean.labels, patch.labels]),
        {category: np.concatenate([masks, patch.masks[category]]) for category, masks in clean.masks.items()},
        np.concatenate([clean.evidence, patch.evidence]),
        clean.captions + patch.captions,
        clean.facts + patch.facts,
    )


@pytest.fixture(scope="module")
def labelled(batch) -> Labelled:
    return label_scenes(batch)


@pytest.fixture(scope="module")
def table(labelled) -> np.ndarray:
    return truth(labelled)


def test_shares_and_colours_are_those_of_the_labels(batch, labelled):
    for at in (0, 7, 45):
        for each in CONCEPTS:
            mask = np.broadcast_to(batch.masks[each.category][at], (96, 96)) == each.number
            assert labelled.shares[at, each.number - 1] == pytest.approx(mask.mean())
        for row, each in enumerate(COLOURED):
            mask = batch.masks[each.category][at] == each.number
            for column, colour in enumerate(COLOUR_NAMES):
                wanted = (batch.masks["color"][at][mask] == number_of("color", colour)).mean() if mask.any() else 0
                assert labelled.colours[at, row, column] == pytest.approx(wanted)


def test_every_text_is_true_of_its_own_picture(labelled, table):
    rng = np.random.default_rng(0)
    weights = concept_weights(table)
    for _ in range(5):
        for draw in (
            whole,
            lambda caption: shortened(caption, rng),
            lambda caption: concept(table[labelled.captions.index(caption)], caption, weights, rng),
        ):
            texts = [draw(caption) for caption in labelled.captions]
            assert (holds(table, [text.claims for text in texts]).diagonal() == 1).all()
            assert scene_vocabulary().unknown(text.words for text in texts) == ()


def test_a_text_holds_where_all_its_claims_do(table):
    columns_of = [columns()[claim] for claim in (("seen", "object", "sky"), ("side", LEFT))]
    found = holds(table, [[("seen", "object", "sky"), ("side", LEFT)]])[:, 0]
    assert (found == table[:, columns_of].min(axis=1)).all()
    assert set(found) >= {-1, 1}


def test_thresholds(labelled):
    def seen(name: str, category: str, share: float) -> int:
        shares = np.zeros_like(labelled.shares[:1])
        shares[0, number_of(category, name) - 1] = share
        changed = Labelled(labelled.captions[:1], shares, labelled.colours[:1])
        return int(truth(changed)[0, columns()["seen", category, name]])

    bird = [seen("bird", "object", share) for share in (0.0, 0.0005, 0.002)]
    red = [seen("red", "color", share) for share in (0.0, 0.0004, 0.002, 0.006)]
    assert (bird, red) == ([-1, 0, 1], [-1, -1, 0, 1])


def test_colours_of_things(batch, labelled, table):
    for at in range(40):
        thing = CLASSES[batch.labels[at]]
        own = table[at, [columns()["painted", "object", thing, colour] for colour in COLOUR_NAMES]]
        shares = labelled.colours[at, [c.name for c in COLOURED].index(thing)]
        assert ((own == 1) == (shares >= 0.5)).all()
        assert ((own == -1) == (shares <= 0.1)).all()
        other = CLASSES[(batch.labels[at] + 1) % 10]
        assert table[at, columns()["painted", "object", other, "red"]] == -1


def test_what_a_caption_is_silent_about_is_not_false(batch, table):
    column = columns()
    for at, facts in enumerate(batch.facts):
        if facts.variant == "patch":
            assert table[at, column["floating",]] == table[at, column["size", "small"]] == 0
            continue
        assert table[at, column["floating",]] == (1 if facts.floats else -1)
        for name in facts.front[1:]:
            if batch.masks["object"][at][batch.masks["object"][at] == number_of("object", name)].size:
                assert table[at, column["behind", name]] >= 0


def test_flipping(labelled, table):
    assert (flipped(flipped(table)) == table).all()
    turned = [mirrored(caption) for caption in labelled.captions]
    claims = [claims_of(read_caption(caption)) for caption in turned]
    assert (holds(flipped(table), claims).diagonal() == 1).all()
    sided = np.array([LEFT in caption or RIGHT in caption for caption in turned])
    assert sided.any()
    assert (holds(table, claims).diagonal() == np.where(sided, -1, 1)).all()
    rest = np.delete(np.arange(table.shape[1]), [columns()["side", side] for side in (LEFT, RIGHT)])
    assert (flipped(table)[:, rest] == table[:, rest]).all()


def test_seldom_concepts_are_named_more_readily(table):
    weights = concept_weights(table)
    often = (table[:, : len(CONCEPTS)] > 0).mean(axis=0)
    assert weights[often.argmax()] == weights.min()
    rng = np.random.default_rng(1)
    row = np.full(table.shape[1], -1, np.int8)
    row[[number_of("object", "bird") - 1, number_of("object", "sky") - 1]] = 1
    drawn = [concept(row, "", weights, rng).claims[0][2] for _ in range(200)]
    assert set(drawn) == {"bird", "sky"}
    assert drawn.count("bird") > drawn.count("sky")


def test_names():
    assert [text.words for text in concept_names()] == [each.name for each in CONCEPTS]
    assert concept_names()[0] == Text("sailboat", (("seen", "object", "sailboat"),))


def test_a_batch_of_none():
    empty = scenes(0)
    assert len(label_scenes(empty)) == 0
    assert truth(label_scenes(replace(empty))).shape == (0, len(columns()))
