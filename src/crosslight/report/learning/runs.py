"""The runs of a page: their parts, with small pictures that runs of the same images share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.progress import Progress, Silent
from ...dynamics import History
from ..parts import write_part
from .payload import body_of, head_of, numbers_of
from .sheets import Sheets, write_sheets

#: small pictures of one set of images: in a folder, and in a single file
PICTURES, PICTURES_IN_FILE = 10_000, 1_000


@dataclass(frozen=True)
class Learned:
    """What the template of the view is given.

    Attributes:
        labels: what each run is called, no two alike.
        heads: what the page knows of each run at once.
        notes: what could not be shown, in words.
    """

    labels: tuple[str, ...]
    heads: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()


def label_of(history: History, otherwise: str) -> str:
    """What a run is called: its label, or the model that was trained."""
    facts = history.facts
    return str(facts.get("label") or facts.get("model") or otherwise)


def write_learning(
    folder: Path,
    runs: Sequence[tuple[str, History]],
    *,
    pictures: int = PICTURES,
    live: bool = False,
    base: Path | None = None,
    progress: Progress | None = None,
) -> Learned:
    """Write the parts of the view.

    Args:
        folder: of the page's assets.
        runs: name and history of each.
        pictures: small pictures of one set of images, at most.
        live: whether what is added while training runs will lie in ``live/<number>`` beside the page.
        base: the folder that relative sources of pictures start from.
        progress: told of what is written.
    """
    progress = progress or Silent()
    labels = _distinct([label for label, _ in runs])
    sheets = _shared_sheets(folder, [history for _, history in runs], pictures, base, progress)
    heads = []
    progress.start(len(runs), "runs")
    for number, (label, (_, history)) in enumerate(zip(labels, runs, strict=True)):
        name, own = sheets[number]
        layout = None if own.layout is None else {**own.layout, "part": name}
        head = head_of(history, label, layout, f"live/{number}" if live else None)
        if own.layout is None and own.note:
            head["note"] = f"{head['note']} {own.note}".strip()
        write_part(folder, f"learning-{number}", body_of(history, own.places))
        for kind, packed in numbers_of(history).items():
            write_part(folder, f"learning-{number}-{kind}", {"bytes": packed})
        heads.append(head)
        progress.advance(1, f"run: {label}")
    progress.finish()
    write_part(folder, "learning", {"runs": heads})
    return Learned(labels, tuple(heads))


def _shared_sheets(
    folder: Path, histories: Sequence[History], limit: int, base: Path | None, progress: Progress
) -> list[tuple[str, Sheets]]:
    """Name and sheets for each run; those of the same images are written once."""
    keys = [(str(history.facts.get("images")), history.ids) for history in histories]
    written: dict[tuple[str, tuple[str, ...]], tuple[str, Sheets]] = {}
    for number, key in enumerate(keys):
        if key not in written:
            own = [history for history, other in zip(histories, keys, strict=True) if other == key]
            name = f"learning-sheet-{number}"
            written[key] = (name, write_sheets(folder, name, own, limit=limit, base=base, progress=progress))
    return [written[key] for key in keys]


def _distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels with a number behind those that are there twice."""
    counts, seen = Counter(labels), Counter[str]()
    made = []
    for label in labels:
        seen[label] += 1
        made.append(f"{label} ({seen[label]})" if counts[label] > 1 else label)
    return tuple(made)
