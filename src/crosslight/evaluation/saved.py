"""Scores kept in a study's folder, so that its report can show them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from ..store import Store
from ..store.durable import make_folder, write_files
from ..store.layout import PARTIAL, read_json
from .probed import Probed
from .rankings import Rankings
from .scorecard import Scorecard

FILE, FORMAT, VERSION = "scores.json", "crosslight-scores", 1

T = TypeVar("T", Scorecard, Probed, Rankings)


def save_scores(
    card: Scorecard | None, store: Store, probes: Probed | None = None, ranking: Rankings | None = None
) -> Path:
    """Write results into ``OUT/scores.json``; the file is there complete, or as it was before.

    What is None is left as it is in the file.

    Args:
        card: scores against masks, written without the scores of every image.
        store: of the study that was scored.
        probes: what probing found, written without the values of every image.
        ranking: how the metrics of both rank the methods.

    Returns:
        The file.

    Raises:
        StoreError: it cannot be written.
    """
    path = store.path / FILE
    parts = {"localisation": card, "probes": probes, "rankings": ranking}
    content = (_content(store) or {"format": FORMAT, "version": VERSION}) | {
        name: part.to_dict() for name, part in parts.items() if part is not None
    }
    make_folder(store.path / PARTIAL)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_files({path: (text + "\n").encode("utf-8", "backslashreplace")}, store.path / PARTIAL)
    return path


def saved_scores(store: Store) -> Scorecard | None:
    """The card kept with a store; None where there is none that this version can read."""
    return _saved(store, "localisation", Scorecard)


def saved_probes(store: Store) -> Probed | None:
    """What probing found, as kept with a store; None where there is nothing that this version can read."""
    return _saved(store, "probes", Probed)


def saved_rankings(store: Store) -> Rankings | None:
    """The rankings kept with a store; None where there are none that this version can read."""
    return _saved(store, "rankings", Rankings)


def _saved(store: Store, name: str, kind: type[T]) -> T | None:
    content = _content(store)
    try:
        return None if content is None else kind.from_dict(content[name])
    except (KeyError, TypeError, ValueError):
        return None


def is_current(card: Scorecard | Probed, store: Store) -> bool:
    """Whether a card is of the maps that the store holds now; probing may have been of some of them."""
    now = tuple((one.model, one.key, len(one.done)) for one in store.map_sets())
    return card.sets == now if isinstance(card, Scorecard) else set(card.sets) <= set(now)


def _content(store: Store) -> dict[str, Any] | None:
    """What is in the file, where there is one that this version can read."""
    content = read_json(store.path / FILE)
    if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
        return None
    return content
