from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

SCENES = ("edit", "scenes:test:background", "--only", "fish", "--limit", 4)


def test_the_fish_without_the_fish(call, tmp_path):
    out = tmp_path / "o"
    models = ("-m", "scenes/densenet", "-m", "scenes/densenet-background")
    result = call(*SCENES, *models, "--out", out)
    assert result.status == 0, result.err
    assert "With the fish removed, 1 of 2 classifiers still says fish" in result.out
    assert "4 edited pictures" in result.out
    names = [f"test-{index:04}.png" for index in (4, 14, 28, 38)]
    for folder in ("pictures", "sheets"):
        assert sorted(path.name for path in (out / folder).iterdir()) == names
    assert Image.open(out / "pictures" / names[0]).size == (96, 96)
    sheet = Image.open(out / "sheets" / names[0])
    assert sheet.height > 2 * 176
    with (out / "edits.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["model"], row["kept"]) for row in rows] == [
        *[("scenes/densenet", "False")] * 4,
        ("scenes/densenet-background", "False"),  # which stands where fishes seldom do
        *[("scenes/densenet-background", "True")] * 3,
    ]
    before = (out / "sheets" / names[0]).stat().st_mtime_ns
    again = call(*SCENES, *models, "--out", out, "--json")
    assert "(kept)" in again.err
    assert (out / "sheets" / names[0]).stat().st_mtime_ns == before
    answer = json.loads(again.out)
    assert answer["sentences"] == json.loads((out / "edits.json").read_text("utf-8"))["sentences"]
    assert answer["classes"] == ["fish"]
    assert answer["settings"]["target"] == "label"
    assert [one["kept"] for one in answer["summary"]] == [0, 3]
    assert len(json.loads((out / "edits.json").read_text("utf-8"))["rows"]) == 8


@pytest.fixture
def streets(study, tmp_path):
    """The photographs of the study with label maps: a car in every other one."""
    (tmp_path / "labels").mkdir()
    for number in range(5):
        with Image.open(study.parent / f"photos/p{number}.png") as picture:
            labels = np.zeros((picture.height, picture.width), np.uint8)
        labels[20:60, 20:50] = 8 if number % 2 == 0 else 1
        Image.fromarray(labels).save(tmp_path / f"labels/p{number}.png")
    (tmp_path / "labels.csv").write_text("value,name\n0,road\n1,tree\n8,car\n9,pedestrian\n")
    return tmp_path


NETWORK = ("-m", "timm/test_resnet.r160_in1k", "--weights", "none")


def test_photographs_with_label_maps(study, streets, call):
    photos, out = study.parent / "photos", streets / "o"
    common = ("edit", photos, *NETWORK, "--out", out, "--masks", streets / "labels")
    arguments = ("--region", "car", "--how", "blur", "--set", "radius=0.2", "--set", "depth=0.5", "--no-sheets")
    result = call(*common, *arguments, "--json")
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert answer["images"] == 3
    assert answer["does"] == "the car blurred"
    assert answer["settings"]["settings"] == {"radius": 0.2}
    assert answer["settings"]["methods"][0]["depth"] == 0.5
    assert answer["skipped"] == {"the region is not in it": 2, "no mask": 1}
    assert "left out: 2 images, the region is not in it" in result.err
    assert not (out / "sheets").exists()
    before, after = Image.open(photos / "p0.png"), Image.open(out / "pictures/p0.png")
    changed = (np.asarray(before) != np.asarray(after)).any(axis=2)
    assert changed[20:60, 20:50].mean() > 0.5
    assert not changed[:20].any()


def test_several_edits_and_their_controls(study, streets, call):
    out, region = streets / "o", ("--masks", streets / "labels", "--region", "car", "--limit", "1", "--no-maps")
    hows = ("--how", "mask", "--how", "blur", "--control", "--set", "radius=0.2")
    result = call("edit", study.parent / "photos", *NETWORK, "--out", out, *region, *hows, "--json")
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    folders = ["mask", "mask-control", "blur", "blur-control"]
    assert [one["out"] for one in answer["edits"]] == [str(out / folder) for folder in folders]
    assert [one["does"] for one in answer["edits"]] == [
        *("the car covered", "the same shape elsewhere covered"),
        *("the car blurred", "the same shape elsewhere blurred"),
    ]
    assert answer["edits"][2]["settings"]["settings"] == {"radius": 0.2}
    assert "radius" not in answer["edits"][0]["settings"]["settings"]
    before = np.asarray(Image.open(study.parent / "photos/p0.png"))
    for folder in folders:
        changed = (np.asarray(Image.open(out / folder / "pictures/p0.png")) != before).any(axis=2)
        assert changed[20:60, 20:50].any() == ("control" not in folder)
        assert changed.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--region", "cars"), "did you mean 'car'?"),
        (("--region", "pedestrian"), "no image has the region 'pedestrian'"),
        (("--region", "car", "--how", "inpant"), "did you mean 'inpaint'?"),
        (("--region", "car", "--set", "radiuss=1"), "no such setting"),
        (("--region", "car", "--no-maps", "--set", "depth=1"), "no map is made"),
        (("--region", "car", "--legend", "none.csv"), "the legend cannot be read"),
        (("--region", "car", "--only", "cat"), "unknown label of the images"),
    ],
)
def test_bad_input(study, streets, call, arguments, message):
    common = ("edit", study.parent / "photos", *NETWORK, "--out", streets / "o", "--masks", streets / "labels")
    result = call(*common, *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_a_mask_of_another_size_is_told_before_any_work(study, streets, call):
    Image.new("L", (30, 30), 8).save(streets / "labels/p2.png")
    result = call(
        "edit", study.parent / "photos", *NETWORK, "--out", streets / "o", "--masks", streets / "labels",
        "--region", "car",
    )  # fmt: skip
    assert result.status == 2
    assert "p2.png: the mask has 30 x 30 pixels" in result.err
    assert not (streets / "o").exists()


def test_models_must_be_named(study, call, tmp_path):
    result = call("edit", study.parent / "photos", "--out", tmp_path / "o")
    assert result.status == 2
    assert "--model" in result.err
    assert "no classifier is called like" in call(*SCENES, "-m", "scenes/zz*", "--out", tmp_path / "o").err


def test_the_results_of_a_study_bring_images_and_models(finished, streets, call, monkeypatch, study):
    monkeypatch.chdir(study.parent)
    out = streets / "o"
    result = call(
        "edit", finished, "--out", out, "--masks", streets / "labels", "--region", "car", "--no-maps", "--json"
    )  # fmt: skip
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert answer["models"] == ["Net A", "Net B"]
    assert (answer["methods"], answer["images"]) == ([], 3)


def test_a_study_file_brings_its_models(study, streets, call):
    result = call(
        "edit", study.parent / "photos", "-m", study, "--out", streets / "o", "--masks", streets / "labels",
        "--region", "car", "--no-maps", "--json",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert json.loads(result.out)["models"] == ["Net A", "Net B"]
