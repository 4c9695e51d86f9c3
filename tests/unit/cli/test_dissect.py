"""``crosslight dissect``, on a small network, a dozen pictures and arrays that are made up."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.dissection.descriptions import COLUMNS

WORDS = "sea\nmeadow\n\n  sea \nfish\nblue\nsand\n"
ASKED = ("--model", "scenes/densenet", "--layers", "1.0", "--images")


@pytest.fixture(scope="module", autouse=True)
def no_waiting():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    file = tmp_path_factory.mktemp("words") / "words.txt"
    file.write_text(WORDS, encoding="utf-8-sig")
    return file


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Eight pictures, and two files that are none."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for i in range(8):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((96, 80), Image.Resampling.BICUBIC).save(folder / f"p{i}.png")
    (folder / "text.jpg").write_text("no picture")
    (folder / "cut.png").write_bytes((folder / "p0.png").read_bytes()[:400])
    return folder


@pytest.fixture(scope="module")
def finished(call, words, photographs, tmp_path_factory):
    """The folder of a dissection by words, and what the command said."""
    out = tmp_path_factory.mktemp("dissected") / "out"
    return out, call("dissect", *ASKED, photographs, "--concepts", words, "--encoder", "scenes", "--out", out, "--json")


def test_units_are_labelled_by_words_and_broken_files_are_recorded(finished, words):
    out, result = finished
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    keys = {"out", "models", "findings", "comparison", "found", "notes", "files", "page"}
    assert set(answer) == keys
    (model,) = answer["models"]
    assert model["images"] == {"total": 10, "read": 8}
    assert {one["image"] for one in model["failures"]} == {"text.jpg", "cut.png"}
    assert all(one["reason"] for one in model["failures"])
    (layer,) = model["layers"]
    assert (layer["score"], layer["units"]) == ("soft-wpmi", 147)
    assert layer["labelled"] == sum(layer["concepts"].values()) == layer["units"] - sum(layer["reasons"].values())
    assert set(layer["concepts"]) <= {"sea", "meadow", "fish", "blue", "sand"}
    assert answer["comparison"]["models"][0]["overall"]["unique"] == layer["unique"]
    assert any("2 of 10 images could not be read" in note for note in answer["notes"])
    assert any("'sea' (2 times)" in note and "1 blank line" in note for note in answer["notes"])
    with (out / "units.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 1 + layer["labelled"]
    page = Path(answer["page"]).read_text("utf-8")
    assert page == (out / "index.html").read_text("utf-8")
    assert "text.jpg" in page
    assert f"--concepts {words}" in page  # the command that made it


def test_the_same_command_computes_nothing_again(finished, call, words, photographs, monkeypatch):
    out, first = finished
    monkeypatch.setattr("crosslight.dissection.record.gather", lambda *_, **__: pytest.fail("went through the images"))
    asked = ("dissect", *ASKED, photographs, "--concepts", words, "--encoder", "scenes", "--out", out)
    assert json.loads(call(*asked, "--json").out) == json.loads(first.out)
    table = call(*asked, "--no-page").out.splitlines()
    assert table[0].split()[:4] == ["model", "layer", "depth", "labelled"]
    assert "soft-wpmi" in table[1]
    other = call("dissect", *ASKED, "scenes", "--limit", "4", "--concepts", words, "--encoder", "scenes", "--out", out)
    assert (other.status, other.out) == (2, "")
    assert "choose another folder" in other.err


def test_after_ctrl_c_the_same_command_goes_on(call, words, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    out = tmp_path / "out"
    asked = ("dissect", *ASKED, "scenes", "--limit", "4", "--concepts", words, "--encoder", "scenes", "--out", out)
    with monkeypatch.context() as patch:
        patch.setattr("crosslight.dissection.api._by_words", interrupted)
        stopped = call(*asked)
    assert stopped.status == 130
    assert "the same command goes on" in stopped.err
    monkeypatch.setattr("crosslight.dissection.record.gather", lambda *_, **__: pytest.fail("went through the images"))
    done = call(*asked, "--json", "--no-page")
    assert done.status == 0, done.err
    assert json.loads(done.out)["models"][0]["images"]["read"] == 4
    assert json.loads(done.out)["page"] is None


def test_finished_ones_are_searched(finished, call):
    out, first = finished
    concepts = json.loads(first.out)["models"][0]["layers"][0]["concepts"]
    name, number = next(iter(concepts.items()))
    found = json.loads(call("dissect", out, "--find", f"{name}s", "--json").out)["found"]
    assert len(found) == number
    assert {one["concept"] for one in found} == {name}
    scores = [one["score"] for one in found]
    assert scores == sorted(scores, reverse=True)
    shown = call("dissect", out, "--find", name).out
    assert f"{number} unit{'s detect' if number > 1 else ' detects'} {name}" in shown
    assert "no unit is labelled 'lighthouse'" in call("dissect", out, "--find", "lighthouse").err


def table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{layer},{unit},{concept},0.1\n" for layer, unit, concept in rows)
    path.write_text("layer,unit,description,similarity\n" + text, encoding="utf-8")
    return path


def test_published_tables_are_compared(call, tmp_path):
    units = [("a", 0, "sea"), ("a", 1, "seas"), ("b", 0, "sea"), ("b", 1, "海")]
    first = table(tmp_path / "one/descriptions.csv", units)
    second = table(tmp_path / "two/descriptions.csv", [("a", 0, "sea"), ("b", 0, "fish")])
    out = tmp_path / "out"
    answer = json.loads(call("dissect", "--compare", first, f"Two={second}", "--out", out, "--json").out)
    one, two = answer["comparison"]["models"]
    assert (one["model"], two["model"]) == ("one", "Two")
    assert [one["overall"]["unique"], *(layer["unique"] for layer in one["layers"])] == [3, 2, 2]
    assert answer["comparison"]["shared"] == ["sea"]
    assert answer["comparison"]["exclusive"] == {"one": ["seas", "海"], "Two": ["fish"]}
    assert json.loads((out / "comparison.json").read_text("utf-8")) == answer["comparison"]
    assert answer["page"] is None
    shown = call("dissect", "--compare", first, second).out.splitlines()
    assert [line.split() for line in shown[:3]] == [
        ["different", "concepts", "units", "overall", "a", "b"],
        ["one", "4", "3", "2", "2"],
        ["two", "2", "2", "1", "1"],
    ]
    folded = call("dissect", "--compare", first, second, "--plurals").out.splitlines()[1].split()
    assert folded == ["one", "4", "2", "1", "2"]
    synonyms = tmp_path / "same.txt"
    synonyms.write_text("sea, 海, seas", encoding="utf-8")
    assert call("dissect", "--compare", first, "--synonyms", synonyms).out.splitlines()[1].split()[2] == "1"


@pytest.fixture
def features(tmp_path):
    """Stored features in which unit u answers to the images of concept u."""
    rng = np.random.default_rng(0)
    texts = rng.standard_normal((4, 16)).astype(np.float32)
    images = texts[np.arange(60) % 4] + 0.1 * rng.standard_normal((60, 16)).astype(np.float32)
    answers = (np.arange(60)[:, None] % 4 == np.arange(3)).astype(np.float32) + 0.1 * rng.random((60, 3))
    np.save(tmp_path / "activations_last.npy", answers.astype(np.float32))
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "concepts.npy", texts)
    (tmp_path / "names.txt").write_text("sea\nmøller\n海\nfish\n", encoding="utf-8")
    return [
        *("--activations", tmp_path / "activations_last.npy", "--image-features", tmp_path / "images.npy"),
        *("--concept-features", tmp_path / "concepts.npy", "--concepts", tmp_path / "names.txt"),
    ]


def test_stored_features_are_dissected_with_names_in_utf8(features, call, tmp_path):
    result = call("dissect", *features, "--set", "top=10", "--out", tmp_path / "out", "--json")
    assert result.status == 0, result.err
    layer = json.loads(result.out)["models"][0]["layers"][0]
    assert layer["concepts"] == {"møller": 1, "sea": 1, "海": 1}
    rows = list(csv.reader((tmp_path / "out/units.csv").open(newline="", encoding="utf-8")))
    assert [row[:3] for row in rows[1:]] == [["last", "0", "sea"], ["last", "1", "møller"], ["last", "2", "海"]]
    assert "海" in call("dissect", tmp_path / "out", "--find", "海").out
    assert (tmp_path / "out/index.html").is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "holds no concept"),
        (b"\n  \n", "holds no concept"),
        (b"sea\n", "holds one concept alone, 'sea'"),
        (b"sea\nsea\n", "holds one concept alone, 'sea'"),
        (b"sea\nm\xf8ller\n", "line 2: this is not UTF-8"),
        (b"sea\nzeppelin\n", "zeppelin"),  # a word that the encoder has never seen
    ],
)
def test_lists_of_concepts_that_cannot_be_used_are_told(call, photographs, tmp_path, text, said):
    words = tmp_path / "words.txt"
    words.write_bytes(text)
    out = tmp_path / "out"
    result = call("dissect", *ASKED, photographs, "--concepts", words, "--encoder", "scenes", "--out", out)
    assert (result.status, result.out) == (2, "")
    assert said in result.err
    if "zeppelin" not in said:
        assert not out.exists()  # before anything is computed


HERE = ("-m", "scenes/resnet", "-i", "scenes", "-o", "o")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a classifier with --model"),
        (["-m", "scenes/resnet"], "name the images with --images"),
        (["-m", "scenes/resnet", "-i", "scenes"], "--out"),
        ([*HERE], "--masks for concepts with masks, --concepts for words"),
        ([*HERE, "--concepts", "scenes"], "words need an encoder"),
        (
            [*HERE, "--masks", "scenes", "--encoder", "scenes"],
            "is for words",
        ),
        (["-m", "scenes/resnet", "-i", "no", "-o", "o", "--masks", "scenes"], "no: no such file or folder"),
        (
            [*HERE, "-l", "layer9", "--limit", "2", "--masks", "scenes"],
            "layer9",
        ),
        (["--compare"], "name what to compare"),
        (["nowhere", "--compare"], "make one with crosslight dissect"),
        (["nowhere", "--masks", "scenes"], "--masks is for making a dissection"),
        (["--activations", "a.npy"], "--image-features, --concept-features, --concepts missing"),
        (["--activations", "a.npy", "-m", "scenes/resnet"], "--model is not for stored features"),
        (["no.csv"], "no.csv cannot be read"),
    ],
)
def test_errors_say_what_to_do(call, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    result = call("dissect", *arguments, "--json")
    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines()[-1].startswith("error: ")
    assert said in result.err


def test_several_models_by_masks_have_a_folder_each(call, tmp_path):
    out = tmp_path / "out"
    models = ("--model", "scenes/densenet", "--model", "scenes/densenet-background")
    asked = ("dissect", *models, "--images", "scenes", "--limit", "10", "--masks", "scenes", "--out", out)
    result = call(*asked, "--share", "0.05", "--json")
    assert result.status == 0, result.err
    answer = json.loads(result.out)
    assert [Path(model["folder"]).name for model in answer["models"]] == [
        "scenes-densenet",
        "scenes-densenet-background",
    ]
    clean, biased = (model["categories"] for model in (one["overall"] for one in answer["comparison"]["models"]))
    assert set(clean) | set(biased) <= {"object", "part", "color", "material", "scene"}
    assert str(out / "comparison.json") in answer["files"]
    assert (out / "scenes-densenet" / "units.csv").is_file()
    again = json.loads(call("dissect", out, "--compare", "--json").out)
    assert again["comparison"] == answer["comparison"]
