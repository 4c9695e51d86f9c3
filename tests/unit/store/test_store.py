from __future__ import annotations

import multiprocessing
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import StoreError
from crosslight.core.maps import Status, judge
from crosslight.store import Failure, ImageEntry, MapBlock, Store

from .conftest import Filled, make_manifest, map_block, prediction_block

# --- creating and opening


def test_manifest_reads_back(tmp_path: Path) -> None:
    manifest = make_manifest()
    Store.create(tmp_path / "a" / "b", manifest)
    assert Store.open(tmp_path / "a" / "b").manifest == manifest


def test_same_study_opens_again_and_keeps_its_first_facts(tmp_path: Path) -> None:
    Store.create(tmp_path, make_manifest(facts={"created": "monday"}))
    again = Store.create(tmp_path, make_manifest(facts={"created": "tuesday"}))
    assert again.manifest.facts == {"created": "monday"}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (make_manifest(name="another"), "'study'"),
        (make_manifest(seed=1), "its seed is 0, not 1"),
        (make_manifest(images=9), "10 images, not 9"),
        (make_manifest(block=5), "blocks have 4 images, not 5"),
        (make_manifest(identity="threads differ"), "batch size, threads"),
        (replace(make_manifest(), images=make_manifest().images[::-1]), "their order"),
        (
            replace(make_manifest(), images=(ImageEntry("id0", "x", "dog"), *make_manifest().images[1:])),
            "labels",
        ),
    ],
)
def test_another_study_is_refused(tmp_path: Path, snapshot: Callable, other, says: str) -> None:
    Store.create(tmp_path, make_manifest())
    before = snapshot(tmp_path)
    with pytest.raises(StoreError, match=says):
        Store.create(tmp_path, other)
    assert snapshot(tmp_path) == before


def test_foreign_folder_is_refused_untouched(tmp_path: Path, snapshot: Callable) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StoreError, match="not empty"):
        Store.create(tmp_path, make_manifest())
    assert snapshot(tmp_path) == {"thesis.txt": b"years of work"}
    with pytest.raises(StoreError, match="is a file"):
        Store.create(tmp_path / "thesis.txt", make_manifest())


def test_a_folder_that_cannot_be_made_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot create"):
        Store.create(tmp_path / "file" / "out", make_manifest())


def test_opening_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no Crosslight study"):
        Store.open(tmp_path)
    for content, says in [
        ("{", "damaged"),
        ("[]", "not the manifest"),
        ('{"format": "crosslight-store", "version": 99}', "version 99"),
        ('{"format": "crosslight-store", "version": 1, "name": "x"}', "damaged"),
    ]:
        (tmp_path / "study.json").write_text(content)
        with pytest.raises(StoreError, match=says):
            Store.open(tmp_path)


def test_creation_killed_halfway_is_repaired(tmp_path: Path) -> None:
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "999999999-abc-study.json").write_text("{")
    store = Store.create(tmp_path, make_manifest())  # killed before the manifest: the folder counts as empty
    (tmp_path / "maps.zarr" / "zarr.json").unlink()
    (tmp_path / "maps.zarr").rmdir()
    store = Store.create(tmp_path, make_manifest())  # killed after it
    store.add_model("Net", 2, {})
    assert store.models() == ("Net",)


def test_other_folders_do_not_disturb(filled: Filled) -> None:
    (filled.store.path / "report").mkdir()
    (filled.store.path / "report" / "index.html").write_text("x")
    assert Store.create(filled.store.path, make_manifest()).sweep() == []
    assert (filled.store.path / "report" / "index.html").exists()


# --- round trip


def test_round_trip(filled: Filled) -> None:
    written = [filled.write(block) for block in range(3)]
    store = Store.open(filled.store.path)
    assert [store.block_slice(b) for b in range(store.blocks)] == [slice(0, 4), slice(4, 8), slice(8, 10)]
    maps = store.maps("Net", "Grad-CAM")
    np.testing.assert_array_equal(maps.values, np.concatenate([b.values for b in written]))
    np.testing.assert_array_equal(maps.boxes, np.concatenate([b.boxes for b in written]))
    np.testing.assert_array_equal(maps.targets, np.concatenate([b.targets for b in written]))
    np.testing.assert_array_equal(maps.diagnostics["gap"], np.concatenate([b.diagnostics["gap"] for b in written]))
    assert (maps.status == Status.OK).all()
    assert maps.images == tuple(f"id{i}" for i in range(10))
    assert maps.attributes["site"] == "layer4"
    assert maps.values.dtype == np.float32
    table = store.predictions("Net")
    np.testing.assert_array_equal(table.logits[4:8], prediction_block(4, seed=1).logits)
    np.testing.assert_array_equal(table.sizes[8:], prediction_block(2, seed=2).sizes)
    np.testing.assert_allclose(table.probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(table.top1, table.probabilities.argmax(axis=1))
    assert table.classes == tuple("abcdef")


@settings(max_examples=15, deadline=None)
@given(
    images=st.integers(1, 9),
    block=st.integers(1, 6),
    shape=st.sampled_from([(1, 1), (3, 7), (64, 64), (65, 2), (2, 80)]),
    wanted=st.data(),
)
def test_round_trip_of_any_shape(images: int, block: int, shape: tuple[int, int], wanted) -> None:
    with tempfile.TemporaryDirectory() as folder:
        filled = Filled(Path(folder), make_manifest(images, block), shape)
        written = np.concatenate([filled.write(b).values for b in range(filled.store.blocks)])
        rows = wanted.draw(st.lists(st.integers(-images, images - 1), max_size=6))
        np.testing.assert_array_equal(filled.store.maps("Net", filled.key).values, written)
        np.testing.assert_array_equal(filled.store.maps("Net", filled.key, images=rows).values, written[rows])
        part = slice(wanted.draw(st.integers(0, images)), None, wanted.draw(st.sampled_from([1, 2, -1])))
        np.testing.assert_array_equal(filled.store.maps("Net", filled.key, images=part).values, written[part])


def test_mask_selects_images_and_a_bad_index_is_an_error(filled: Filled) -> None:
    for block in range(3):
        filled.write(block)
    mask = np.arange(10) % 3 == 0
    assert filled.store.maps("Net", "Grad-CAM", images=mask).images == ("id0", "id3", "id6", "id9")
    assert filled.store.predictions("Net", images=[7, 7]).images == ("id7", "id7")
    with pytest.raises(StoreError, match="10 images"):
        filled.store.maps("Net", "Grad-CAM", images=[10])


def test_iter_blocks_gives_the_same_maps(filled: Filled) -> None:
    written = [filled.write(block).values for block in range(3)]
    for (rows, maps), expected in zip(filled.store.iter_blocks("Net", "Grad-CAM"), written, strict=True):
        np.testing.assert_array_equal(maps.values, expected)
        assert maps.images == tuple(f"id{i}" for i in range(rows.start, rows.stop))


def test_missing_nan_and_zero_are_three_things(filled: Filled) -> None:
    nan, zero = MapBlock.blank(4, (3, 5)), MapBlock.blank(4, (3, 5))
    nan.status[:] = judge(nan.values)
    zero.values[:] = 0
    zero.status[:] = judge(zero.values)
    filled.store.write("Net", 0, maps={filled.key: nan})
    filled.store.write("Net", 1, maps={filled.key: zero})
    maps = filled.store.maps("Net", "Grad-CAM")
    assert maps.status.tolist() == [Status.NONFINITE] * 4 + [Status.ZERO] * 4 + [Status.PENDING] * 2
    assert np.isnan(maps.values[:4]).all()
    assert (maps.values[4:8] == 0).all()
    assert np.isnan(maps.values[8:]).all()
    group = filled.store.path / "maps.zarr" / filled.store.map_set("Net", "Grad-CAM").group / "maps"
    assert sorted(p.name for p in group.glob("c.*")) == ["c.0.0.0", "c.1.0.0"]


def test_predictions_that_failed_or_are_missing(filled: Filled) -> None:
    block = prediction_block(4)
    block.logits[1] = np.nan
    block.status[1] = Status.FAILED
    filled.store.write("Net", 0, predictions=block)
    table = filled.store.predictions("Net")
    assert table.status[:5].tolist() == [Status.OK, Status.FAILED, Status.OK, Status.OK, Status.PENDING]
    assert table.top1[1] == table.top1[9] == -1
    assert table.top1[0] == block.logits[0].argmax()
    assert table.sizes[9].tolist() == [-1, -1]


def test_maps_without_predictions(tmp_path: Path) -> None:
    store = Store.create(tmp_path, make_manifest(4))
    store.add_model("Elsewhere", 0, {"source": "import"})
    key = store.add_maps("Elsewhere", "Their method", "file-digest", (2, 2), {})
    store.write("Elsewhere", 0, maps={key: map_block(4, (2, 2), gap=False)})
    assert store.map_set("Elsewhere", "Their method").complete
    with pytest.raises(StoreError, match="no predictions"):
        store.predictions("Elsewhere")
    with pytest.raises(StoreError, match="without classes"):
        store.write("Elsewhere", 0, predictions=prediction_block(4))


# --- registering


def test_registering_twice_changes_nothing(filled: Filled, snapshot: Callable) -> None:
    before = snapshot(filled.store.path)
    again = Store.create(filled.store.path, make_manifest())
    again.add_model("Net", 6, {"digest": "weights-1", "classes": list("abcdef"), "loaded": "later"})
    assert again.add_maps("Net", "Grad-CAM", "settings-1", (3, 5), {"site": "layer4"}, ["gap"]) == filled.key
    assert snapshot(filled.store.path) == before


def test_a_model_with_other_weights_is_refused(filled: Filled) -> None:
    with pytest.raises(StoreError, match="another model called 'Net'"):
        filled.store.add_model("Net", 6, {"digest": "weights-2"})
    with pytest.raises(StoreError, match="another model called 'Net'"):
        filled.store.add_model("Net", 7, {"digest": "weights-1"})


def test_changed_settings_never_mix(filled: Filled) -> None:
    filled.write(0)
    other = filled.add("Grad-CAM", "settings-2")
    assert other != filled.key
    assert filled.store.is_done("Net", filled.key, 0)
    assert not filled.store.is_done("Net", other, 0)
    assert (filled.store.maps("Net", other).status == Status.PENDING).all()
    with pytest.raises(StoreError, match=f"several settings.*{filled.key}"):
        filled.store.maps("Net", "Grad-CAM")


def test_another_site_or_shape_under_the_same_settings_is_refused(filled: Filled) -> None:
    with pytest.raises(StoreError, match="layer3"):
        filled.add("Grad-CAM", "settings-1", site="layer3")
    with pytest.raises(StoreError, match="shape"):
        filled.store.add_maps("Net", "Grad-CAM", "settings-1", (9, 9), {"site": "layer4"}, ["gap"])


def test_labels_that_share_a_file_name_stay_apart(tmp_path: Path) -> None:
    store = Store.create(tmp_path, make_manifest(1))
    labels = [
        "ResNet-18",
        "resnet-18",
        "ResNet 18",
        "模型",
        "模型二",
        "Ünet",
        "unet",
        "con",
        "..",
        "a/b",
        "a:b",
    ]
    for i, label in enumerate(labels):
        store.add_model(label, 1, {"digest": label})
        store.write(label, 0, predictions=replace(prediction_block(1, 1), logits=np.full((1, 1), i, np.float32)))
    again = Store.open(tmp_path)
    assert set(again.models()) == set(labels)
    assert [again.predictions(label).logits[0, 0] for label in labels] == list(range(len(labels)))
    folders = [p.name for p in (tmp_path / "maps.zarr").iterdir() if p.is_dir()]
    assert len({name.lower() for name in folders}) == len(labels)
    assert all(name.isascii() and name == name.lower() for name in folders)
    keys = {store.add_maps("unet", label, "same", (1, 1), {}) for label in labels}
    assert len(keys) == len(labels)


def test_unknown_names_are_errors_that_help(filled: Filled) -> None:
    with pytest.raises(StoreError, match=r"'Nett'.*Net"):
        filled.store.predictions("Nett")
    with pytest.raises(StoreError, match="did you mean 'Grad-CAM'"):
        filled.store.maps("Net", "Grad-CAN")
    with pytest.raises(StoreError, match="add_maps"):
        filled.store.write("Net", 0, maps={"grad-cam-00000000": map_block(4)})
    assert not filled.store.is_done("Nett", None, 0)
    assert not filled.store.is_done("Net", "grad-cam-00000000", 0)


def test_arrays_that_do_not_fit_write_nothing(filled: Filled, snapshot: Callable) -> None:
    filled.write(0)
    before = snapshot(filled.store.path)
    good = map_block(4)
    for bad, says in [
        (map_block(3), "3 rows"),
        (map_block(4, (5, 3)), "maps: expected"),
        (replace(good, status=good.status[:2]), "2 rows"),
        (replace(good, diagnostics={"error": np.zeros(4)}), "add_maps"),
    ]:
        with pytest.raises(ValueError, match=says):
            filled.store.write("Net", 0, predictions=prediction_block(4), maps={filled.key: bad})
    with pytest.raises(ValueError, match="nothing to write"):
        filled.store.write("Net", 0)
    with pytest.raises(IndexError):
        filled.store.write("Net", 3, predictions=prediction_block(2))
    with pytest.raises(ValueError, match="'status'"):
        filled.store.add_maps("Net", "X", "d", (1, 1), {}, ["status"])
    assert snapshot(filled.store.path) == before


# --- what is done, failures, notes


def test_map_sets_tell_what_is_done(filled: Filled) -> None:
    filled.add("Saliency", "s")
    filled.write(2)
    filled.write(0)
    first, second = Store.open(filled.store.path).map_sets()
    assert (first.label, first.done, first.blocks, first.complete) == ("Grad-CAM", (0, 2), 3, False)
    assert (second.label, second.done, second.shape, second.method) == ("Saliency", (), (3, 5), "grad-cam")
    filled.write(1)
    assert filled.store.map_set("Net", "Grad-CAM").complete


def test_failures_and_notes_read_back_once(filled: Filled) -> None:
    other = filled.add("Saliency", "s")
    failures = [
        Failure("id1", "Net", "decode", "truncated"),
        Failure("id2", "Net", "method:Saliency", "out of memory"),
    ]
    maps = {filled.key: map_block(4), other: map_block(4)}
    filled.store.write("Net", 0, predictions=prediction_block(4), maps=maps, failures=failures, notes={"s": 1.5})
    filled.store.write("Net", 1, maps={filled.key: map_block(4)}, failures=[Failure("id5", "Net", "decode", "x")])
    filled.store.record_failure(Failure("", "Broken", "load", "no such file"))
    store = Store.open(filled.store.path)
    assert set(store.failures()) == {
        *failures,
        Failure("id5", "Net", "decode", "x"),
        Failure("", "Broken", "load", "no such file"),
    }
    assert len(store.failures()) == 4
    assert store.notes() == [
        {"s": 1.5, "model": "Net", "block": 0, "labels": ["Grad-CAM", "Saliency"]},
        {"model": "Net", "block": 1, "labels": ["Grad-CAM"]},
    ]
    store.forget_failures("Broken")
    assert len(store.failures()) == 3


def test_a_failure_goes_when_its_block_is_computed_again(filled: Filled) -> None:
    filled.write(0, failures=[Failure("id1", "Net", "method:Grad-CAM", "out of memory")])
    filled.write(0)
    assert filled.store.failures() == []


# --- other processes


def _write_blocks(path: Path, model: str, blocks: list[int]) -> None:
    store = Store.open(path)
    store.add_model(model, 6, {"digest": "d"})
    key = store.add_maps(model, "M", "d", (3, 5), {}, ["gap"])
    for block in blocks:
        rows = store.block_slice(block)
        count = rows.stop - rows.start
        store.write(model, block, predictions=prediction_block(count), maps={key: map_block(count, seed=block)})


def test_processes_write_side_by_side(tmp_path: Path, snapshot: Callable) -> None:
    Store.create(tmp_path / "two", make_manifest(16, 2))
    Store.create(tmp_path / "one", make_manifest(16, 2))
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=_write_blocks, args=(tmp_path / "two", "A", list(range(start, 8, 2))))
        for start in (0, 1)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    _write_blocks(tmp_path / "one", "A", list(range(8)))
    assert snapshot(tmp_path / "two") == snapshot(tmp_path / "one")
    assert Store.open(tmp_path / "two").map_set("A", "M").complete


def test_a_store_travels_to_a_worker(filled: Filled) -> None:
    filled.write(0)
    copy = pickle.loads(pickle.dumps(filled.store))
    assert copy.is_done("Net", filled.key, 0)
    assert copy.manifest == filled.store.manifest
