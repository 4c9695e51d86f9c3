"""Image classifiers of transformers, from the Hugging Face hub or from a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from ...core.classes import Classes
from ...core.errors import ModelError
from . import hub
from .built import Built, build
from .class_names import named_classes
from .preprocessing import DEFAULT, INTERPOLATIONS

PREFIX = "hf/"
#: the option that sets the number of classes
CLASSES = "num_labels"

#: ``name`` or ``owner/name``
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
#: Files under which weights may lie. Any of them is read as tensors only.
_FILES = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
#: what transformers calls outputs that nobody named
_UNNAMED = re.compile(r"LABEL_\d+")


def place(name: str, base: Path | None = None) -> Path | str:
    """The folder that a name stands for, or the repository of the hub.

    Args:
        name: ``hf/OWNER/NAME``, or ``hf/`` and a folder as ``save_pretrained`` writes it, such as ``hf/./mine``.
        base: folder that a relative folder starts from.

    Raises:
        ModelError: it is neither.
    """
    bare = name.removeprefix(PREFIX)
    folder = (base or Path()) / Path(bare).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"{name}: there is no config.json in {folder}; write the network with save_pretrained")
        return folder
    if _REPOSITORY.fullmatch(bare):
        return bare
    raise ModelError(f"{name}: there is no folder {folder}, and a repository is written hf/OWNER/NAME")


def check(name: str, base: Path | None = None) -> None:
    """Raise `ModelError` unless the name is that of a folder with a network, or could be a repository's."""
    place(name, base)


def load(name: str, *, pretrained: bool, options: Mapping[str, Any], base: Path | None = None) -> Built:
    """Build a classifier of transformers. Code that comes with a repository is never run.

    Args:
        name: as for `place`.
        pretrained: load its weights, else leave random ones; the configuration is needed either way.
        options: entries of the configuration that are to be others.
        base: folder that a relative folder starts from.

    Raises:
        ModelError: transformers is not here, the network is no image classifier, or its files are out of reach.
    """
    where = place(name, base)
    try:
        import transformers
    except ImportError:
        raise ModelError(f"{name}: transformers is needed; install it with: pip install 'crosslight[hf]'") from None
    with _quiet(), _fetching(name, where, pretrained):
        configuration = build(
            name, transformers.AutoConfig.from_pretrained, options, pretrained_model_name_or_path=where
        )
        automatic = transformers.AutoModelForImageClassification
        if type(configuration) not in transformers.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING:
            raise ModelError(f"{name} is a {configuration.model_type}, which transformers has no image classifier for")
        if pretrained:
            _check_head(name, configuration)
            network = build(
                name, automatic.from_pretrained, {}, pretrained_model_name_or_path=where, config=configuration
            )
        else:
            network = build(name, automatic.from_config, {}, config=configuration)
        preprocess = from_processor(_processor(where))
    if "size" not in preprocess:
        preprocess = dict(preprocess) | {"size": getattr(configuration, "image_size", None) or DEFAULT["size"]}
    return Built(
        network,
        preprocess,
        _classes(configuration),
        reference="" if isinstance(where, Path) else f"https://huggingface.co/{where}",
        multi_label=getattr(configuration, "problem_type", None) == "multi_label_classification",
    )


def from_processor(processor: Mapping[str, Any]) -> dict[str, Any]:
    """An image processor's configuration as a base for overrides, see `sources.preprocessing`.

    Args:
        processor: what transformers saves as ``preprocessor_config.json``; empty where there is none.

    Source: the processors of transformers. ConvNeXt's (those with ``crop_pct``) squash to sizes from 384 on. Deviation:
        where a processor resizes the shorter side and cuts nothing, the middle is cut to a square.
    """
    if not processor:
        return {key: value for key, value in DEFAULT.items() if key != "size"}
    base: dict[str, Any] = {"interpolation": _interpolation(processor.get("resample"))}
    size, crop = _sides(processor.get("size")), _sides(processor.get("crop_size"))
    resizes = processor.get("do_resize", True) and size is not None
    if processor.get("crop_pct") and isinstance(size, int):
        whole = {"size": size, "resize": (size, size), "crop": "squash"}
        base |= whole if size >= 384 else {"size": size, "crop_pct": processor["crop_pct"]}
    elif processor.get("do_center_crop") and crop is not None:
        base |= {"size": crop}
        base |= {"resize": size} if resizes else {"resize": None}
        base |= {"crop": "squash"} if resizes and not isinstance(size, int) else {}
    elif size is not None:
        base |= {"size": size, "resize": size}
        base |= {} if isinstance(size, int) else {"crop": "squash"}
    if processor.get("do_normalize", True):
        base |= {
            key: tuple(processor[name])
            for key, name in (("mean", "image_mean"), ("std", "image_std"))
            if processor.get(name)
        }
    else:
        base |= {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
    return base


def _sides(size: Any) -> int | tuple[int, int] | None:
    """A size in one of the forms that processors have."""
    if isinstance(size, int):
        return size
    if isinstance(size, Mapping):
        if size.get("shortest_edge"):
            return int(size["shortest_edge"])
        if size.get("height") and size.get("width"):
            return int(size["height"]), int(size["width"])
    return None


def _interpolation(resample: Any) -> str:
    name = Image.Resampling(int(resample)).name.lower() if resample is not None else "bilinear"
    return name if name in INTERPOLATIONS else "bilinear"


def _processor(where: Path | str) -> dict[str, Any]:
    """The configuration of the image processor, with what its class adds; empty where there is none."""
    import transformers

    try:
        found: dict[str, Any] = transformers.AutoImageProcessor.from_pretrained(where).to_dict()
    except (OSError, ValueError):
        return {}
    return found


def _check_head(name: str, configuration: Any) -> None:
    """Raise where the weights have no head for classes: transformers would make up a random one, and warn."""
    architectures = list(getattr(configuration, "architectures", None) or ())
    if architectures and not any("Classification" in each for each in architectures):
        raise ModelError(
            f"{name} holds a {architectures[0]}, which gives features rather than classes; name a fine-tuned one, or "
            'set weights = "none"'
        )


def _classes(configuration: Any) -> Classes | None:
    names = [str(configuration.id2label[index]) for index in sorted(configuration.id2label or {})]
    if not names or all(_UNNAMED.fullmatch(name) for name in names):
        return None
    return named_classes(len(names), names)


def _fetching(name: str, where: Path | str, pretrained: bool) -> AbstractContextManager[None]:
    """Make sure that the files are here, or that the hub answers."""
    if isinstance(where, Path):
        return nullcontext()
    from huggingface_hub import constants

    here = partial(hub.hugging_face_cached, where)
    return hub.fetching(
        name,
        f"{constants.ENDPOINT}/{where}",
        hub.hugging_face_cache(),
        cached=here("config.json") and (not pretrained or any(map(here, _FILES))),
        forbidden=hub.is_offline(),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars and notices of transformers: what matters is said by errors."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
