"""Classifiers of timm, with their own preprocessing, ImageNet class names and licences."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ...core.errors import ModelError
from ..facts import count_outputs
from . import hub
from .built import Built, build
from .class_names import imagenet_classes
from .naming import unknown_model
from .preprocessing import from_config

PREFIX = "timm/"
#: the option that sets the number of classes
CLASSES = "num_classes"

#: Files under which weights may lie in a repository of the hub.
_FILES = (
    "model.safetensors",
    "pytorch_model.bin",
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.bin",
)


def names() -> list[str]:
    """Every architecture with each of its pretrained tags, as ``timm/NAME.TAG``."""
    import timm

    return [PREFIX + name for name in timm.list_models(include_tags=True)]


def check(name: str, base: Path | None = None) -> None:
    """Raise `UnknownNameError` unless timm has the architecture and its pretrained tag."""
    import timm

    bare = name.removeprefix(PREFIX)
    architecture, _, tag = bare.partition(".")
    if not timm.is_model(architecture) or (
        tag and bare not in timm.list_models(architecture + ".*", include_tags=True)
    ):
        raise unknown_model(name, [*names(), *(PREFIX + n for n in timm.list_models())], PREFIX)


def load(name: str, *, pretrained: bool, options: Mapping[str, Any], base: Path | None = None) -> Built:
    """Build a classifier of timm.

    Args:
        name: ``timm/NAME`` or ``timm/NAME.TAG``.
        pretrained: fetch the weights of the tag, else leave random ones.
        options: for ``timm.create_model``.
        base: not used.

    Raises:
        UnknownNameError: timm has no such architecture or tag.
        ModelError: it cannot be built, has no classes, or its weights cannot be fetched.
    """
    import timm
    from timm.data import resolve_model_data_config

    check(name)
    bare = name.removeprefix(PREFIX)
    config = timm.get_pretrained_cfg(bare)
    if config is not None:
        _check_head(name, config.num_classes, options, pretrained)
    if pretrained:
        with _fetching(name, config):
            network = build(name, timm.create_model, options, model_name=bare, pretrained=True)
    else:
        network = build(name, timm.create_model, options, model_name=bare, pretrained=False)
    own = getattr(network, "pretrained_cfg", None) or {}
    outputs = count_outputs(network) or getattr(network, "num_classes", None)
    paper = own.get("paper_ids") or own.get("origin_url") or ""
    reference = paper if isinstance(paper, str) else ", ".join(paper)
    return Built(
        network,
        from_config(resolve_model_data_config(network)),
        imagenet_classes(outputs) if outputs else None,
        getattr(network, "num_prefix_tokens", None),
        reference=reference or (f"https://huggingface.co/{own['hf_hub_id']}" if own.get("hf_hub_id") else ""),
        licence=own.get("license") or "",
        accuracy=published_accuracy(bare, own.get("tag") or ""),
    )


def published_accuracy(name: str, tag: str = "", table: Path | None = None) -> float | None:
    """Top-1 accuracy on ImageNet-1k in [0, 1] from timm's table of results.

    Args:
        name: ``NAME`` or ``NAME.TAG``.
        tag: of the pretrained weights, where the name has none.
        table: ``results-imagenet.csv``; by default where timm's repository has it. The package comes without.

    Returns:
        None where there is no such table, or it does not have the classifier.
    """
    import timm

    path = table or Path(timm.__file__).resolve().parents[1] / "results" / "results-imagenet.csv"
    if not path.is_file():
        return None
    full = name if "." in name or not tag else f"{name}.{tag}"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get("model") == full and row.get("top1"):
                return round(float(row["top1"]) / 100, 5)
    return None


def _check_head(name: str, classes: int, options: Mapping[str, Any], pretrained: bool) -> None:
    wanted = options.get("num_classes")
    if wanted is None and not classes:
        raise ModelError(
            f"{name} gives features rather than classes: it has no classifier head; "
            "set options = { num_classes = N } with a file of weights, or choose another tag"
        )
    if pretrained and wanted is not None and wanted != classes:
        raise ModelError(
            f"{name}: its pretrained weights have {classes or 'no'} classes, so that a head of {wanted} would "
            'stay random; set weights = "FILE.safetensors" or weights = "none"'
        )


def _fetching(name: str, config: Any) -> AbstractContextManager[None]:
    """Make sure that pretrained weights exist, and that they are here or their hub answers."""
    import timm

    if config is None or not config.has_weights:
        tags = timm.list_pretrained(name.removeprefix(PREFIX).partition(".")[0] + ".*")
        others = ", ".join(PREFIX + tag for tag in tags[:4])
        way_out = f"these do: {others}" if others else 'set weights = "FILE.safetensors" or weights = "none"'
        raise ModelError(f"{name} has no pretrained weights; {way_out}")
    if config.hf_hub_id and config.source != "url":
        from huggingface_hub import constants

        files = (config.hf_hub_filename, *_FILES) if config.hf_hub_filename else _FILES
        repository = config.hf_hub_id.partition("@")[0]
        return hub.fetching(
            name,
            f"{constants.ENDPOINT}/{repository}",
            hub.hugging_face_cache(),
            cached=any(hub.hugging_face_cached(repository, file) for file in files),
            forbidden=hub.is_offline(),
        )
    cache = hub.torch_cache()
    url = str(config.url)
    return hub.fetching(name, url, cache, cached=not config.url or (cache / url.rsplit("/", 1)[-1]).is_file())
