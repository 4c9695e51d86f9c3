"""Small pictures of the images of a run, many on a sheet: whoever looks at some loads the sheets that they are on."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import CrosslightError, ImageError
from ...core.progress import Progress
from ...dynamics import UNKNOWN, History, measure_all
from ..parts import write_part

#: pictures side by side on a sheet, and on all of it
ACROSS, PER = 16, 256
#: sides of small pictures, in pixels: whole blocks of JPEG, so that neighbours do not run into each other
SIDES = (32, 48, 64)
#: more pictures than these are not as large as they could be
MANY = 3_000
_QUALITY = 84
#: share of the pictures, where not all are shown, that goes to the images that were learned worst
_WORST = 0.6
#: an embedded scene is drawn anew for its picture, which takes this many times as long as reading a file
SCENES_LIMIT = 320

Load = Callable[[], Image.Image]


@dataclass(frozen=True)
class Sheets:
    """Pictures that were written.

    Attributes:
        places: of each image's picture, -1 for none, int32 ``[images]``.
        layout: what the page has to know of the sheets; None where there is no picture.
        note: what is not shown, and why; may be empty.
    """

    places: NDArray[np.int32] | None
    layout: Mapping[str, Any] | None
    note: str


def loaders_of(history: History, base: Path | None = None) -> tuple[dict[str, Load], str]:
    """How to load the picture of an image, by its id, and why there is none.

    Args:
        history: whose fact ``images`` names the source; its images are called as the ids are.
        base: the folder that a relative source starts from.
    """
    source = history.facts.get("images")
    if not source:
        return {}, "It is not recorded where the pictures are."
    from ...images import open_images  # imports PyTorch, which a run without pictures does not need
    from ...images.embedded import list_scenes

    try:
        if str(source).startswith("scenes"):
            found: dict[str, Load] = {entry.name: _scene(entry.content) for entry in list_scenes(str(source))}
        else:
            records = open_images(str(source), base=base)
            found = {record.identity: record.load for record in records}
            found |= {record.name: record.load for record in records}
    except CrosslightError as error:
        return {}, f"The pictures cannot be shown: {error}"
    known = {name: found[name] for name in history.ids if name in found}
    return known, "" if known else f"None of the images is called like a picture in {source}."


def _scene(content: Any) -> Load:
    from ...images import decode

    return lambda: decode(content.read())


def chosen(histories: Sequence[History], known: Mapping[str, Load], limit: int) -> NDArray[np.int64]:
    """Columns of the images that are shown, most of them those that were learned worst, the others spread evenly.

    Args:
        histories: runs of the same images, one or more.
        known: the images that have a picture, by id.
        limit: how many may be shown.
    """
    history = histories[0]
    there = np.array([at for at, name in enumerate(history.ids) if name in known], np.int64)
    if len(there) <= limit:
        return there
    trouble = np.zeros(len(there))
    for one in histories:  # the worst of any run
        measured = measure_all(one, names=("misclassification", "frequency"))
        wrong = (one.predictions[-1:] != one.labels).any(axis=0) & (one.labels != UNKNOWN)
        found = wrong + sum(np.nan_to_num(values) for values in measured.values())
        trouble = np.maximum(trouble, found[there])
    order = there[np.argsort(-trouble, kind="stable")]
    worst, others = order[: int(_WORST * limit)], np.sort(order[int(_WORST * limit) :])
    labels = history.labels[others]
    others = others[np.argsort(np.where(labels == UNKNOWN, len(history.classes), labels), kind="stable")]
    even = others[np.linspace(0, len(others) - 1, limit - len(worst)).round().astype(np.int64)]
    return np.unique(np.concatenate([worst, even]))


def write_sheets(
    folder: Path,
    name: str,
    histories: Sequence[History],
    *,
    limit: int,
    base: Path | None = None,
    progress: Progress,
) -> Sheets:
    """Write the sheets of runs of the same images.

    Args:
        folder: of the page's assets.
        name: of the parts, before the number of each.
        histories: of the runs, one or more.
        limit: pictures at most; 0 for none.
        base: the folder that a relative source starts from.
        progress: told of every sheet.
    """
    history = histories[0]
    if not history.ids or limit < 1:
        return Sheets(None, None, "")
    known, why = loaders_of(history, base)
    if not known:
        return Sheets(None, None, why)
    if str(history.facts.get("images")).startswith("scenes"):
        limit = min(limit, SCENES_LIMIT)
    columns = chosen(histories, known, limit)
    pictures, failed = _pictures([known[history.ids[at]] for at in columns.tolist()], progress)
    kept = [at for at, picture in enumerate(pictures) if picture is not None]
    if not kept:
        return Sheets(None, None, f"None of the pictures can be read: {failed}")
    places = np.full(len(history.ids), -1, np.int32)
    places[columns[kept]] = np.arange(len(kept), dtype=np.int32)
    side = max(picture.width for picture in pictures if picture is not None)
    for number, first in enumerate(range(0, len(kept), PER)):
        sheet = _sheet([pictures[at] for at in kept[first : first + PER]], side)
        write_part(folder, f"{name}-{number}", {"jpeg": base64.b64encode(sheet).decode("ascii")})
    note = ""
    if len(kept) < len(history.ids):
        note = f"{len(kept):,} of {len(history.ids):,} images have a picture here"
        if len(known) > limit:
            note += ": those that were learned worst, and some of every class"
        note += "."
    layout = {"side": side, "across": ACROSS, "per": PER, "shown": len(kept), "note": note}
    return Sheets(places, layout, note)


def _pictures(loads: Sequence[Load], progress: Progress) -> tuple[list[Image.Image | None], str]:
    """Small square pictures, all of one side; None where one cannot be read."""
    found: list[Image.Image | None] = []
    side, failed = 0, ""
    progress.start(-(-len(loads) // PER), "pictures")
    for number, load in enumerate(loads):
        try:
            picture = load()
            if not side:
                fitting = [one for one in SIDES[: 2 if len(loads) > MANY else 3] if one <= max(picture.size)]
                side = fitting[-1] if fitting else SIDES[0]
            found.append(_small(picture, side))
        except ImageError as error:
            found.append(None)
            failed = failed or str(error)
        if number % PER == PER - 1 or number == len(loads) - 1:
            progress.advance(1, "pictures")
    progress.finish()
    return found, failed


def _small(picture: Image.Image, side: int) -> Image.Image:
    """The middle of a picture, as a square."""
    width, height = picture.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    method = Image.Resampling.NEAREST if edge <= side and side % edge == 0 else Image.Resampling.LANCZOS
    return picture.convert("RGB").resize((side, side), method, box=(left, top, left + edge, top + edge))


def _sheet(pictures: Sequence[Image.Image | None], side: int) -> bytes:
    rows = -(-len(pictures) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * side, rows * side), (128, 128, 128))
    for at, picture in enumerate(pictures):
        if picture is not None:
            sheet.paste(picture, (at % ACROSS * side, at // ACROSS * side))
    content = io.BytesIO()
    sheet.save(content, "JPEG", quality=_QUALITY, subsampling=0)
    return content.getvalue()
