"""The JSON format of InstanceFlow, written and read.

``labels`` are the class names; ``instances`` have ``id``, ``actual`` (a class number) and ``image`` (an address);
``epochs`` have ``id`` and ``classifications``, a class number for each instance. The format has no place for what is
not known: its viewer shows the number after the last class as "Other", which is what stands here for a missing label
or prediction.

Source: Pühringer, Hinterreiter and Streit, InstanceFlow, IEEE VIS 2020, arXiv:2007.11353.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .history import MISSING, UNKNOWN, History
from .layout import MOST_CLASSES


def to_instanceflow(history: History, image: Callable[[str], str] | None = None) -> dict[str, Any]:
    """A history in InstanceFlow's format.

    Probabilities, margins, metrics and facts have no place in it.

    Args:
        history: with one image and one epoch at least, as the format asks for.
        image: the address of an image from its id; by default the id.

    Raises:
        InputError: there is no image or no epoch.
    """
    if not history.ids or not len(history.epochs):
        raise InputError("InstanceFlow's format needs one image and one epoch at least")
    other = len(history.classes)
    address = image or (lambda name: name)
    actual = np.where(history.labels == UNKNOWN, other, history.labels).tolist()
    said = np.where(history.predictions == MISSING, other, history.predictions)
    return {
        "labels": list(history.classes),
        "instances": [
            {"id": name, "actual": label, "image": address(name)}
            for name, label in zip(history.ids, actual, strict=True)
        ],
        "epochs": [
            {"id": str(epoch), "classifications": row.tolist()}
            for epoch, row in zip(history.epochs.tolist(), said, strict=True)
        ],
    }


def write_instanceflow(history: History, path: str | Path, image: Callable[[str], str] | None = None) -> Path:
    """Write a history in InstanceFlow's format; see `to_instanceflow`.

    Returns:
        The file.
    """
    target = Path(path)
    content = json.dumps(to_instanceflow(history, image), ensure_ascii=False, separators=(",", ":"))
    target.write_text(content + "\n", encoding="utf-8")
    return target


def read_instanceflow(path: str | Path) -> History:
    """Read a file in InstanceFlow's format.

    Returns:
        Addresses of images are in the fact ``addresses``, in the order of the ids, where they differ from them.

    Raises:
        InputError: the file is not there, or not in the format; the message says where.
    """
    try:
        found = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path} is no JSON file: {error}") from error
    try:
        return from_instanceflow(found)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def from_instanceflow(found: Any) -> History:
    """A history from InstanceFlow's format.

    Raises:
        InputError: it is not in the format; the message says where.
    """
    if not isinstance(found, Mapping):
        raise InputError("InstanceFlow's format is an object with labels, instances and epochs")
    classes, instances, epochs = (_list(found, name) for name in ("labels", "instances", "epochs"))
    if not classes or len(classes) > MOST_CLASSES:
        raise InputError(f"labels: {len(classes)} classes; there are 1 to {MOST_CLASSES:,}")
    for at, one in enumerate(instances):
        if not isinstance(one, Mapping) or not {"id", "actual"} <= one.keys():
            raise InputError(f"instances[{at}] needs id and actual")
    ids = tuple(str(one["id"]) for one in instances)
    if len(set(ids)) < len(ids):
        raise InputError("instances: an id is there twice")
    labels = _numbers([one["actual"] for one in instances], "instances: actual", len(classes))
    rows = []
    for at, one in enumerate(epochs):
        where = f"epochs[{at}]"
        if not isinstance(one, Mapping) or "classifications" not in one:
            raise InputError(f"{where} needs id and classifications")
        row = _numbers(one["classifications"], f"{where}: classifications", len(classes))
        if len(row) != len(ids):
            raise InputError(f"{where} has {len(row)} classifications for {len(ids)} instances")
        rows.append(np.where(row == len(classes), MISSING, row).astype(np.uint16))
    numbers, remarks = _epochs([one.get("id") for one in epochs])
    order = np.argsort(numbers, kind="stable")
    addresses = [str(one.get("image", "")) for one in instances]
    return History(
        classes=tuple(map(str, classes)),
        ids=ids,
        labels=np.where(labels == len(classes), UNKNOWN, labels).astype(np.int32),
        epochs=numbers[order].astype(np.int32),
        predictions=np.array(rows, np.uint16).reshape(len(rows), len(ids))[order],
        facts={} if addresses == list(ids) else {"addresses": addresses},
        remarks=remarks,
    )


def _list(found: Mapping[str, Any], name: str) -> list[Any]:
    if not isinstance(found.get(name), list):
        raise InputError(f"InstanceFlow's format needs a list called {name}")
    return list(found[name])


def _numbers(values: Any, where: str, classes: int) -> NDArray[np.int64]:
    """Class numbers, up to the one that stands for none."""
    if not isinstance(values, list) or not all(type(one) is int for one in values):
        raise InputError(f"{where}: class numbers are whole numbers")
    wrong = next((one for one in values if not 0 <= one <= classes), None)
    if wrong is not None:
        raise InputError(f"{where}: {wrong} is no class; there are 0 to {classes - 1}, and {classes} for none of them")
    return np.array(values, np.int64)


def _epochs(names: Sequence[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Epochs by number; by their place where a name is no number or one is there twice."""
    texts = [str(name) for name in names]
    if all(text.isdecimal() for text in texts) and len({int(text) for text in texts}) == len(texts):
        return np.array([int(text) for text in texts], np.int64), ()
    told = "The epochs' names are not all different whole numbers; they are numbered by their place, from 0."
    return np.arange(len(texts)), (told,)
