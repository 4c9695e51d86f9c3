"""The networks that are measured: real classifiers where their weights are at hand, random weights otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor, nn

from crosslight.core.geometry import Preprocess
from crosslight.images import make_batch, open_images
from crosslight.images.batch import Batch
from crosslight.models import Classifier, load_model

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("CROSSLIGHT_SHARED", ROOT.parent / "shared"))
PHOTOGRAPHS = SHARED / "data" / "imagenet-sample"
TENSORFLOW = {"mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.875, "interpolation": "bilinear", "size": 224}
SOURCES = {
    "mobilenetv1": ("timm/mobilenetv1_100", "mobilenetv1_100_224", {"pad_type": "same"}, TENSORFLOW),
    "mobilenetv2": ("timm/mobilenetv2_100", "mobilenetv2_100_224_tf2", {"pad_type": "same"}, TENSORFLOW),
    "squeezenet": ("torchvision/squeezenet1_1", "squeezenet1_1", {}, {}),
    "resnet50": ("timm/resnet50", "", {}, {"size": 224, "crop_pct": 0.875}),
    "vit_small": ("timm/vit_small_patch16_224", "", {}, {}),
}
NAMES = (*SOURCES, "tiny")


class Tiny(nn.Module):
    """Next to nothing: what is left is the cost of everything around it."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.act, self.head = nn.Conv2d(3, 4, 32, stride=32), nn.ReLU(), nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.act(self.embed(x)).mean(dim=(2, 3)))


def tiny(device: str = "cpu") -> Classifier:
    """A classifier that costs a fraction of a millisecond; the same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Classifier(Tiny(), Preprocess(size=(224, 224), resize=None), label="tiny", device=device)


def classifier(name: str, device: str = "cpu") -> Classifier:
    """The named network; one whose weight file is missing gets random weights, and says so in its label."""
    if name == "tiny":
        return tiny(device)
    source, file, options, preprocess = SOURCES[name]
    path = SHARED / "data" / "models" / f"{file}.safetensors"
    real = bool(file) and path.is_file()
    return load_model(
        source,
        weights=path if real else "none",
        label=name if real else f"{name} (random weights)",
        options=options,
        preprocess=preprocess,
    ).to(device)


def photographs(classifier: Classifier, count: int) -> Batch:
    """A batch of photographs, or of drawn scenes where there are none."""
    source = PHOTOGRAPHS if PHOTOGRAPHS.is_dir() else "scenes"
    images = open_images(source, limit=count, sample="first")
    batch = make_batch([image.load() for image in images], classifier.preprocess, [i.identity for i in images])
    return batch.to(classifier.device)
