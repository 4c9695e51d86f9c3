from __future__ import annotations

import csv
import hashlib

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.core.maps import Status
from crosslight.report.export import export_store, file_stems, top_share
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store

SIZE = (60, 40)  # width and height of the pictures
BOX = (10.0, 0.0, 50.0, 40.0)


def picture(i):
    return Image.fromarray(np.random.default_rng(i).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8))


@pytest.fixture
def store(tmp_path):
    """Three pictures; the map of the last one is zero. One method of two is signed, and one model has both."""
    photos = tmp_path / "photos"
    photos.mkdir()
    entries = []
    for i, name in enumerate(("a.png", "b/c.png", "z.png")):
        path = photos / name
        path.parent.mkdir(exist_ok=True)
        picture(i).save(path)
        entries.append(ImageEntry(hashlib.sha256(path.read_bytes()).hexdigest()[:16], name))
    facts = {"images": {"source": str(photos)}}
    store = Store.create(tmp_path / "out", Manifest("s", "id", tuple(entries), 2, facts=facts))
    rng = np.random.default_rng(0)
    for model in ("Net A", "net-a"):
        store.add_model(model, 3, {"classes": ["tench", "goldfish", "shark"], "digest": model})
        keys = [store.add_maps(model, "Grad-CAM", "d", (2, 4), {"finish": "relu", "sign": "signed"})]
        if model == "Net A":
            keys.append(store.add_maps(model, "ig", "d", (8, 8), {"finish": "none", "sign": "signed"}))
        for block in range(store.blocks):
            rows = store.block_slice(block)
            count = rows.stop - rows.start
            maps = {}
            for key in keys:
                content = MapBlock.blank(count, store.map_set(model, key).shape, Status.OK)
                content.values[:] = rng.standard_normal(content.values.shape)
                content.boxes[:] = BOX
                content.targets[:, 0] = 1
                if block == 1:
                    content.values[:] = 0
                    content.status[:] = Status.ZERO
                maps[key] = content
            sizes = np.tile(np.array([[SIZE[1], SIZE[0]]], np.int32), (count, 1))
            predictions = PredictionBlock(np.zeros((count, 3), np.float32), sizes, np.ones(count, np.uint8))
            store.write(model, block, predictions=predictions, maps=maps)
    return store


def table(done):
    return list(csv.DictReader(done.index.open(encoding="utf-8")))


def test_npy_is_raw_and_untouched(store, tmp_path):
    done = export_store(store, tmp_path / "e", kinds=["npy"], methods=["ig"])
    stored = store.maps("Net A", "ig").values
    for i, name in enumerate(("a", "b/c", "z")):
        np.testing.assert_array_equal(np.load(tmp_path / f"e/net-a/ig/{name}.npy"), stored[i])
    assert dict(done.files) == {"npy": 3}


def test_the_table_names_every_map(store, tmp_path):
    done = export_store(store, tmp_path / "e", kinds=["mask"])
    rows = table(done)
    assert len(rows) == 9
    assert {row["target"] for row in rows} == {"goldfish"}
    assert [(r["status"], r["file"]) for r in rows if r["image"] == "z.png"] == [("zero", "")] * 3
    first = rows[0]
    assert (first["image"], first["model"], first["method"], first["kind"]) == ("a.png", "Net A", "Grad-CAM", "mask")
    assert tuple(float(first[edge]) for edge in ("left", "top", "right", "bottom")) == BOX
    files = [row["file"] for row in rows if row["file"]]
    assert len(set(files)) == 6  # models whose folders would clash have their own
    assert all((tmp_path / "e" / file).is_file() for file in files)


def test_a_mask_is_the_top_share_of_cells(store, tmp_path):
    export_store(store, tmp_path / "e", kinds=["mask"], methods=["Grad-CAM"], models=["Net A"], share=0.25)
    mask = Image.open(tmp_path / "e/net-a/grad-cam/a.png")
    assert (mask.mode, mask.size) == ("1", (4, 2))
    chosen = np.asarray(mask)
    values = store.maps("Net A", "Grad-CAM").values[0]
    assert chosen.sum() == 2
    assert values[chosen].min() > values[~chosen].max()


def test_equal_cells_are_settled_by_raw_values():
    raw = np.array([[-3.0, -1.0], [-2.0, 4.0]])
    assert top_share(np.maximum(raw, 0), 0.5, raw).tolist() == [[False, True], [False, True]]
    assert top_share(np.zeros((2, 2)), 0.01).sum() == 1
    assert top_share(np.zeros((2, 2)), 1.0).all()


def test_grey_pictures_scale_each_map_alone(store, tmp_path):
    export_store(store, tmp_path / "e", kinds=["grey"], models=["Net A"])
    values = np.maximum(store.maps("Net A", "Grad-CAM").values[0], 0)
    grey = np.asarray(Image.open(tmp_path / "e/net-a/grad-cam/a.png"))
    np.testing.assert_allclose(grey, 255 * values / values.max(), atol=0.5 + 1e-4)
    signed = store.maps("Net A", "ig").values[0]
    grey = np.asarray(Image.open(tmp_path / "e/net-a/ig/a.png")).astype(float)
    np.testing.assert_allclose((grey - 128) / 127, signed / np.abs(signed).max(), atol=0.5 / 127 + 1e-6)


def test_in_the_place_they_have_in_the_picture(store, tmp_path):
    export_store(store, tmp_path / "e", kinds=["grey", "mask"], models=["Net A"], size="picture")
    mask = Image.open(tmp_path / "e/net-a/grad-cam/a.mask.png")
    assert (mask.mode, mask.size) == ("1", SIZE)
    chosen = np.asarray(mask)
    assert not chosen[:, :10].any()
    assert not chosen[:, 50:].any()
    cells = chosen[:, 10:50].reshape(2, 20, 4, 10)
    assert (cells.any(axis=(1, 3)) == cells.all(axis=(1, 3))).all()  # cells keep their edges
    signed = np.asarray(Image.open(tmp_path / "e/net-a/ig/a.grey.png"))
    assert (signed[:, :10] == 128).all()


def test_overlays_lie_on_the_pictures_own_pixels(store, tmp_path):
    done = export_store(store, tmp_path / "e", models=["Net A"])
    assert dict(done.files) == {"overlay": 6}
    assert done.notes == ()
    seen = np.asarray(Image.open(tmp_path / "e/net-a/grad-cam/z.png"))
    original = np.asarray(picture(2))
    np.testing.assert_array_equal(seen[:, 10:50], original[:, 10:50])  # a map of zeros colours nothing
    assert seen[:, :10].mean() < original[:, :10].mean()
    assert (
        np.asarray(Image.open(tmp_path / "e/net-a/grad-cam/a.png"))[:, 10:50] != np.asarray(picture(0))[:, 10:50]
    ).any()


def test_pictures_that_are_gone_are_told_in_one_line_and_the_rest_goes_on(store, tmp_path):
    (tmp_path / "photos/a.png").unlink()
    done = export_store(store, tmp_path / "one", kinds=["overlay", "npy"])
    assert dict(done.files) == {"overlay": 6, "npy": 9}
    assert len(done.notes) == 1
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    done = export_store(store, tmp_path / "all", kinds=["overlay", "npy"])
    assert dict(done.files) == {"overlay": 0, "npy": 9}
    assert len(done.notes) == 1
    assert "not there any more" in done.notes[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": ["overlai"]},
        {"models": ["Net B"]},
        {"methods": ["grad-kam"]},
        {"share": 0},
        {"share": 1.5},
        {"size": "big"},
    ],
)
def test_wrong_wishes_write_nothing(store, tmp_path, wrong):
    with pytest.raises((UnknownNameError, InputError)):
        export_store(store, tmp_path / "e", **wrong)
    assert not (tmp_path / "e").exists()


def test_file_names_are_safe_and_differ():
    names = ["a.jpg", "a.png", "b/a.jpg", "../../up.png", "/root.png", "B/A.jpg", "c\\d.png"]
    stems = file_stems(names)
    assert stems[:2] == ["a.jpg", "a.png"]
    assert stems[3:5] == ["up", "root"]
    assert stems[6] == "c/d"
    assert len({stem.casefold() for stem in stems}) == len(names)
