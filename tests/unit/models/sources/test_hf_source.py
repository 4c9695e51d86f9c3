"""Classifiers of transformers: from a folder as save_pretrained writes it, and errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from crosslight.core.errors import ModelError
from crosslight.core.geometry import Preprocess
from crosslight.images import make_batch
from crosslight.models import load_model
from crosslight.models.sources import check_model_name, hub
from crosslight.models.sources.hf_source import from_processor
from crosslight.models.sources.preprocessing import make_preprocess

transformers = pytest.importorskip("transformers")

IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny ViT with its processor."""
    path = tmp_path_factory.mktemp("hf") / "vit"
    configuration = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8,
        id2label={0: "cat", 1: "dog", 2: "gnu"}, label2id={"cat": 0, "dog": 1, "gnu": 2},
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.ViTForImageClassification(configuration).save_pretrained(path)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}, resample=3).save_pretrained(path)
    return path


def picture(width: int = 50, height: int = 40) -> Image.Image:
    coarse = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def test_a_folder_gives_what_transformers_gives(folder: Path) -> None:
    classifier = load_model(f"hf/{folder}")
    assert classifier.facts is not None
    assert (classifier.facts.source, classifier.facts.family) == ("hf", "transformer")
    assert [classifier.class_name(i) for i in range(3)] == ["cat", "dog", "gnu"]
    network = transformers.AutoModelForImageClassification.from_pretrained(folder)
    inputs = transformers.AutoImageProcessor.from_pretrained(folder)(picture(), return_tensors="pt")
    own = make_batch([picture()], classifier.preprocess).inputs
    assert (own - inputs["pixel_values"]).abs().max() < 0.05
    with torch.no_grad():
        assert torch.allclose(classifier.logits(own), network(own).logits, atol=1e-6)
    assert classifier.site().resolution == (4, 4)


def test_relative_folders_random_weights_and_options(folder: Path) -> None:
    assert load_model("hf/vit", base=folder.parent).facts is not None
    classifier = load_model("hf/./vit", weights="none", options={"num_hidden_layers": 1}, base=folder.parent)
    again = load_model("hf/./vit", weights="none", options={"num_hidden_layers": 1}, base=folder.parent)
    assert classifier.facts is not None
    assert again.facts is not None
    assert classifier.facts.weights == "none"
    assert classifier.facts.weights_digest == again.facts.weights_digest
    assert classifier.network.config.num_hidden_layers == 1


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        (
            transformers.ConvNextImageProcessor(
                size={"shortest_edge": 224}, crop_pct=0.875, resample=2, **IMAGENET
            ).to_dict(),
            Preprocess((224, 224), 256, interpolation="bilinear"),
        ),
        (
            transformers.ConvNextImageProcessor(size={"shortest_edge": 384}, resample=3, **IMAGENET).to_dict(),
            Preprocess((384, 384), (384, 384), "squash", "bicubic"),
        ),
        (
            {
                "size": {"shortest_edge": 256},
                "do_center_crop": True,
                "crop_size": {"height": 224, "width": 224},
                "resample": 2,
                "do_normalize": False,
            },
            Preprocess((224, 224), 256, mean=(0.0,) * 3, std=(1.0,) * 3),
        ),
        (
            {"size": {"height": 192, "width": 224}, "resample": 0, "image_mean": [0.5] * 3, "image_std": [0.5] * 3},
            Preprocess((192, 224), (192, 224), "squash", "nearest", (0.5,) * 3, (0.5,) * 3),
        ),
        ({"size": 224, "resample": 1}, Preprocess((224, 224), 224, interpolation="lanczos")),
    ],
)
def test_processors(processor: dict, expected: Preprocess) -> None:
    assert make_preprocess(from_processor(processor)) == expected


def test_without_a_processor_the_network_says_its_size(folder: Path, tmp_path: Path) -> None:
    for file in ("config.json", "model.safetensors"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    assert load_model(f"hf/{tmp_path}").preprocess.size == (32, 32)


def test_names(folder: Path, tmp_path: Path) -> None:
    check_model_name("hf/microsoft/resnet-50")
    check_model_name(f"hf/{folder}")
    with pytest.raises(ModelError, match=r"no config\.json"):
        check_model_name(f"hf/{tmp_path}")
    with pytest.raises(ModelError, match="hf/OWNER/NAME"):
        check_model_name("hf/a/b/c")


def test_no_image_classifier(folder: Path, tmp_path: Path) -> None:
    transformers.BertConfig().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="is a bert, which transformers has no image classifier for"):
        load_model(f"hf/{tmp_path}", weights="none")
    other = tmp_path / "features"
    other.mkdir()
    configuration = json.loads((folder / "config.json").read_text()) | {"architectures": ["ViTModel"]}
    (other / "config.json").write_text(json.dumps(configuration))
    with pytest.raises(ModelError, match="features rather than classes"):
        load_model(f"hf/{other}")


def test_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "unreachable", lambda url: "no route")
    monkeypatch.setattr(hub, "hugging_face_cached", lambda repository, file: False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(ModelError, match=r"huggingface\.co cannot be reached"):
        load_model("hf/microsoft/resnet-50")
