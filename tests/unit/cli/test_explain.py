from __future__ import annotations

import json

import pytest
from PIL import Image

MODEL = ("--model", "timm/test_resnet.r160_in1k", "--weights", "none")


def test_overlays_with_captions_and_a_table(study, call, tmp_path):
    photos = study.parent / "photos"
    result = call(
        "explain", photos / "p0.png", photos / "p1.png", *MODEL,
        "--method", "grad-cam", "--method", "saliency", "--out", tmp_path / "o",
    )  # fmt: skip
    assert result.status == 0, result.err
    names = sorted(path.name for path in (tmp_path / "o").iterdir())
    stem = "timm-test_resnet.r160_in1k"
    assert names == [f"p{i}--{stem}--{method}.png" for i in (0, 1) for method in ("grad-cam", "saliency")]
    picture = Image.open(tmp_path / "o" / names[0])
    assert picture.height > picture.width * 80 / 96  # the photograph, and a caption below
    assert min(picture.size) >= 256
    assert "probability" in result.out
    assert result.out.count("p0.png") == 1
    assert "4 overlays" in result.out


def test_one_bad_photograph_does_not_stop_the_others(study, call, tmp_path):
    photos = study.parent / "photos"
    result = call(
        "explain",
        photos / "text.jpg",
        photos / "p0.png",
        tmp_path / "none.png",
        *MODEL,
        "--out",
        tmp_path / "o",
        "--json",
    )
    assert result.status == 0
    answer = json.loads(result.out)
    assert [entry["photo"] for entry in answer["explanations"]] == [str(photos / "p0.png")]
    entry = answer["explanations"][0]
    assert (tmp_path / "o").samefile(answer["out"])
    assert Image.open(entry["file"]).mode == "RGB"
    assert 0 < entry["probability"] < 1
    assert entry["method"] == "grad-cam"
    assert entry["target"] == entry["prediction"]
    assert {f["photo"] for f in answer["failures"]} == {str(photos / "text.jpg"), str(tmp_path / "none.png")}
    assert "text.jpg" in result.err
    assert "none.png" in result.err


def test_none_usable_is_bad_input(study, call, tmp_path):
    result = call("explain", study.parent / "photos/text.jpg", *MODEL, "--out", tmp_path / "o", "--json")
    assert (result.status, result.out) == (2, "")
    assert "not an image" in result.err
    assert not (tmp_path / "o").exists()


def test_settings_and_targets(study, call, tmp_path):
    photo = study.parent / "photos/p0.png"
    result = call(
        "explain", photo, *MODEL, "--out", tmp_path / "o", "--json", "--target", "class:goldfish",
        "--method", "grad-cam", "--method", "saliency", "--set", "depth=0.5",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert {entry["target"] for entry in json.loads(result.out)["explanations"]} == {"goldfish"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", "depht=0.5"), "did you mean 'depth'"),
        (("--set", "depth=7"), "depth"),
        (("--set", "depth"), "write key=value"),
        (("--method", "grad-kam"), "did you mean 'grad-cam'"),
        (("--target", "owm"), "owm"),
        (("--model", "timm/resnet_18"), "did you mean"),
        (("--device", "cuda:99"), "cuda:99"),
    ],
)
def test_wrong_wishes(study, call, tmp_path, arguments, message):
    result = call("explain", study.parent / "photos/p0.png", *MODEL, "--out", tmp_path / "o", *arguments)
    assert (result.status, result.out) == (2, ""), result.err
    assert message in result.err
    assert result.err.startswith("error: ")


def test_a_file_of_parameters_and_what_was_measured(study, call, tmp_path):
    photos, file = study.parent / "photos", tmp_path / "params.json"
    file.write_text(json.dumps({"p0": {"num_samples": 12, "num_features": 1}}))
    asked = (
        "explain", photos / "p0.png", photos / "p1.png", *MODEL, "--method", "lime", "--method", "saliency", "--out",
        tmp_path / "o", "--set", f"parameters={file}", "--set", "segmentation=grid", "--set", "segments=4", "--set",
        "num_samples=20",
    )  # fmt: skip
    result = call(*asked)
    assert result.status == 0, result.err
    assert "params.json does not name 1 of 2 images" in result.err
    assert "effective_samples" in result.out
    answer = json.loads(call(*asked, "--json").out)
    found = {(entry["photo"][-6:], entry["method"]): entry["diagnostics"] for entry in answer["explanations"]}
    assert found["p0.png", "saliency"] == {}
    assert found["p0.png", "lime"]["evaluations"] <= 12 < 16 >= found["p1.png", "lime"]["evaluations"]
    assert 1 < found["p1.png", "lime"]["effective_samples"] <= 20

    wrong = call(*asked[:-8], "--set", "saliency.parameters=x.json", "--json")
    assert wrong.status == 2
    assert "no such setting" in wrong.err
    file.write_text('{"p0": {"num_sample": 12}}')
    wrong = call(*asked)
    assert wrong.status == 2
    assert "image 'p0': num_sample: unknown parameter" in wrong.err
