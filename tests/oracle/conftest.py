"""Real classifiers and photographs for tests against independent implementations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crosslight.images import open_images
from crosslight.models import Classifier, load_model

#: one of each architecture and source
NAMES = ("mobilenetv1_050_160", "mobilenetv2_100_224_tf2", "squeezenet1_1")
STUDIES = Path(__file__).resolve().parents[2] / "studies"


def load_real(folder: Path, name: str) -> Classifier:
    """A real ImageNet classifier by the name its weight file has."""
    about = {entry["name"]: entry for entry in json.loads((folder / "models.json").read_text())["models"]}[name]
    function, options = about["call"]["function"], dict(about["call"]["kwargs"])
    if function.startswith("torchvision"):
        source, options = f"torchvision/{function.rpartition('.')[2]}", {}
    elif "channel_multiplier" in options:
        source, options = "python:imagenet_models.py:mobilenet_v1", {"width": options["channel_multiplier"]}
    else:
        source = f"timm/{about['call']['args'][0]}"
    return load_model(
        source,
        weights=folder / about["file"],
        label=name,
        options=options,
        preprocess={
            "size": about["input_size"][1:],
            "crop_pct": about["crop_pct"],
            "interpolation": "bilinear",
            "mean": about["mean"],
            "std": about["std"],
        },
        classes=folder / "imagenet_classes.tsv",
        base=STUDIES,
    )


@pytest.fixture(scope="session", params=NAMES)
def classifier(request: pytest.FixtureRequest, shared_data: Path) -> Classifier:
    """Each of three real classifiers."""
    return load_real(shared_data / "models", request.param)


@pytest.fixture(scope="session")
def photographs(shared_data: Path):
    """Two photographs."""
    return open_images(shared_data / "imagenet-sample", limit=2, sample="first")
