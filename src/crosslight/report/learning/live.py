"""What a page follows while training runs: a script for every epoch, and one that says which there are.

A page that is open from the disk may not read files, but it may add scripts. It asks for ``latest.js`` again and again,
and for ``epoch-00007.js`` once. Each is put in place in one step, so that no page meets half of one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ...core.errors import StoreError
from ...dynamics import History, open_history, stamp
from ...dynamics.layout import MANIFEST, history_folder
from ..parts import deflated, json_text
from ..writing import replace_file
from .payload import findings_of, metrics_of, planes

State = Literal["training", "finished", "stopped"]
#: what a training writes when it is done, beside its history
_ACCOUNT = "training.json"


@dataclass
class LiveFolder:
    """What lies beside a page of one run.

    Attributes:
        folder: of the scripts.
        kind: how the page expects margins, as `margin_kind` says; None for none.
        probability: whether it expects probabilities.
        written: epochs that have a script.
    """

    folder: Path
    kind: str | None = None
    probability: bool = False
    written: set[int] = field(default_factory=set)
    _found: tuple[tuple[int, ...], list[dict[str, Any]]] = field(default=((), []), repr=False)

    def write(self, history: History, state: State, words: str) -> None:
        """Write what is new.

        Args:
            history: finished epochs.
            state: of the training, as far as is known.
            words: what the page says of it, a sentence.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for at, number in enumerate(history.epochs.tolist()):
            if number not in self.written:
                self._put(f"epoch-{number:05d}", f"epoch-{number}", self._epoch(history, at, number))
                self.written.add(number)
        epochs = tuple(history.epochs.tolist())
        if epochs != self._found[0]:
            self._found = (epochs, findings_of(history))
        told = {
            "epochs": epochs,
            "images": len(history.ids),
            "metrics": metrics_of(history),
            "findings": self._found[1],
            "remarks": list(history.remarks),
            "state": state,
            "words": words,
        }
        self._put("latest", "latest", told)

    def _epoch(self, history: History, at: int, number: int) -> dict[str, Any]:
        def row(values: Any, kind: str) -> str | None:
            return None if values is None else planes(values[at], kind)

        return {
            "epoch": number,
            "predictions": deflated(history.predictions[at].astype("<u2").tobytes()),
            "probability": row(history.probability, "<f2") if self.probability else None,
            "margin": row(history.margin, "<f2" if self.kind == "float16" else "<f4") if self.kind else None,
        }

    def _put(self, file: str, name: str, value: Any) -> None:
        text = f"crosslight.part({json.dumps(name)},{json_text(value)});\n"
        replace_file(self.folder / f"{file}.js", text.encode("ascii"))


@dataclass(frozen=True)
class Look:
    """What a look at a run has found.

    Attributes:
        history: its finished epochs.
        state: of the training.
        words: what is to be said of it.
    """

    history: History
    state: State
    words: str


def look(path: Path) -> Look | None:
    """What there is of a run now; None where nothing is recorded yet."""
    if not (history_folder(path) / MANIFEST).is_file():
        return None
    whole = open_history(path, unfinished=True)
    begun = next((one for one in whole.remarks if one.startswith("Epoch ") and one.endswith("so far.")), "")
    history = _without(whole, int(begun.split(" ")[1])) if begun else whole
    planned = _planned(history)
    count = len(history.epochs)
    done = is_finished(path) or 0 < planned <= count
    state: State = "finished" if done else "training"
    of = f" of {planned}" if planned and state == "training" else ""
    recorded = f"{count}{of} epoch is recorded." if count == 1 and not of else f"{count}{of} epochs are recorded."
    words = f"Training: {recorded}"
    if state == "finished":
        words = f"Training is finished: {recorded}"
    elif begun:
        words += f" {begun.replace(' is unfinished', '')}"
    return Look(history, state, words)


def is_finished(path: Path) -> bool:
    """Whether a training says that it is done, which ``crosslight train`` does."""
    try:
        told = json.loads((history_folder(path).parent / _ACCOUNT).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("status") == "done"


def _planned(history: History) -> int:
    recipe = history.facts.get("recipe")
    planned = (recipe.get("epochs") if isinstance(recipe, dict) else None) or history.facts.get("epochs")
    return planned if isinstance(planned, int) else 0


def _without(history: History, number: int) -> History:
    kept = history.epochs != number
    return replace(
        history,
        epochs=history.epochs[kept],
        predictions=history.predictions[kept],
        probability=None if history.probability is None else history.probability[kept],
        margin=None if history.margin is None else history.margin[kept],
        metrics={name: np.asarray(values)[kept] for name, values in history.metrics.items()},
        remarks=tuple(one for one in history.remarks if not one.startswith(f"Epoch {number} is unfinished")),
    )


def watch(
    paths: Sequence[Path],
    *,
    every: float = 1.0,
    patience: float = float("inf"),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[int, Look]]:
    """Look at runs again and again; number and look, whenever one has changed.

    Args:
        paths: folders of runs.
        every: seconds between two looks.
        patience: seconds without any change after which it ends; it also ends when all runs are finished.
        sleep: waits.
    """
    stamps = [""] * len(paths)
    finished: set[int] = set()
    changed = time.monotonic()
    while len(finished) < len(paths) and time.monotonic() - changed <= patience:
        for number, path in enumerate(paths):
            now = f"{stamp(path)} {is_finished(path)}"
            if now == stamps[number] or number in finished:
                continue
            try:
                seen = look(path)
            except StoreError:
                continue  # a file that is being put in place; the next look sees it
            if seen is None:
                continue
            stamps[number], changed = now, time.monotonic()
            if seen.state == "finished":
                finished.add(number)
            yield number, seen
        sleep(every)
