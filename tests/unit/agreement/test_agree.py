from __future__ import annotations

import csv
import json
import tracemalloc

import numpy as np
import pytest

from crosslight.agreement import (
    Steps,
    agree_blocks,
    agree_maps,
    agree_methods,
    agree_store,
    agree_store_by,
    compare_sets,
    read_tensor,
    save,
)
from crosslight.agreement import agree as agree_module
from crosslight.agreement.agree import file_stem
from crosslight.agreement.prepare import ZERO_AFTER_STEPS
from crosslight.agreement.repair import Repair, repair_cell
from crosslight.core.errors import InputError, StoreError, UnknownNameError
from crosslight.core.maps import Maps, judge
from crosslight.store import ImageEntry, Manifest, MapBlock, Store

IMAGES, BLOCK = 11, 4
MATRICES = ("mean", "sd", "median", "dissimilarity", "low", "high", "count", "floor", "per_image")


def random_maps(size: int, seed: int, images: int = IMAGES) -> Maps:
    values = np.random.default_rng(seed).normal(size=(images, size, size)).astype(np.float32)
    values[seed % images] = -1 - np.abs(values[seed % images])  # nothing is left of it after ReLU
    return Maps(
        values=values,
        boxes=np.tile((10.0 * seed, 0.0, 300.0, 200.0), (images, 1)),
        status=judge(values),
        targets=np.zeros((images, 2), np.int32),
        images=tuple(f"i{n}" for n in range(images)),
        attributes={"finish": "relu"},
    )


def fill(store: Store, model: str, label: str, maps: Maps, digest: str = "d", blocks: int | None = None) -> None:
    store.add_model(model, 0, {})
    key = store.add_maps(model, label, digest, maps.values.shape[1:], {"finish": "relu", "method": "grad-cam"})
    for block in range(store.blocks if blocks is None else blocks):
        rows = store.block_slice(block)
        content = MapBlock(maps.values[rows], maps.boxes[rows], maps.targets[rows], maps.status[rows])
        store.write(model, block, maps={key: content})


@pytest.fixture
def store(tmp_path):
    images = tuple(ImageEntry(f"i{n}", f"{n}.png") for n in range(IMAGES))
    store = Store.create(tmp_path / "out", Manifest("s", "id", images, BLOCK))
    for seed, (model, size) in enumerate([("a", 7), ("b", 14), ("c/2", 40)]):
        fill(store, model, "Grad-CAM", random_maps(size, seed))
        fill(store, model, "LayerCAM", random_maps(size, seed + 5))
    return store


def assert_same(one, other):
    for name in MATRICES:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12, err_msg=name)
    assert one.dropped == other.dropped


def test_blocks_of_any_length_give_the_same():
    maps = {"a": random_maps(7, 0, 70), "b": random_maps(14, 1, 70)}
    whole = agree_blocks([list(maps.values())], list(maps))
    assert_same(agree_maps(maps), whole)
    assert whole.dropped == {"a": {ZERO_AFTER_STEPS: 1}, "b": {ZERO_AFTER_STEPS: 1}}
    assert (whole.count == 68).all()
    assert whole.images == maps["a"].images


def test_a_store_gives_what_its_maps_give(store):
    found = agree_store(store)
    assert list(found) == ["Grad-CAM", "LayerCAM"]
    for label, result in found.items():
        maps = {model: store.maps(model, label) for model in ("a", "b", "c/2")}
        assert_same(result, agree_maps(maps))
        assert (result.label, result.across, result.sets) == (label, "models", ("a", "b", "c/2"))
    assert list(agree_store(store, "LayerCAM")) == ["LayerCAM"]
    with pytest.raises(UnknownNameError, match="did you mean 'Grad-CAM'"):
        agree_store(store, "GradCAM")


def test_methods_of_one_model_are_compared_by_the_same_means(store):
    result = agree_methods(store, "b", Steps(finish=False))
    assert (result.label, result.across, result.sets) == ("b", "methods", ("Grad-CAM", "LayerCAM"))
    maps = {label: store.maps("b", label) for label in result.sets}
    assert_same(result, agree_maps(maps, Steps(finish=False)))
    assert result.steps["finish"] is False
    with pytest.raises(StoreError):
        agree_methods(store, "d")
    with pytest.raises(InputError, match="no maps of 'b'"):
        agree_methods(store, "b", sets=store.map_sets("a"))


def test_several_measures_of_one_pass_are_what_each_is_by_itself(store):
    keys = ("pearson", "rbf", "iou:share=0.2", "cosine")
    found = agree_store_by(store, keys)
    assert list(found) == ["Grad-CAM", "LayerCAM"]
    for label, by in found.items():
        assert tuple(by) == keys
        for key, result in by.items():
            assert_same(result, agree_store(store, label, measure=key)[label])
            assert (result.measure, result.label, result.sets) == (key, label, ("a", "b", "c/2"))
    rbf = found["LayerCAM"]["rbf"]
    assert rbf.measure_settings["sigma"] > 0
    assert rbf.range == (0, 1)
    assert rbf.measure_label.startswith("RBF")
    assert found["LayerCAM"]["iou:share=0.2"].measure_label == "IoU of the top 20 %"


def test_what_a_store_is_compared_across(store):
    by_model = agree_store_by(store, ("pearson",), across="methods")
    assert list(by_model) == ["a", "b", "c/2"]
    assert by_model["b"]["pearson"].sets == ("Grad-CAM", "LayerCAM")
    assert_same(by_model["b"]["pearson"], agree_methods(store, "b", measure="pearson"))
    (by,) = agree_store_by(store, ("cosine",), across="all").values()
    result = by["cosine"]
    assert result.sets[:2] == ("a / Grad-CAM", "a / LayerCAM")
    assert len(result.sets) == 6
    within = agree_store(store, "LayerCAM", subset="pairwise")["LayerCAM"]
    rows = [result.sets.index(f"{model} / LayerCAM") for model in within.sets]
    common = agree_store_by(store, ("cosine",), across="all", subset="pairwise")["all"]["cosine"]
    # other sets may make the common box smaller, not the set of pairs
    assert np.isfinite(common.mean[np.ix_(rows, rows)]).all()
    with pytest.raises(InputError, match="did you mean 'models'"):
        agree_store_by(store, across="model")
    with pytest.raises(UnknownNameError, match="model"):
        agree_store_by(store, across="methods", name="d")


def test_repairs_come_before_the_comparison(store):
    repair = Repair("a/Grad-CAM", corner="top-left")
    found = agree_store_by(store, ("cosine",), repairs=[repair])
    maps = {model: store.maps(model, "Grad-CAM") for model in ("a", "b", "c/2")}
    maps["a"] = repair_cell(maps["a"], (0, 0))
    result = found["Grad-CAM"]["cosine"]
    np.testing.assert_allclose(result.per_image, agree_maps(maps).per_image, atol=1e-12)
    assert result.steps["repairs"] == [str(repair)]
    assert "repairs" not in found["LayerCAM"]["cosine"].steps


def test_blocks_that_are_read_in_parts_give_the_same(store, monkeypatch):
    whole = agree_store_by(store, ("cosine", "pearson"), name="Grad-CAM")["Grad-CAM"]
    monkeypatch.setattr(agree_module, "READ", 3 * (49 + 196 + 1600) * 4)
    parts = [piece for piece, _ in agree_module.read_blocks(store, store.map_sets()[::2])]
    assert sorted(i for piece in parts for i in piece) == list(range(IMAGES))
    assert max(map(len, parts)) < BLOCK
    for key, one in agree_store_by(store, ("cosine", "pearson"), name="Grad-CAM")["Grad-CAM"].items():
        assert_same(one, whole[key])


def test_two_settings_under_one_label_are_two_sets(store):
    fill(store, "a", "Grad-CAM", random_maps(7, 9), digest="other")
    result = agree_store(store, "Grad-CAM")["Grad-CAM"]
    assert len(result.sets) == 4
    assert [name.startswith("a (grad-cam-") for name in result.sets] == [True, True, False, False]
    present = [one for one in store.map_sets() if one.key != store.map_sets("a")[0].key]
    assert agree_store(store, "Grad-CAM", sets=present)["Grad-CAM"].sets == ("a", "b", "c/2")


def test_unfinished_blocks_are_counted_as_pending(store):
    fill(store, "d", "Grad-CAM", random_maps(7, 3), blocks=1)
    result = agree_store(store, "Grad-CAM")["Grad-CAM"]
    assert result.dropped["d"]["PENDING"] == IMAGES - BLOCK
    assert result.count.max() <= BLOCK


def test_one_model(store):
    result = agree_maps({"only": random_maps(7, 0)})
    np.testing.assert_array_equal(result.mean, [[1.0]])
    assert result.count.tolist() == [[IMAGES - 1]]
    assert np.isfinite(result.floor).all()


def test_maps_of_other_images_are_refused():
    one = random_maps(7, 0)
    with pytest.raises(InputError, match="'b' are not over the same images as those of 'a'"):
        agree_maps({"a": one, "b": random_maps(7, 0, 5)})
    with pytest.raises(InputError, match="no maps"):
        agree_maps({})


def test_saved_files_are_whole_and_say_the_same(store, tmp_path):
    result = agree_store(store, "Grad-CAM")["Grad-CAM"]
    paths = save(result, tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "agreement/Grad-CAM.json",
        "agreement/Grad-CAM.csv",
        "agreement/Grad-CAM.npz",
    ]
    content = json.loads(paths[0].read_text(encoding="utf-8"))
    assert content["tree"]["leaves"]
    assert content["floor"][0][1] == pytest.approx(result.floor[0, 1])
    rows = list(csv.reader(paths[1].read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["", "a", "b", "c/2"]
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[1:]], float), result.mean)
    tensor = read_tensor(paths[2])
    assert (tensor.sets, tensor.images, tensor.measure) == (result.sets, result.images, "cosine")
    np.testing.assert_array_equal(tensor.per_image, result.per_image.astype(np.float32))
    with pytest.raises(InputError, match="no similarities per image"):
        read_tensor(paths[0])
    save(result, tmp_path)
    assert len(list((tmp_path / "agreement").iterdir())) == 3
    assert save(agree_methods(store, "c/2"), tmp_path)[0].name.startswith("methods-of-c-2-")


def test_each_measure_has_files_of_its_own(tmp_path):
    found = compare_sets({"a": random_maps(7, 0), "b": random_maps(14, 1)}, ("cosine", "pearson", "iou:share=0.2"))
    names = {key: [path.name for path in save(one, tmp_path)] for key, one in found.items()}
    stem = names["cosine"][0].removesuffix(".json")
    assert "--" not in stem
    assert names["pearson"][0] == f"{stem}--pearson.json"
    assert names["iou:share=0.2"][0].startswith(f"{stem}--iou-share-0.2-")
    content = json.loads((tmp_path / "agreement" / names["pearson"][0]).read_text(encoding="utf-8"))
    assert (content["measure"], content["measure_label"]) == ("pearson", "Pearson correlation")


def test_file_names_are_safe_and_do_not_meet():
    stems = [file_stem(label) for label in ("LIME", "a/b", "a b", "../x", "ü", "")]
    assert stems[0] == "LIME"
    assert len(set(stems)) == len(stems)
    assert not any(set(stem) & set("/\\ ") or stem.startswith(".") for stem in stems)


def test_memory_does_not_grow_with_the_maps():
    def peak(blocks):
        stream = ([random_maps(28, seed, 16) for seed in (0, 1)] for _ in range(blocks))
        tracemalloc.start()
        agree_blocks(stream, ["a", "b"])
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)
    # from some 125 images on, the resamples are drawn in parts too
    assert peak(48) < 1.25 * peak(16)
