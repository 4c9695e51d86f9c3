"""The networks that are measured: real classifiers where their weights are at hand, random weights otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from crosslight.images import make_batch, open_images
from crosslight.images.batch import Batch
from crosslight.models import Classifier, load_model

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("CROSSLIGHT_SHARED", ROOT.parent / "shared"))
TENSORFLOW = {"mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.875, "interpolation": "bilinear", "size": 224}


def classifiers(names: list[str]) -> list[Classifier]:
    """The named networks; those whose weight file is missing get random weights, and say so in their label."""
    sources = {
        "mobilenetv1": ("timm/mobilenetv1_100", "mobilenetv1_100_224", {"pad_type": "same"}, TENSORFLOW),
        "mobilenetv2": ("timm/mobilenetv2_100", "mobilenetv2_100_224_tf2", {"pad_type": "same"}, TENSORFLOW),
        "squeezenet": ("torchvision/squeezenet1_1", "squeezenet1_1", {}, {}),
        "resnet50": ("timm/resnet50", "", {}, {"size": 224, "crop_pct": 0.875}),
        "vit_small": ("timm/vit_small_patch16_224", "", {}, {}),
    }
    loaded = []
    for name in names:
        source, file, options, preprocess = sources[name]
        path = SHARED / "data" / "models" / f"{file}.safetensors"
        real = bool(file) and path.is_file()
        loaded.append(
            load_model(
                source,
                weights=path if real else "none",
                label=name if real else f"{name} (random weights)",
                options=options,
                preprocess=preprocess,
            )
        )
    return loaded


def photographs(classifier: Classifier, count: int) -> Batch:
    """A batch of photographs, or of noise where there are none."""
    folder = SHARED / "data" / "imagenet-sample"
    if folder.is_dir():
        images = open_images(folder, limit=count, sample="first")
        return make_batch([image.load() for image in images], classifier.preprocess, [i.identity for i in images])
    from crosslight.core.geometry import Box

    size = classifier.preprocess.size
    inputs = torch.randn((count, 3, *size), generator=torch.Generator().manual_seed(0))
    names = tuple(str(i) for i in range(count))
    return Batch(inputs, (Box(0, 0, size[1], size[0]),) * count, names, (None,) * count)
