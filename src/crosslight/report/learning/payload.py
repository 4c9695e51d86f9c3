"""A recorded run as parts of a page: what the scripts of ``web/src/learning/data.ts`` read.

Numbers of many epochs stand epoch by epoch. Predictions of an epoch are written as what differs from the epoch before
(exclusive or), since most stay as they are, and packed; one byte each where there are fewer than 255 classes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dynamics import MISSING, UNKNOWN, History
from ...dynamics.findings import findings
from ..parts import deflated

#: what stands for no prediction where predictions are one byte each
_NO_BYTE = 255
#: margins are kept as they are up to so many numbers, and in half precision beyond
EXACT = 4_000_000
#: facts that tables of the page are too narrow for are cut
_LONGEST = 300


def is_wide(history: History) -> bool:
    """Whether predictions take two bytes each."""
    return len(history.classes) >= _NO_BYTE


def body_of(history: History, places: NDArray[np.int32] | None) -> dict[str, Any]:
    """Predictions, labels and ids of a run.

    Args:
        history: of any number of epochs.
        places: where each image's picture is, -1 for none, ``[images]``; None where there are no pictures.
    """
    labels = np.where(history.labels == UNKNOWN, MISSING, history.labels).astype("<u2")
    return {
        "wide": is_wide(history),
        "predictions": deflated(_differences(_small(history.predictions, len(history.classes))).tobytes()),
        "labels": deflated(labels.tobytes()),
        "ids": deflated(json.dumps(list(history.ids), separators=(",", ":")).encode("utf-8")),
        "places": None if places is None else deflated(places.astype("<i4").tobytes()),
    }


def _small(predictions: NDArray[np.uint16], classes: int) -> NDArray[Any]:
    if classes >= _NO_BYTE:
        return predictions.astype("<u2")
    return np.where(predictions == MISSING, _NO_BYTE, predictions).astype(np.uint8)


def _differences(values: NDArray[Any]) -> NDArray[Any]:
    found = values.copy()
    found[1:] ^= values[:-1]
    return found


def numbers_of(history: History) -> dict[str, str]:
    """Probabilities and margins, packed, as far as they were recorded; by name."""
    found = {}
    if history.probability is not None:
        found["probability"] = planes(history.probability, "<f2")
    if history.margin is not None:
        kind = margin_kind(history)
        found["margin"] = planes(history.margin, "<f2" if kind == "float16" else "<f4")
    return found


def margin_kind(history: History) -> str | None:
    """How margins are written: in half precision where that loses nothing, or where there are very many."""
    if history.margin is None:
        return None
    return "float16" if fits(history.margin) or history.margin.size > EXACT else "float32"


def fits(values: NDArray[np.floating]) -> bool:
    """Whether half precision holds numbers as they are."""
    with np.errstate(over="ignore"):
        return bool(np.array_equal(values.astype(np.float16).astype(np.float32), values, equal_nan=True))


def planes(values: NDArray[np.floating], kind: str) -> str:
    """Numbers as planes of their bytes, packed: all first bytes, then all second ones, and so on."""
    with np.errstate(over="ignore"):
        raw = np.ascontiguousarray(values).astype(kind)
    return deflated(raw.view(np.uint8).reshape(raw.size, raw.itemsize).T.tobytes())


def metrics_of(history: History) -> dict[str, list[float | None]]:
    """Metrics by name, one number an epoch; None where one is missing or not finite."""
    return {
        name: [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.tolist()]
        for name, values in history.metrics.items()
    }


def head_of(history: History, label: str, pictures: Mapping[str, Any] | None, live: str | None) -> dict[str, Any]:
    """What a page knows of a run before it is looked at.

    Args:
        history: of any number of epochs.
        label: what the run is called.
        pictures: how its small pictures are laid out, with what is not shown and why; None where there are none.
        live: folder of what is added while training runs, relative to the page.
    """
    rounded = margin_kind(history) == "float16" and history.margin is not None and not fits(history.margin)
    return {
        "label": label,
        "classes": list(history.classes),
        "images": len(history.ids),
        "epochs": history.epochs.tolist(),
        "metrics": metrics_of(history),
        "facts": facts_of(history),
        "findings": findings_of(history),
        "remarks": list(history.remarks),
        "probability": history.probability is not None,
        "margin": margin_kind(history),
        "note": "Margins are kept here in half precision, three digits." if rounded else "",
        "pictures": pictures,
        "live": live,
    }


def findings_of(history: History) -> list[dict[str, Any]]:
    """What a history says, as the page tells it; images by their column."""
    if not len(history.epochs):
        return []
    found = findings(history)
    wanted = {name for one in found for name in one.images}
    column = {name: at for at, name in enumerate(history.ids) if name in wanted}
    return [
        {"head": one.head, "text": one.text, "warns": one.warns, "images": [column[name] for name in one.images]}
        for one in found
    ]


def facts_of(history: History) -> list[tuple[str, str]]:
    """What was trained and how, as pairs of short texts."""
    found: list[tuple[str, str]] = []

    def add(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, one in value.items():
                add(f"{name} {key}".strip(), one)
        elif isinstance(value, str | int | float | bool) or value is None:
            text = "–" if value is None else str(value)
            found.append((name, text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"))

    add("", history.facts)
    return found
