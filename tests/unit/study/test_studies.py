"""The study files that come with the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from crosslight.models import load_model
from crosslight.study import read_study

STUDIES = Path(__file__).resolve().parents[3] / "studies"
SPEC = read_study(STUDIES / "cnn-vs-transformers.toml", ["models.*.weights=none", "images.source=scenes"])
FAMILIES = {
    "DeiT-T": "transformer",
    "DeiT-S": "transformer",
    "ViT-B/32": "transformer",
    "Swin-T": "transformer",
    "PVTv2-B2": "transformer",
}


def test_fourteen_classifiers_and_three_methods() -> None:
    assert len(SPEC.models) == 14
    assert [task.method.name for task in SPEC.tasks] == ["grad-cam", "kernel-shap", "integrated-gradients"]


@pytest.mark.parametrize("section", SPEC.models, ids=lambda section: str(section.label))
def test_resolution_of_the_last_features(section) -> None:
    """As the thesis has them: 7 x 7, and 14 x 14 of the DeiTs, whose patches are smaller."""
    classifier = load_model(section.name, weights="none", preprocess=section.preprocess)
    last, label = classifier.site(), str(section.label)
    assert classifier.preprocess.size == (224, 224)
    assert last.resolution == ((14, 14) if label.startswith("DeiT") else (7, 7))
    assert last.kind in ("cut", "token")
    assert last.depth > 0.7
    assert classifier.facts is not None
    assert classifier.facts.family == FAMILIES.get(label, "convolutional")
