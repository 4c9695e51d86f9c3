"""Trials: what was tried and how it did, kept in a file that grows by one line with each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...core.errors import InputError

FILE = "trials.jsonl"
VERSION = 1

#: ``done``; ``pruned``, given up after some images; ``failed``, settings that cannot be used
State = Literal["done", "pruned", "failed"]


@dataclass(frozen=True)
class Trial:
    """One attempt.

    Attributes:
        number: within its part, from 0: the method's defaults.
        part: the image's identity where each image is searched by itself, else empty.
        state: what became of it.
        values: of the dimensions, as they were suggested.
        settings: of the method, but for defaults.
        score: mean over the images that were measured, NaN where none was.
        evaluations: passes per image, the same mean.
        scores: of each image, those that were measured.
        reason: why it failed.
    """

    number: int
    part: str
    state: State
    values: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    score: float = float("nan")
    evaluations: float = float("nan")
    scores: tuple[float, ...] = ()
    reason: str = ""


class TrialFile:
    """The trials of a search on disk. Every line is written through to the disk before the next trial begins.

    Args:
        folder: of the search; it is made where it is not there.
        header: what the search is of; a file of another search is refused.

    Raises:
        InputError: the folder holds another search.
    """

    def __init__(self, folder: Path, header: Mapping[str, Any]):
        self.path = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        wanted = json.loads(json.dumps({"version": VERSION, **header}, allow_nan=False))
        self.trials: list[Trial] = []
        lines = self._whole_lines()
        if not lines:
            self._append(wanted)
            return
        known = json.loads(lines[0])
        if known != wanted:
            other = ", ".join(key for key in wanted if known.get(key) != wanted[key]) or "version"
            raise InputError(f"{folder} holds another search (it differs in: {other}); choose another folder")
        self.trials = [_trial(json.loads(line)) for line in lines[1:]]

    def of(self, part: str) -> list[Trial]:
        """The trials of one part, in their order."""
        return [trial for trial in self.trials if trial.part == part]

    def add(self, trial: Trial) -> None:
        """Keep a trial."""
        entry = asdict(trial)
        for name in ("score", "evaluations"):
            entry[name] = None if entry[name] != entry[name] else entry[name]
        self._append(entry)
        self.trials.append(trial)

    def _whole_lines(self) -> list[str]:
        """The lines there are; what a killed run has left of one is cut off."""
        if not self.path.is_file():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with self.path.open("r+b") as stream:
                stream.truncate(len(whole))
        return whole.decode("utf-8").splitlines()

    def _append(self, entry: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


def _trial(entry: Mapping[str, Any]) -> Trial:
    unknown = {name: float("nan") for name in ("score", "evaluations") if entry[name] is None}
    return Trial(**{**entry, **unknown, "scores": tuple(entry["scores"])})


def front(trials: Iterable[Trial], sign: int = 1) -> list[Trial]:
    """The trials that no other one beats in score without costing more, the cheapest first.

    Args:
        trials: those that are not done are passed over; of equals the first is taken.
        sign: 1 where larger scores are better, else -1.
    """
    done = [trial for trial in trials if trial.state == "done"]
    found: list[Trial] = []
    for trial in sorted(done, key=lambda one: (one.evaluations, -sign * one.score, one.number)):
        if not found or sign * trial.score > sign * found[-1].score:
            found.append(trial)
    return found


def affordable(trials: Sequence[Trial], most: float, sign: int = 1) -> list[Trial]:
    """The trials of the front that cost no more than `most` evaluations, the best first."""
    return sorted((one for one in front(trials, sign) if one.evaluations <= most), key=lambda one: -sign * one.score)
