"""Scores kept in a study's folder, so that its report can show them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..store import Store
from ..store.durable import make_folder, write_files
from ..store.layout import PARTIAL, read_json
from .scorecard import Scorecard

FILE, FORMAT, VERSION = "scores.json", "crosslight-scores", 1


def save_scores(card: Scorecard, store: Store) -> Path:
    """Write a card into ``OUT/scores.json``; the file is there complete, or as it was before.

    Args:
        card: what to write, without the scores of every image.
        store: of the study that was scored.

    Returns:
        The file.

    Raises:
        StoreError: it cannot be written.
    """
    path = store.path / FILE
    content = (_content(store) or {"format": FORMAT, "version": VERSION}) | {"localisation": card.to_dict()}
    make_folder(store.path / PARTIAL)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_files({path: (text + "\n").encode("utf-8", "backslashreplace")}, store.path / PARTIAL)
    return path


def saved_scores(store: Store) -> Scorecard | None:
    """The card kept with a store; None where there is none that this version can read."""
    content = _content(store)
    try:
        return None if content is None else Scorecard.from_dict(content["localisation"])
    except (KeyError, TypeError, ValueError):
        return None


def is_current(card: Scorecard, store: Store) -> bool:
    """Whether a card is of the maps that the store holds now."""
    return card.sets == tuple((one.model, one.key, len(one.done)) for one in store.map_sets())


def _content(store: Store) -> dict[str, Any] | None:
    """What is in the file, where there is one that this version can read."""
    content = read_json(store.path / FILE)
    if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
        return None
    return content
