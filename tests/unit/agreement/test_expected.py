"""The numbers that were published about matrices of 14 models, and those that follow, from the command line alone."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

MADE = Path(__file__).resolve().parents[3] / "docs" / "make_published.py"


@pytest.fixture(scope="module")
def thesis(shared: Path) -> Path:
    folder = shared / "reference" / "thesis"
    if not (folder / "expected.json").is_file():
        pytest.skip("the published matrices are not here")
    return folder


@pytest.fixture(scope="module")
def made() -> ModuleType:
    """The script that makes the table of the docs."""
    spec = importlib.util.spec_from_file_location("crosslight_docs_published", MADE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # for its dataclasses
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def entries(made, thesis):
    return list(made.entries(thesis))


def numbers(value: Any) -> int:
    """How many numbers an object of JSON holds."""
    if isinstance(value, dict | list):
        return sum(map(numbers, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int | float)


def test_every_number_is_reproduced(entries, thesis):
    expected = json.loads((thesis / "expected.json").read_text(encoding="utf-8"))
    assert sum(one.covers for one in entries) == numbers(expected) == 275
    assert [one for one in entries if not one.agrees] == []


def test_the_trap_stands_beside_the_pairs(entries):
    """The four correlations, by the published definition and over the pairs, to six digits."""
    found = [one.ours for one in entries if one.number.startswith("Pearson r")]
    assert found == [
        *("0.695880", "0.549337"),
        *("0.672233", "0.520562"),
        *("0.642113", "0.096968"),
        *("0.641272", "0.084050"),
    ]


def test_the_clusters_and_the_noise(entries):
    clusters = [one.ours for one in entries if "three clusters" in one.number]
    assert len(clusters) == 6
    assert set(clusters[:4]) == {"{EfficientNet_B4}; {ConvNeXtV2_Nano, DeiT_S, DeiT_T, ViT_B_32}; the other 9"}
    assert "ResNet50" not in clusters[4]  # which the printed log exchanged with Res2Net50
    assert "Res2Net50" in clusters[4]
    assert entries[-1].ours == "DenseNet121, MobileNetV3, Res2Net50, ResNeXt50"


def test_maps_of_zeros_show_on_the_diagonal(made, thesis):
    found = made.agree(thesis, "--matrix GC1024 --clusters 2", "--seeds", "1")["matrix"]["diagonal"]
    assert found.pop("ResNeXt50") == pytest.approx(1 - 9 / 1024, abs=3e-6)
    assert found.pop("ViT_B_32") == pytest.approx(1 - 18 / 1024, abs=3e-6)
    assert found == pytest.approx(dict.fromkeys(found, 1), abs=3e-6)


def test_the_family_question_without_the_faulty_model(made, thesis, tmp_path):
    groups = made.write_groups(tmp_path / "families.csv")
    command = f"--matrix GC1024 --groups {groups} --drop EfficientNet_B4 --clusters 2"
    family = made.agree(thesis, command, "--seeds", "1", "--simulations", "20")["family"]
    assert family["sentence"].startswith(
        "Transformers and convolutional networks differ in where they look (ANOSIM R = .37, exact p = .0078 over 1,287 "
        "labelings; PERMANOVA p = .01), but their spread differs too"
    )
    assert family["blocks"]["count"] == 168  # two pairs of relatives, and 3 of the other 9
