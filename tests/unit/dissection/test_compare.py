"""Counting and comparing what units detect, against counts by hand."""

from __future__ import annotations

import importlib.util
from collections import Counter
from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.dissection.compare import (
    NamedLayer,
    NamedUnits,
    compare,
    expected_unique,
    units_of,
    units_of_table,
)
from crosslight.dissection.folding import Fold, read_synonyms, singular

KINDS = {"sea": "scene", "seas": "scene", "fish": "object", "fin": "part", "blue": "colour"}
CLEAN = NamedUnits(
    "clean",
    (
        NamedLayer("one", ("blue", "blue", "fin", ""), 0.5, KINDS),
        NamedLayer("two", ("fish", "sea", "fish", "blue"), 1.0, KINDS),
    ),
)
BIASED = NamedUnits("biased", (NamedLayer("two", ("sea", "seas", "sea", "", "odd"), 1.0, KINDS),))


@pytest.fixture(scope="module")
def made() -> ModuleType:
    spec = importlib.util.spec_from_file_location("made_up_units", Path(__file__).with_name("made_up.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_counts_are_those_by_hand() -> None:
    found = compare([CLEAN, BIASED])
    clean, biased = found.models
    assert (clean.overall.units, clean.overall.labelled, clean.overall.unique) == (8, 7, 4)
    assert [layer.unique for layer in clean.layers] == [2, 3]  # their sum is above the union
    assert clean.overall.concepts == {"blue": 3, "fish": 2, "fin": 1, "sea": 1}
    assert list(clean.overall.concepts) == ["blue", "fish", "fin", "sea"]
    assert clean.overall.categories == {"color": 3, "part": 1, "object": 2, "scene": 1}
    assert list(clean.overall.categories) == ["color", "part", "object", "scene"]
    assert clean.overall.unique_categories == {"color": 1, "part": 1, "object": 1, "scene": 1}
    assert clean.layers[1].share("object", "scene") == 0.75
    assert biased.overall.categories == {"scene": 3, "unknown": 1}
    assert biased.overall.share("scene") == 1  # of those whose category is known
    assert found.shared == ("sea",)
    assert found.exclusive == {"clean": ("blue", "fin", "fish"), "biased": ("odd", "seas")}
    assert found.overlaps[0].jaccard == pytest.approx(1 / 6)
    assert found.folded == 0


def test_plurals_and_synonyms_count_as_one(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# mine\n\nsea, Ocean , SEAS\nfish,fishes # both\n", encoding="utf-8-sig")
    assert read_synonyms(file) == {"sea": "sea", "ocean": "sea", "seas": "sea", "fish": "fish", "fishes": "fish"}
    assert compare([BIASED], Fold(plurals=True)).models[0].overall.concepts == {"sea": 3, "odd": 1}
    folded = compare([BIASED], Fold(synonyms=read_synonyms(file)))
    assert folded.models[0].overall.concepts == {"sea": 3, "odd": 1}
    assert folded.folded == 1
    assert Fold(True, {"ocean": "sea"})("  Oceans ") == "sea"
    assert Fold()("Two  Words") == "Two  Words"


@pytest.mark.parametrize(
    ("text", "said"),
    [("sea\n", "line 1: write two words"), ("a,b\n\nc,b\n", "line 3: 'b' stands under 'a' already")],
)
def test_synonyms_that_make_no_sense_are_errors(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        read_synonyms(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_synonyms(tmp_path / "none.txt")
    file.write_bytes(b"\xff\xfe\xff,b")
    with pytest.raises(InputError, match="UTF-8"):
        read_synonyms(file)


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        *(("cars", "car"), ("boxes", "box"), ("churches", "church"), ("beaches", "beach"), ("cities", "city")),
        *(("houses", "house"), ("horses", "horse"), ("buses", "bus"), ("potatoes", "potato"), ("shoes", "shoe")),
        *(("leaves", "leaf"), ("waves", "wave"), ("people", "person"), ("traffic lights", "traffic light")),
        *(("grass", "grass"), ("bus", "bus"), ("tennis", "tennis"), ("series", "series"), ("sea", "sea")),
    ],
)
def test_the_singular_of(plural: str, one: str) -> None:
    assert singular(plural) == one
    assert singular(one) == one


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=7), st.data())
def test_expected_unique_is_the_mean_over_all_draws(labels: list[str], data: st.DataObject) -> None:
    units = data.draw(st.integers(0, len(labels)))
    draws = [len({labels[i] for i in chosen}) for chosen in combinations(range(len(labels)), units)]
    assert expected_unique(Counter(labels), units) == pytest.approx(np.mean(draws))


def test_sentences_have_their_numbers() -> None:
    text = compare([CLEAN, BIASED]).sentences()
    assert text[0] == (
        "clean detects 4 different concepts with 7 labelled of 8 units; biased detects 3 different concepts with 4 "
        "labelled of 5 units. Among 4 labelled units each, that would be clean 3, biased 3."
    )
    assert text[1] == (
        "clean and biased share 1 concept (17 % of all that either has): 3 are found in clean alone, 2 in biased alone."
    )
    assert "clean has 1 scene detector among 8 units (12 %), biased 3 scene detectors among 5 units (60 %)." in text
    deeper = "objects and scenes are 0 % in one and 75 % in two: more of them the deeper the layer."
    assert f"Of clean's labelled units, {deeper}" in text
    assert "Most detected by clean: blue (3), fish (2)." in text


def test_a_dissection_gives_its_labels(made: ModuleType, tmp_path: Path) -> None:
    dissection = made.made_up_dissection("net", made.write_photographs(tmp_path))
    found = units_of(dissection)
    assert (found.model, found.score) == ("net", "iou")
    assert [layer.labels for layer in found.layers] == [tuple(labels) for _, labels in made.LAYERS.values()]
    assert found.layers[1].category("sail") == "part"
    assert found.layers[0].depth == 0.5
    only = units_of(dissection, "soft-wpmi", ["stage2"])
    assert ([layer.name for layer in only.layers], only.score) == (["stage2"], "soft-wpmi")
    with pytest.raises(UnknownNameError, match="soft-wpmi"):
        units_of(dissection, "soft")
    with pytest.raises(UnknownNameError, match="stage2"):
        units_of(dissection, layers=["stage3"])


def test_a_published_table_is_read(tmp_path: Path) -> None:
    table = tmp_path / "net.csv"
    table.write_text("layer,unit,description,similarity\nb,1,sea,.2\nb,0,blå,.1\na,0,sea,.3\n", encoding="utf-8")
    found = units_of_table(table)
    assert found.model == "net"
    assert [(layer.name, layer.labels) for layer in found.layers] == [("b", ("blå", "sea")), ("a", ("sea",))]
    counts = compare([found]).models[0]
    assert [counts.overall.unique, *(layer.unique for layer in counts.layers)] == [2, 2, 1]
    table.write_text("layer,unit,description,similarity\na,0,sea,.2\na,0,blue,.1\n")
    with pytest.raises(InputError, match="unit 0 of a is there twice"):
        units_of_table(table)
    table.write_text("layer,unit,description,similarity\n")
    with pytest.raises(InputError, match="holds no unit"):
        units_of_table(table)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to compare"):
        compare([])
    with pytest.raises(InputError, match="called 'clean'"):
        compare([CLEAN, CLEAN])
    with pytest.raises(InputError, match="cannot be drawn"):
        expected_unique({"a": 2}, 3)


def test_units_without_any_label() -> None:
    found = compare([NamedUnits("a", (NamedLayer("one", ("", "")),)), NamedUnits("b", ())])
    assert found.models[0].overall.unique == 0
    assert found.shared == ()
    assert "a detects 0 different concepts with 0 labelled of 2 units" in found.sentences()[0]
