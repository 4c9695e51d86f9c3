"""What is written can be read again."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.images import open_images
from crosslight.scenes import CATEGORIES, CLASSES, CONCEPTS, number_of, scene
from crosslight.scenes.broden import broden_name
from crosslight.scenes.export import FORMATS, MASKS, export_scenes

COUNT = 12


@pytest.fixture(scope="module")
def made():
    return [scene(index, split="test", variant="watermark") for index in range(COUNT)]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes")
    return {f: export_scenes(root / f, COUNT, format=f, split="test", variant="watermark") for f in FORMATS}


@pytest.mark.parametrize("format", ["folder", "parquet"])
def test_open_images_reads_it(written, made, format):
    images = open_images(written[format])
    assert len(images) == COUNT
    assert set(images.classes) == set(CLASSES)
    by_number = {int(record.name.split("/")[-1].removesuffix(".png")): record for record in images}
    for index, one in enumerate(made):
        assert by_number[index].label == CLASSES[one.label]
        assert (np.asarray(by_number[index].load()) == one.image).all()


def test_masks_of_the_folder(written, made):
    root = written["folder"].parent
    for index, one in enumerate(made):
        name = f"{CLASSES[one.label]}/{index:06d}.png"
        for category in MASKS:
            with Image.open(root / "masks" / category / name) as mask:
                assert (np.asarray(mask) == one.labels[category]).all()
        with Image.open(root / "masks" / "evidence" / name) as mask:
            assert ((np.asarray(mask) == 255) == one.facts.evidence).all()
    with (root / "scenes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["caption"] for row in rows] == [one.caption for one in made]
    assert [row["mark"] for row in rows] == [one.facts.mark for one in made]
    concepts = json.loads((root / "concepts.json").read_text(encoding="utf-8"))
    assert [c["name"] for c in concepts] == [c.name for c in CONCEPTS]


def test_parquet_is_as_datasets_writes_it(written, made):
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_parquet(str(written["parquet"]), cache_dir=str(written["parquet"].parent / "cache"))
    assert rows.features["label"].names == list(CLASSES)
    assert rows["caption"][3] == made[3].caption
    assert (np.asarray(rows[3]["image"]) == made[3].image).all()
    assert (np.asarray(rows[3]["part_mask"]) == made[3].labels["part"]).all()
    assert json.loads((written["parquet"].parent / "classes.json").read_text(encoding="utf-8")) == list(CLASSES)


def test_broden(written, made):
    root = written["broden"].parent
    with (root / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert ",".join(rows[0]) == "image,split,ih,iw,sh,sw,color,object,part,material,scene,texture"
    for row, one in zip(rows, made, strict=True):
        assert (row["split"], row["ih"], row["iw"], row["sh"], row["sw"]) == ("test", "96", "96", "48", "48")
        assert (np.asarray(Image.open(root / "images" / row["image"])) == one.image).all()
        for category in MASKS:
            planes = np.asarray(Image.open(root / "images" / row[category])).astype(int)
            assert (planes[..., 0] + 256 * planes[..., 1] == one.labels[category][::2, ::2]).all()
        assert int(row["scene"]) == one.labels["scene"]
        assert row["texture"] == ""


def test_tables_of_broden(written, made):
    root = written["broden"].parent
    with (root / "label.csv").open(encoding="utf-8", newline="") as file:
        labels = {int(row["number"]): row for row in csv.DictReader(file)}
    assert [row["name"] for row in labels.values()] == [broden_name(concept) for concept in CONCEPTS]
    sky = number_of("object", "sky")
    inside = [(one.labels["object"][::2, ::2] == sky).mean() for one in made]
    assert int(labels[sky]["frequency"]) == np.count_nonzero(inside)
    assert float(labels[sky]["coverage"]) == pytest.approx(sum(inside), abs=1e-5)
    for category in CATEGORIES:
        with (root / f"c_{category}.csv").open(encoding="utf-8", newline="") as file:
            codes = list(csv.DictReader(file))
        assert [int(row["code"]) for row in codes] == list(range(1, len(codes) + 1))
        assert all(labels[int(row["number"])]["name"] == row["name"] for row in codes)


def test_bad_input_writes_nothing(tmp_path):
    with pytest.raises(UnknownNameError, match="'parquet'"):
        export_scenes(tmp_path / "a", 1, format="parqet")
    with pytest.raises(UnknownNameError, match="variant"):
        export_scenes(tmp_path / "a", 1, variant="biased")
    assert not (tmp_path / "a").exists()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").touch()
    with pytest.raises(InputError, match="there already"):
        export_scenes(tmp_path / "b", 1)
