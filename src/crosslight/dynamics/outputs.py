"""What a network said of a batch, from logits or predictions of any framework, as arrays to be kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .history import MISSING, UNKNOWN


@dataclass(frozen=True)
class Batch:
    """What is recorded of some images.

    Attributes:
        ids: of the images, ``[b]``.
        labels: int32 ``[b]``: the true class, or `UNKNOWN`.
        predictions: uint16 ``[b]``: `MISSING` where the logits are no numbers.
        probability: float16 ``[b]`` of the true class, or None.
        margin: float32 ``[b]``, or None.
    """

    ids: tuple[str, ...]
    labels: NDArray[np.int32]
    predictions: NDArray[np.uint16]
    probability: NDArray[np.float16] | None = None
    margin: NDArray[np.float32] | None = None


def as_array(values: Any) -> NDArray[Any]:
    """A NumPy array of a tensor on any device, of any precision, or of a list."""
    if hasattr(values, "detach"):  # PyTorch, without importing it
        values = values.detach()
        if str(values.dtype) == "torch.bfloat16":  # which NumPy does not have
            values = values.float()
        values = values.cpu().numpy()
    elif isinstance(values, list | tuple) and values and hasattr(values[0], "detach"):
        values = [as_array(one) for one in values]
    return np.asarray(values)


def as_ids(values: Any) -> tuple[str, ...]:
    """Identities as text; whole numbers become their digits.

    Raises:
        InputError: they are neither text nor whole numbers, or not one for each image.
    """
    if isinstance(values, str | bytes):
        raise InputError(f"ids are a list with one for each image, not the text {values!r}")
    if hasattr(values, "dtype") or hasattr(values, "detach"):
        array = as_array(values)
        if array.ndim != 1 or array.dtype.kind not in "iuUO":
            raise InputError(f"ids are whole numbers or text, [b]; got {array.dtype} of shape {array.shape}")
        values = array.tolist()
    return tuple(map(_as_id, values))


def _as_id(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if value is None or isinstance(value, bool | float):
        raise InputError(f"{value!r} cannot identify an image: ids are text or whole numbers that stay the same")
    if hasattr(value, "item"):
        return _as_id(value.item())
    return str(value)


def as_labels(values: Any, count: int, classes: int) -> NDArray[np.int32]:
    """Labels as int32 ``[count]``; None, in the list or in its place, is `UNKNOWN`.

    Raises:
        InputError: they are no whole numbers, not so many, or beyond the classes.
    """
    if values is None:
        return np.full(count, UNKNOWN, np.int32)
    if isinstance(values, list | tuple):
        values = [UNKNOWN if one is None else one for one in values]
    array = as_array(values)
    if array.shape == (0,) and count == 0:
        return np.empty(0, np.int32)
    if array.shape != (count,):
        raise InputError(f"labels have the shape {array.shape}; {count} images need ({count},)")
    if array.dtype.kind not in "iu":
        raise InputError(f"labels are numbers of classes, not {array.dtype}")
    if array.size and not (array.min() >= UNKNOWN and array.max() < classes):
        wrong = array[(array < UNKNOWN) | (array >= classes)][0]
        raise InputError(
            f"the label {wrong} is none of the {classes} classes 0 to {classes - 1}, nor {UNKNOWN} for unknown; "
            "classes that come late are made known by add_classes"
        )
    return array.astype(np.int32)


def read_outputs(
    ids: Any, outputs: Any, labels: Any, classes: int, *, probability: bool = True, margin: bool = True
) -> Batch:
    """What is to be kept of a batch.

    Args:
        ids: ``[b]``: text or whole numbers.
        outputs: logits, floating ``[b, classes]``, or predicted classes, integers ``[b]``.
        labels: ``[b]``: numbers of classes; -1 or None where one is not known.
        classes: how many there are.
        probability: whether to keep the softmax of the label.
        margin: whether to keep the label's logit minus the largest other.

    Returns:
        Where the logits have a NaN or no finite largest value, nothing is kept but that they were not numbers. A
        margin that is not finite, as that of a single class, is NaN.

    Raises:
        InputError: the shapes do not fit each other or the classes.
    """
    names = as_ids(ids)
    values = as_array(outputs)
    truth = as_labels(labels, len(names), classes)
    if not names and values.size == 0:
        return Batch((), truth, np.empty(0, np.uint16))
    if values.dtype.kind == "f" and values.ndim == 2:
        if values.shape != (len(names), classes):
            raise InputError(
                f"logits have the shape {values.shape}; {len(names)} images and {classes} classes need "
                f"({len(names)}, {classes}). Classes that come late are made known by add_classes"
            )
        return _of_logits(names, values, truth, probability, margin)
    if values.dtype.kind in "iu" and values.ndim == 1:
        return _of_predictions(names, values, truth, classes)
    raise InputError(
        f"got {values.dtype} of shape {values.shape}: give logits, floating [b, classes], or predicted classes, "
        "integers [b]"
    )


def _of_predictions(ids: tuple[str, ...], values: NDArray[Any], labels: NDArray[np.int32], classes: int) -> Batch:
    if len(values) != len(ids):
        raise InputError(f"{len(values)} predictions for {len(ids)} ids")
    if values.min() < 0 or values.max() >= classes:
        wrong = values[(values < 0) | (values >= classes)][0]
        raise InputError(
            f"the prediction {wrong} is none of the {classes} classes 0 to {classes - 1}; classes that come late are "
            "made known by add_classes"
        )
    return Batch(ids, labels, values.astype(np.uint16))


def _of_logits(
    ids: tuple[str, ...], logits: NDArray[Any], labels: NDArray[np.int32], probability: bool, margin: bool
) -> Batch:
    logits = logits.astype(np.float32) if logits.dtype.itemsize < 4 else logits
    rows = np.arange(len(ids))
    top = logits.argmax(axis=1)  # of a NaN, where there is one
    largest = logits[rows, top]
    usable = np.isfinite(largest)
    predictions = np.where(usable, top, MISSING).astype(np.uint16)
    known = usable & (labels != UNKNOWN)
    own = logits[rows, np.maximum(labels, 0)]
    kept: dict[str, Any] = {}
    with np.errstate(invalid="ignore", over="ignore"):
        if probability:
            total = np.exp(logits - largest[:, None]).sum(axis=1)
            share = np.where(known, np.exp(own - largest) / total, np.nan)
            kept["probability"] = share.astype(np.float16)
        if margin:
            others = logits.copy()
            others[rows, np.maximum(labels, 0)] = -np.inf
            difference = (own - others.max(axis=1)).astype(np.float32)
            kept["margin"] = np.where(known & np.isfinite(difference), difference, np.float32(np.nan))
    return Batch(ids, labels, predictions, **kept)


def check_classes(classes: Iterable[str], most: int) -> tuple[str, ...]:
    """Class names that can be recorded.

    Raises:
        InputError: there are none or too many, or one stands there twice.
    """
    names = (classes,) if isinstance(classes, str) else tuple(map(str, classes))
    if not names:
        raise InputError("there are no classes: give at least one name, in the order of the network's outputs")
    if len(names) > most:
        raise InputError(f"{len(names):,} classes are too many: predictions are kept in 16 bits, for {most:,} at most")
    if len(set(names)) < len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise InputError(f"the class {twice!r} is there twice")
    return names
