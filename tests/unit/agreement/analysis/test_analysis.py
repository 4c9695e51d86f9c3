"""The analysis of a store: what it is asked for, what it skips and why, and what it records."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from crosslight.agreement import Steps
from crosslight.agreement.analysis import Analysis, analyse, relations
from crosslight.agreement.repair import parse_repair
from crosslight.core.errors import InputError, UnknownNameError
from crosslight.core.maps import judge
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store

IMAGES, CLASSES, SIDE = 16, 3, 4
FACTS = {
    "net": {"family": "convolutional", "replicate": "net"},
    "net again": {"family": "convolutional", "replicate": "net"},
    "mobile": {"family": "convolutional"},
    "vit": {"family": "transformer"},
    "deit": {"family": "transformer", "lineage": "deit"},
    "mixer": {"family": "mlp"},
}
METHODS = ("CAM", "Gradient")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Six models and two methods; `net again` repeats `net` but for a little noise; `deit` has no map of one image."""
    folder: Path = tmp_path_factory.mktemp("analysis") / "out"
    images = tuple(ImageEntry(f"{i:04x}", f"{i}.png", f"class {i % CLASSES}") for i in range(IMAGES))
    store = Store.create(folder, Manifest("study", "same", images, block=8))
    random = np.random.default_rng(0)
    shared = random.gamma(1.0, size=(IMAGES, SIDE, SIDE))
    of_net = {label: random.gamma(1.0, size=(IMAGES, SIDE, SIDE)) for label in METHODS}
    truth, keys = np.arange(IMAGES) % CLASSES, {}
    for number, (model, facts) in enumerate(FACTS.items()):
        store.add_model(model, CLASSES, {"facts": facts, "labels": truth.tolist(), "classes": list("xyz")})
        told = np.where(np.arange(IMAGES) % (number + 2) == 0, (truth + 1) % CLASSES, truth)
        logits = 4 * np.eye(CLASSES)[told].astype(np.float32)
        made = {}
        for label in METHODS:
            own = of_net[label] if model.startswith("net") else random.gamma(1.0, size=(IMAGES, SIDE, SIDE))
            values = (shared + own + 0.1 * random.random((IMAGES, SIDE, SIDE))).astype(np.float32)
            if (model, label) == ("deit", "CAM"):
                values[3] = 0
            key = store.add_maps(model, label, "d", (SIDE, SIDE), {"method": "grad-cam", "finish": "none"})
            made[key] = values
        for block in range(store.blocks):
            rows = store.block_slice(block)
            count = rows.stop - rows.start
            predictions = PredictionBlock(logits[rows], np.full((count, 2), 32, np.int32), judge(logits[rows, None]))
            maps = {
                key: MapBlock(
                    values[rows],
                    np.tile([0.0, 0, 32, 32], (count, 1)),
                    np.zeros((count, 2), np.int32),
                    judge(values[rows]),
                )
                for key, values in made.items()
            }
            store.write(model, block, predictions=predictions, maps=maps)
        keys[model] = list(made)
    store.select(keys)
    return store


@pytest.fixture(scope="module")
def found(store: Store) -> Analysis:
    return analyse(store, resamples=20)


def test_all_is_there_and_plain(found: Analysis) -> None:
    assert list(found.methods) == list(METHODS)
    cam = found.methods["CAM"]
    assert list(cam.agreements) == ["cosine", "pearson", "iou"]
    assert cam.main.count[0, 1] == IMAGES - 1
    assert list(found.across_methods) == list(FACTS)
    assert found.predictions is not None
    assert found.predictions.of.min() == IMAGES
    assert found.variance is not None
    assert found.variance.levels == {"model": 6, "method": 2, "image": IMAGES - 1}
    assert {one.name for one in cam.properties} == {"confidence", "correctness", "same answer"}
    assert len(cam.disagreement) == IMAGES
    for part in (cam.support, cam.ellipses, cam.communities, cam.reliability, cam.consensus, cam.with_predictions):
        assert part is not None
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["methods"]["CAM"]["ladder"]["sentence"] == cam.ladder.sentence
    assert told["steps"]["grid"] == 28


def test_seeds_are_the_ceiling_and_no_further_witnesses(found: Analysis) -> None:
    cam = found.methods["CAM"]
    seeds = cam.main.mean[0, 1]
    assert seeds > 0.95
    np.testing.assert_allclose(cam.main.ceiling[:2, :2], seeds)
    assert np.isnan(cam.main.ceiling[0, 2])  # nothing is known of how reliable the others are
    assert cam.main.calibrated[0, 1] == pytest.approx(1)
    assert "closer than" in cam.ladder.sentence
    assert cam.ladder.rungs[0].relation == "another seed"
    assert cam.answer is not None
    assert cam.answer.groups == {"convolutional": 2, "transformer": 2}
    assert cam.skipped["further seeds, in the question of groups"] == "net again"
    assert cam.skipped["models alone in their group"] == "mixer (mlp)"


def test_consensus_is_in_the_order_of_the_images(store: Store, found: Analysis) -> None:
    consensus = found.methods["CAM"].consensus
    assert consensus is not None
    assert np.isnan(consensus.per_image[3, 4])
    assert np.isfinite(np.delete(consensus.per_image, 3, axis=0)).all()
    for seed in range(1, 4):  # blocks are read in another order
        other = analyse(store, methods=["CAM"], measures=["cosine"], seed=seed, resamples=20).methods["CAM"].consensus
        assert other is not None
        np.testing.assert_array_equal(other.per_image, consensus.per_image)


def test_images_can_be_chosen(store: Store, found: Analysis) -> None:
    one = analyse(store, methods=["CAM"], measures=["cosine"], only="class:class 1", resamples=20)
    cam = one.methods["CAM"]
    assert cam.main.count[0, 2] == sum(i % CLASSES == 1 for i in range(IMAGES))
    assert len(cam.disagreement) == cam.main.count[0, 2]
    assert one.steps["only"] == "class:class 1"
    correct = analyse(store, methods=["CAM"], measures=["cosine"], only="correct", resamples=20).methods["CAM"].main
    right = [i for i in range(IMAGES) if all(i % (n + 2) for n in range(len(FACTS)))]
    assert correct.count[0, 1] == len([i for i in right if i != 3])
    same = analyse(store, methods=["CAM"], measures=["cosine"], only="same-prediction", resamples=20).methods["CAM"]
    assert len(set(same.main.count[np.triu_indices(6, 1)].tolist())) > 1
    assert "images of its own" in same.skipped["structure"]
    assert same.support is None
    for wrong in ("right", "class", "class:class 9", "correct:x"):
        if wrong == "correct:x":
            with pytest.raises(InputError, match="images cannot be chosen"):
                analyse(store, only=wrong)
        else:
            with pytest.raises(InputError):
                analyse(store, only=wrong)


def test_repairs_are_made_and_recorded(store: Store, found: Analysis) -> None:
    repair = parse_repair("vit/CAM:corner=top-left")
    mended = analyse(store, methods=["CAM"], measures=["cosine"], repairs=[repair], resamples=20)
    assert mended.repairs == (str(repair),)
    before, after = found.methods["CAM"].main.mean, mended.methods["CAM"].main.mean
    place = list(FACTS).index("vit")
    assert (np.abs(after - before)[place, :place] > 1e-6).all()
    assert np.delete(np.delete(after - before, place, 0), place, 1) == pytest.approx(0)
    with pytest.raises(InputError, match="CAN"):
        analyse(store, repairs=[parse_repair("vit/CAN:corner=top-left")])


def test_two_models_have_no_structure_and_say_why(store: Store) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'CAM'"):
        analyse(store, methods=["CAMM"])
    with pytest.raises(InputError, match="no model has the fact"):
        analyse(store, by="famly")
    by_source = analyse(store, methods=["CAM"], by="lineage", measures=["iou"], steps=Steps(grid=7), resamples=20)
    cam = by_source.methods["CAM"]
    assert cam.answer is None
    assert "two groups of two models are needed" in cam.skipped["groups"]
    assert "there are: 1 deit" in cam.skipped["groups"]
    assert by_source.variance is None
    assert by_source.across_methods == {}


def test_lineages_are_the_groups_where_all_are_of_one_family(tmp_path: Path) -> None:
    images = tuple(ImageEntry(f"{i:04x}", f"{i}.png") for i in range(8))
    store = Store.create(tmp_path / "out", Manifest("study", "same", images, block=8))
    random = np.random.default_rng(0)
    own = {lineage: random.gamma(1.0, size=(8, SIDE, SIDE)) for lineage in ("mobile", "squeeze")}
    logits = random.normal(size=(8, CLASSES)).astype(np.float32)
    for number, lineage in enumerate(["mobile"] * 5 + ["squeeze"] * 4):
        model = f"{lineage} {number}"
        store.add_model(model, CLASSES, {"facts": {"family": "convolutional", "lineage": lineage}, "digest": model})
        key = store.add_maps(model, "CAM", "d", (SIDE, SIDE), {"method": "grad-cam", "finish": "none"})
        values = (own[lineage] + 0.5 * random.random((8, SIDE, SIDE))).astype(np.float32)
        maps = MapBlock(values, np.tile([0.0, 0, 32, 32], (8, 1)), np.zeros((8, 2), np.int32), judge(values))
        told = PredictionBlock(logits, np.full((8, 2), 32, np.int32), judge(logits[:, None]))
        store.write(model, 0, predictions=told, maps={key: maps})
    cam = analyse(store, measures=["cosine"], resamples=20).methods["CAM"]
    assert cam.kin.by == "lineage"
    assert cam.answer is not None
    assert cam.answer.sentence.startswith("Mobile and squeeze differ in where they look")
    assert "two networks of different lineages" in cam.ladder.sentence
    assert "correctness" in {one.name for one in cam.properties if one.images == 0}  # there are no labels


def test_choices_on_request(store: Store) -> None:
    asked = analyse(store, methods=["CAM"], measures=["cosine"], every_choice=True, resamples=20).methods["CAM"]
    assert asked.multiverse is not None
    assert asked.multiverse.groups == ("convolutional", "transformer")
    assert len(asked.multiverse.universes) > 16


def test_relations_of_matrices_are_over_the_models_that_both_know() -> None:
    random = np.random.default_rng(0)
    matrix = random.random((6, 6))
    matrix = (matrix + matrix.T) / 2
    names = tuple("abcdef")
    order = [3, 1, 5, 0, 4, 2]
    shuffled = (tuple(names[i] for i in order), 2 * matrix[np.ix_(order, order)])
    few = (names[:3], matrix[:3, :3])
    flat = (names, np.ones((6, 6)))
    gap = matrix.copy()
    gap[5] = gap[:, 5] = np.nan
    found = relations({"one": (names, matrix), "other": shuffled, "few": few, "flat": flat, "gap": (names, gap)})
    by_names = {(one.one, one.other): one for one in found}
    assert set(by_names) == {("one", "other"), ("one", "gap"), ("other", "gap")}
    assert by_names["one", "other"].correlation == pytest.approx(1)
    assert by_names["one", "other"].models == 6
    assert by_names["one", "gap"].models == 5
    assert all(one.p <= one.adjusted <= 1 for one in found)
