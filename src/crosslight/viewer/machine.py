"""Classifiers whose pretrained weights lie on this machine already; no hub is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..models.sources import hub


def names_here() -> list[str]:
    """Classifiers of timm, torchvision and transformers that can be loaded without a network, as studies name them."""
    return [*_torchvision(hub.torch_cache()), *_hugging_face(hub.hugging_face_cache())]


def _hugging_face(cache: Path) -> list[str]:
    """What the cache of the Hugging Face hub holds: weights of timm, and image classifiers of transformers."""
    found = []
    for folder in sorted(cache.glob("models--*")) if cache.is_dir() else []:
        repository = folder.name.removeprefix("models--").replace("--", "/", 1)
        owner, _, name = repository.partition("/")
        if not any(folder.glob("snapshots/*/*.safetensors")) and not any(folder.glob("snapshots/*/*.bin")):
            continue
        if owner == "timm" and _is_timm(name):
            found.append(f"timm/{name}")
        elif name and find_spec("transformers") is not None and _is_classifier(folder):
            found.append(f"hf/{repository}")
    return found


def _is_timm(name: str) -> bool:
    import timm

    configuration = timm.get_pretrained_cfg(name)
    return configuration is not None and bool(configuration.num_classes)


def _is_classifier(folder: Path) -> bool:
    for file in folder.glob("snapshots/*/config.json"):
        try:
            content: Any = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        kinds = content.get("architectures") if isinstance(content, dict) else None
        if isinstance(kinds, list) and any(str(kind).endswith("ForImageClassification") for kind in kinds):
            return True
    return False


def _torchvision(cache: Path) -> list[str]:
    """The classifiers of torchvision whose default weights lie in PyTorch's cache."""
    files = {path.name for path in cache.glob("*.pth")} if cache.is_dir() else set()
    if not files:
        return []
    from torchvision import models

    found = []
    for name in models.list_models(module=models):
        published = list(models.get_model_weights(name))
        if published and models.get_model_weights(name).DEFAULT.url.rsplit("/", 1)[-1] in files:
            found.append(f"torchvision/{name}")
    return found


@contextmanager
def without_hub() -> Iterator[None]:
    """Nothing inside asks the Hugging Face hub: not even whether a file that is here has changed there."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
