"""Descriptions of units that two groups of students published, computed anew and counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from crosslight.cli.app import app
from crosslight.dissection.descriptions import read_descriptions, unique_concepts


@pytest.fixture(scope="module")
def group21(shared: Path) -> Path:
    folder = shared / "reference/assignment/group21/clip_dissect"
    if not folder.is_dir():
        pytest.skip("published descriptions are not here")
    return folder


def test_descriptions_of_a_real_network(group21: Path, tmp_path: Path) -> None:
    published = read_descriptions(group21 / "resnet18_imagenet/descriptions.csv")
    told = {
        "--activations": group21 / "resnet18_imagenet",
        "--image-features": group21 / "clip_vitb16_images.npy",
        "--concept-features": group21 / "clip_vitb16_concepts.npy",
        "--concepts": group21 / "concepts.txt",
        "--form": "published",
        "--out": tmp_path,
    }
    done = CliRunner().invoke(app, ["dissect", *(str(part) for pair in told.items() for part in pair)])
    assert done.exit_code == 0, done.stderr
    found = read_descriptions(tmp_path / "units.csv")
    assert len(published) == 896
    assert [(one.layer, one.unit, one.description) for one in found] == [
        (one.layer, one.unit, one.description) for one in published
    ]
    difference = np.abs([one.similarity - other.similarity for one, other in zip(found, published, strict=True)])
    assert difference.max() < 1e-4
    assert unique_concepts(found) == {"overall": 347, "layer2": 93, "layer3": 172, "layer4": 262}


@pytest.mark.parametrize(
    ("network", "counts"),
    [
        ("resnet18", {"overall": 374, "layer2": 68, "layer3": 124, "layer4": 278}),
        ("resnet18_places", {"overall": 428, "layer2": 66, "layer3": 135, "layer4": 314}),
    ],
)
def test_published_counts_of_unique_concepts(group21: Path, network: str, counts: dict[str, int]) -> None:
    folder = group21.parents[1] / "group27/clip_dissect" / network
    assert unique_concepts(read_descriptions(folder / "descriptions.csv")) == counts
