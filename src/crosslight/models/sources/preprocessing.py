"""Preprocessing as sources and users write it, and the `Preprocess` it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from torch import nn

from ...core.errors import InputError, suggestion
from ...core.geometry import Interpolation, Preprocess

#: What `preprocess` in a study file may set.
KEYS = ("size", "crop_pct", "resize", "crop", "interpolation", "mean", "std")
CROPS = ("center", "squash", "border")
INTERPOLATIONS: tuple[str, ...] = get_args(Interpolation)

#: ImageNet's usual preprocessing, for networks that say nothing of theirs.
DEFAULT: Mapping[str, Any] = {"size": 224, "resize": 256}


def make_preprocess(base: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Preprocess:
    """The preprocessing of a source, with the user's overrides on top.

    Where only the size changes, the share of the picture that is seen stays: `resize` grows with it.

    Args:
        base: as the source gives it, with some of `KEYS`; `size` must be there.
        overrides: as a user wrote it, checked here. `size` is one length or height and width in pixels,
            `crop_pct` the share of the resized picture's side that is kept, `resize` the length in pixels of
            the shorter side before the crop, or height and width of a rectangle.

    Raises:
        InputError: an unknown key, or a value that is not valid.
    """
    overrides = dict(overrides or {})
    for key in overrides:
        if key not in KEYS:
            raise InputError(f"preprocess: unknown key {key!r}{suggestion(key, KEYS)}")
    if "resize" in overrides and "crop_pct" in overrides:
        raise InputError("preprocess: give resize or crop_pct, not both")
    values = {**base, **overrides}
    size = _size(values["size"])
    resize: int | tuple[int, int] | None
    if "resize" in overrides or ("resize" in base and "crop_pct" not in overrides):
        resize = values["resize"] if values["resize"] is None else _length("resize", values["resize"])
        if "resize" not in overrides and resize is not None and "size" in overrides:
            before = _size(base["size"])
            resize = _grown(resize, min(size) / min(before)) if size != before else resize
    else:
        crop_pct = values.get("crop_pct", 0.875)
        if not isinstance(crop_pct, int | float) or isinstance(crop_pct, bool) or not 0 < crop_pct <= 1:
            raise InputError(f"preprocess: crop_pct lies in (0, 1], not {crop_pct!r}")
        resize = Preprocess.from_crop_pct(size, crop_pct).resize
    mean = _channels("mean", values.get("mean", Preprocess.mean))
    std = _channels("std", values.get("std", Preprocess.std))
    if len(mean) != len(std):
        raise InputError(f"preprocess: mean has {len(mean)} channels and std {len(std)}")
    if min(std) <= 0:
        raise InputError("preprocess: std must be above 0")
    return Preprocess(
        size=size,
        resize=resize,
        crop=_choice("crop", values.get("crop", "center"), CROPS),  # type: ignore[arg-type]
        interpolation=_choice("interpolation", values.get("interpolation", "bilinear"), INTERPOLATIONS),  # type: ignore[arg-type]
        mean=mean,
        std=std,
    )


def check_preprocess(overrides: Mapping[str, Any]) -> None:
    """Raise where a user's overrides are not valid, whichever network they are for.

    Raises:
        InputError: an unknown key, or a value that is not valid.
    """
    base = dict(DEFAULT)
    for key, other in (("mean", "std"), ("std", "mean")):  # the one that is missing fits the other
        if isinstance(overrides.get(other), list | tuple):
            base[key] = [1.0] * len(overrides[other])
        elif other in overrides:
            base[key] = 1.0
    make_preprocess(base, overrides)


def as_values(preprocess: Preprocess) -> dict[str, Any]:
    """A `Preprocess` as a base for overrides."""
    return {key: getattr(preprocess, key) for key in KEYS if key != "crop_pct"}


def from_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration in timm's form as a base: ``input_size``, ``crop_pct``, ``crop_mode`` and so on."""
    size = tuple(config.get("input_size") or (3, 224, 224))[-2:]
    interpolation = str(config.get("interpolation") or "bicubic")
    base: dict[str, Any] = {
        "size": size,
        "crop_pct": config.get("crop_pct") or 0.875,
        "crop": config.get("crop_mode") or "center",
        # "random" is a choice for training; people evaluate such networks with the plain filter
        "interpolation": interpolation if interpolation in INTERPOLATIONS else "bilinear",
    }
    return base | {key: tuple(config[key]) for key in ("mean", "std") if config.get(key)}


def of_network(network: nn.Module) -> dict[str, Any]:
    """The base for any network: what it says itself in ``pretrained_cfg`` or ``default_cfg``, else `DEFAULT`."""
    for name in ("pretrained_cfg", "default_cfg"):
        config = getattr(network, name, None)
        if isinstance(config, Mapping) and config.get("input_size"):
            return from_config(config)
    return dict(DEFAULT)


def _length(key: str, value: Any) -> int | tuple[int, int]:
    sides = (value, value) if _is_integer(value) else value
    if not isinstance(sides, list | tuple) or len(sides) != 2 or not all(_is_integer(v) and v >= 1 for v in sides):
        raise InputError(f"preprocess: {key} is a length or [height, width] in pixels, not {value!r}")
    return int(value) if _is_integer(value) else (int(sides[0]), int(sides[1]))


def _size(value: Any) -> tuple[int, int]:
    length = _length("size", value)
    return (length, length) if isinstance(length, int) else length


def _grown(resize: int | tuple[int, int], factor: float) -> int | tuple[int, int]:
    if isinstance(resize, int):
        return round(resize * factor)
    return (round(resize[0] * factor), round(resize[1] * factor))


def _channels(key: str, value: Any) -> tuple[float, ...]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = (value,)
    numbers = isinstance(value, list | tuple) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in value
    )
    if not numbers or len(value) not in (1, 3):
        raise InputError(f"preprocess: {key} is a list of 3 numbers (1 for grey), not {value!r}")
    return tuple(float(v) for v in value)


def _choice(key: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InputError(f"preprocess: unknown {key} {value!r}{suggestion(str(value), known)}")
    return value


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
