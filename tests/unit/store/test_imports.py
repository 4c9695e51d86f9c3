from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError, StoreError, UnknownNameError
from crosslight.core.maps import Status
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store
from crosslight.store.imports import import_maps

NAMES = ("cat.jpg", "dog/rex.jpg", "dog/b.c.jpg", "broken.jpg", "fish/rex.png")
SIZES = np.array([[40, 60], [30, 30], [50, 20], [-1, -1], [10, 10]], np.int32)


@pytest.fixture
def store(tmp_path):
    images = tuple(ImageEntry(f"id{i}", name) for i, name in enumerate(NAMES))
    store = Store.create(tmp_path / "out", Manifest("s", "id", images, 2))
    store.add_model("Net", 2, {"digest": "d"})
    key = store.add_maps("Net", "Grad-CAM", "d", (7, 7), {})
    for block in range(store.blocks):
        rows = store.block_slice(block)
        count = rows.stop - rows.start
        content = MapBlock.blank(count, (7, 7), Status.OK)
        content.values[:] = 1
        content.boxes[:] = (1, 2, 3, 4)
        predictions = PredictionBlock(np.zeros((count, 2), np.float32), SIZES[rows], np.ones(count, np.uint8))
        store.write("Net", block, predictions=predictions, maps={key: content})
    return store


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "maps").mkdir()
    return tmp_path / "maps"


def values(i, shape=(5, 6)):
    return np.random.default_rng(i).standard_normal(shape).astype(np.float32)


def save(folder, name, array):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    np.save(folder / name, array)


def test_values_are_untouched_and_cover_the_whole_picture(store, folder):
    for i, name in enumerate(("cat.jpg.npy", "dog/rex.npy", "b.c.npy", "broken.npy", "fish/rex.npy")):
        save(folder, name, values(i))
    done = import_maps(store, folder, model="Net", method="mine", reference="a paper")
    maps = store.maps("Net", "mine")
    for i in (0, 1, 2, 4):
        np.testing.assert_array_equal(maps.values[i], values(i))
        assert maps.boxes[i].tolist() == [0, 0, SIZES[i, 1], SIZES[i, 0]]
    assert maps.status.tolist() == [Status.OK] * 3 + [Status.SKIPPED, Status.OK]  # nobody knows its size
    assert (done.maps, done.missing, done.unmatched, done.shape) == (4, ("broken.jpg",), {}, (5, 6))
    assert maps.attributes["source"] == "imported"
    assert maps.attributes["reference"] == "a paper"
    assert maps.attributes["sign"] == "signed"


def test_doubles_masks_and_odd_maps(store, folder):
    save(folder, "cat.npy", np.zeros((2, 2)))
    save(folder, "b.c.npy", np.array([[True, False], [True, True]]))
    save(folder, "dog/rex.npy", np.array([[1, np.nan], [0, 0]]))
    save(folder, "fish/rex.npy", np.array([[3, 3], [3, 3]], np.uint8))
    import_maps(store, folder, model="Net", method="mine")
    status = store.maps("Net", "mine").status.tolist()
    assert status == [Status.ZERO, Status.NONFINITE, Status.OK, Status.SKIPPED, Status.CONSTANT]


def test_pictures_of_8_and_16_bits(store, folder):
    Image.fromarray(np.array([[0, 51], [255, 102]], np.uint8)).save(folder / "cat.png")
    Image.fromarray(np.array([[0, 65535], [13107, 6554]], np.uint16)).save(folder / "b.c.png")
    import_maps(store, folder, model="Net", method="mine")
    maps = store.maps("Net", "mine")
    np.testing.assert_allclose(maps.values[0], [[0, 0.2], [1, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(maps.values[2], [[0, 1], [0.2, 6554 / 65535]], rtol=1e-6)
    assert maps.attributes["sign"] == "magnitude"


def test_one_file_for_all_images(store, folder):
    stack = values(0, (5, 3, 4))
    save(folder, "all.npy", stack)
    done = import_maps(store, folder, model="Net", method="mine")
    np.testing.assert_array_equal(store.maps("Net", "mine").values[[0, 1, 2, 4]], stack[[0, 1, 2, 4]])
    assert done.shape == (3, 4)


def test_a_stack_must_fit(store, folder):
    save(folder, "all.npy", values(0, (4, 3, 3)))
    with pytest.raises(InputError, match="4 maps, the study has 5 images"):
        import_maps(store, folder, model="Net", method="mine")
    save(folder, "cat.npy", values(0))
    with pytest.raises(InputError, match="must be the only file"):
        import_maps(store, folder, model="Net", method="mine")


def test_a_model_that_the_store_does_not_have(store, folder):
    save(folder, "cat.npy", values(0))
    import_maps(store, folder, model="Their Net", method="Grad-CAM")
    assert store.models() == ("Net", "Their Net")
    np.testing.assert_array_equal(store.maps("Their Net", "Grad-CAM").values[0], values(0))


def test_the_models_own_crop(store, folder):
    save(folder, "cat.npy", values(0))
    import_maps(store, folder, model="Net", method="mine", box="model")
    assert store.maps("Net", "mine").boxes[0].tolist() == [1, 2, 3, 4]
    with pytest.raises(StoreError, match="--box full"):
        import_maps(store, folder, model="Their Net", method="mine", box="model")


def test_the_same_again_changes_nothing_and_other_maps_are_refused(store, folder):
    save(folder, "cat.npy", values(0))
    first = import_maps(store, folder, model="Net", method="mine")
    assert import_maps(store, folder, model="Net", method="mine") == first
    save(folder, "cat.npy", values(1))
    with pytest.raises(StoreError, match="choose another label"):
        import_maps(store, folder, model="Net", method="mine")
    np.testing.assert_array_equal(store.maps("Net", "mine").values[0], values(0))
    with pytest.raises(StoreError, match="choose another label"):
        import_maps(store, folder, model="Net", method="Grad-CAM")


def test_an_interrupted_import_goes_on(store, folder, monkeypatch):
    save(folder, "cat.npy", values(0))
    save(folder, "b.c.npy", values(2))
    write = Store.write

    def fail_late(self, model, block, **content):
        if block == 1:
            raise KeyboardInterrupt
        write(self, model, block, **content)

    monkeypatch.setattr(Store, "write", fail_late)
    with pytest.raises(KeyboardInterrupt):
        import_maps(store, folder, model="Net", method="mine")
    monkeypatch.undo()
    import_maps(store, folder, model="Net", method="mine")
    np.testing.assert_array_equal(store.maps("Net", "mine").values[2], values(2))


def test_files_of_no_image_are_listed_with_the_nearest(store, folder):
    save(folder, "cat.npy", values(0))
    save(folder, "catt.npy", values(0))
    done = import_maps(store, folder, model="Net", method="mine")
    assert done.unmatched == {"catt.npy": "; did you mean 'cat'?"}
    assert done.missing == NAMES[1:]


def refused(store, folder, match):
    with pytest.raises(InputError, match=match):
        import_maps(store, folder, model="Net", method="mine")
    assert [s.label for s in store.map_sets("Net")] == ["Grad-CAM"]


def test_different_sizes_are_refused_and_listed(store, folder):
    save(folder, "cat.npy", values(0, (7, 7)))
    save(folder, "b.c.npy", values(0, (14, 14)))
    refused(store, folder, r"(?s)one resolution.*7 x 7: 1 files, such as cat\.npy.*14 x 14")


def test_every_unusable_file_is_named(store, folder):
    save(folder, "cat.npy", np.array(["a"]))
    save(folder, "b.c.npy", np.zeros((0, 3)))
    (folder / "rex.png").write_text("no picture")
    Image.new("RGB", (4, 4)).save(folder / "broken.png")
    np.save(folder / "fish.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(InputError) as caught:
        import_maps(store, folder, model="Net", method="mine")
    text = str(caught.value)
    assert "5 files cannot be used" in text
    assert all(name in text for name in ("cat.npy", "b.c.npy", "rex.png", "broken.png", "fish.npy"))


def test_names_in_doubt_are_refused(store, folder):
    save(folder, "rex.npy", values(0))
    refused(store, folder, "could belong to 'dog/rex.jpg' and 'fish/rex.png'")


def test_two_files_for_one_image_are_refused(store, folder):
    save(folder, "cat.npy", values(0))
    save(folder, "cat.jpg.npy", values(0))
    refused(store, folder, "belongs to the same image")


def test_nothing_to_import(store, folder, tmp_path):
    refused(store, folder, r"no \.npy or \.png file")
    refused(store, tmp_path / "nowhere", "no folder")
    save(folder, "whale.npy", values(0))
    refused(store, folder, "no file is named like an image")
    with pytest.raises(UnknownNameError, match="did you mean 'full'"):
        import_maps(store, folder, model="Net", method="mine", box="ful")
