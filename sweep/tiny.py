"""The image classifiers of transformers, each with random weights and few layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import nn

#: for every configuration that has the attribute
SMALL: Mapping[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 128,
}
MOST_BLOCKS = 2  # in a stage

_VISION = {"vision_config": {**SMALL, "image_size": 224, "patch_size": 16}}

#: what a configuration needs beside that, by its name without ``Config``; None keeps the default
TWEAKS: Mapping[str, Mapping[str, Any]] = {
    "CLIP": _VISION,
    "MetaClip2": _VISION,
    "Siglip": _VISION,
    "Cvt": {"depth": [1, 2, 4]},
    "EfficientNet": {"image_size": 224, "width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280},
    "Perceiver": {
        "image_size": 224,
        "num_latents": 512,  # as published
        "d_latents": 64,
        "num_self_attends_per_block": 2,
        "num_self_attention_heads": 4,
        "num_cross_attention_heads": 1,
    },
    "TextNet": {"image_size": 224, "depths": None},
    "PPLCNet": {"depths": None},
}
#: classifiers that are none of pixels
LEFT_OUT: Mapping[str, str] = {
    "ImageGPT": "takes colour clusters (integers), not pixels",
    "ShieldGemma2": "a language model: reads an image and text",
    "Siglip2": "takes patches with their positions, not pixels",
    "TimmWrapper": "any network of timm: checked there",
}


def classifiers() -> dict[str, Callable[[], tuple[nn.Module, int]] | str]:
    """For every image classifier of transformers what builds it, with the length of its input; or why not to."""
    try:
        from transformers import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING as MAPPING
    except ImportError:
        return {}
    found: dict[str, Callable[[], tuple[nn.Module, int]] | str] = {}
    for config, classes in MAPPING.items():
        name = config.__name__.removesuffix("Config")
        for network in filter(None, classes if isinstance(classes, tuple) else (classes,)):
            found[network.__name__] = LEFT_OUT.get(name) or partial(_build, config, network, name)
    return found


def _build(config: type[Any], network: type[Any], name: str) -> tuple[nn.Module, int]:
    default, tweaks = config(), TWEAKS.get(name, {})
    values: dict[str, Any] = {
        key: value for key, value in SMALL.items() if isinstance(getattr(default, key, None), int)
    }
    if isinstance(getattr(default, "depths", None), list):
        values["depths"] = [min(depth, MOST_BLOCKS) for depth in default.depths]
    values = {key: value for key, value in {**values, **tweaks}.items() if value is not None}
    built = config(num_labels=10, **values)
    size = _first(
        getattr(built, "image_size", None) or getattr(getattr(built, "vision_config", None), "image_size", 224)
    )
    if name == "Perceiver":
        size = 224
    return network(built), size


def _first(size: Any) -> int:
    return int(size[0] if isinstance(size, (list, tuple)) else size)
