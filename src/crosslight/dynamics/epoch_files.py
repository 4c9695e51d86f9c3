"""The files of finished epochs, images and metrics: written whole or by the line, read without pickle."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError, StoreError
from ..store.durable import reported
from .merging import Epoch, Instances
from .remarks import Remark

#: what reading a damaged file raises
_DAMAGE = (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error)


def epoch_bytes(epoch: Epoch) -> bytes:
    """An epoch as a compressed NPZ file, the same bytes for the same epoch."""
    arrays: dict[str, Any] = {"predictions": epoch.predictions}
    for name in ("probability", "margin"):
        if (values := getattr(epoch, name)) is not None:
            arrays[name] = values
    if epoch.remarks:
        told = json.dumps([asdict(one) for one in epoch.remarks]).encode()
        arrays["remarks"] = np.frombuffer(told, np.uint8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(values), allow_pickle=False)
            # NumPy would write the time of day, by which equal epochs would differ
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def read_epoch(path: Path, number: int) -> Epoch:
    """A finished epoch.

    Raises:
        StoreError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            told = json.loads(arrays["remarks"].tobytes()) if "remarks" in arrays else []
            predictions = np.asarray(arrays["predictions"], np.uint16)
            others = {name: arrays[name] for name in ("probability", "margin") if name in arrays}
    except _DAMAGE as error:
        raise StoreError(f"{path} is damaged: {error}") from error
    if predictions.ndim != 1 or any(values.shape != predictions.shape for values in others.values()):
        raise StoreError(f"{path} is damaged: its columns are not of one length")
    remarks = tuple(Remark(one["kind"], number, one["count"], tuple(one["ids"])) for one in told)
    return Epoch(number, predictions, others.get("probability"), others.get("margin"), remarks)


def instances_bytes(instances: Instances) -> bytes:
    """Ids and labels as JSON."""
    return json.dumps(
        {"ids": instances.ids, "labels": instances.labels.tolist()}, ensure_ascii=False, separators=(",", ":")
    ).encode()


def read_instances(path: Path) -> Instances:
    """Ids and labels; none where there is no file yet.

    Raises:
        StoreError: the file is damaged.
    """
    if not path.is_file():
        return Instances()
    try:
        found = json.loads(path.read_bytes())
        instances = Instances(tuple(found["ids"]), np.array(found["labels"], np.int32))
    except _DAMAGE as error:
        raise StoreError(f"{path} is damaged: {error}") from error
    if len(instances.ids) != len(instances.labels):
        raise StoreError(f"{path} is damaged: {len(instances.ids)} ids, {len(instances.labels)} labels")
    return instances


def read_manifest(path: Path) -> dict[str, Any] | None:
    """What ``history.json`` says; None where there is none.

    Raises:
        StoreError: it is damaged.
    """
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_bytes())
        if not isinstance(found["version"], int):
            raise ValueError("its version is no number")
        return {**found, "classes": tuple(found["classes"])}
    except _DAMAGE as error:
        raise StoreError(f"{path} is damaged: {error}") from error


def check_metrics(metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """Metrics as JSON keeps them: what is not finite becomes None.

    Raises:
        InputError: one is no number.
    """
    kept: dict[str, float | None] = {}
    for name, value in metrics.items():
        if name == "epoch":
            raise InputError("a metric cannot be called 'epoch', which says where it was measured")
        try:
            number = math.nan if value is None else float(value)
        except (TypeError, ValueError) as error:
            raise InputError(f"the metric {name!r} is no number but {value!r}") from error
        kept[str(name)] = number if math.isfinite(number) else None
    return kept


def append_metrics(path: Path, epoch: int, metrics: Mapping[str, float | None]) -> None:
    """Add a line to the metrics; a torn line before it stays by itself."""
    line = json.dumps({"epoch": epoch, **metrics}) + "\n"
    with reported(f"cannot write {path}"), path.open("ab+", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            if file.read(1) != b"\n":
                line = "\n" + line
        file.write(line.encode())


def read_metrics(path: Path) -> tuple[dict[int, dict[str, float]], int]:
    """Metrics by epoch and name, later lines before earlier ones, and how many whole lines could not be read.

    The last line may still be being written, and is not counted.
    """
    found: dict[int, dict[str, float]] = {}
    damaged = 0
    lines = path.read_bytes().split(b"\n") if path.is_file() else []
    for at, line in enumerate(lines):
        try:
            if not line:
                continue
            values = json.loads(line)
            epoch = int(values.pop("epoch"))
            numbers = {name: math.nan if value is None else float(value) for name, value in values.items()}
            found.setdefault(epoch, {}).update(numbers)
        except (ValueError, KeyError, TypeError, AttributeError):
            damaged += at < len(lines) - 1
    return found, damaged
