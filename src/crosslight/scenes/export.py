"""Scenes as files: an image folder with masks, and Parquet as Hugging Face `datasets` writes it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError, UnknownNameError
from ..core.progress import Progress, Silent
from .broden import write_broden
from .concepts import CLASSES, CONCEPTS
from .render import Scene, scene

Format = Literal["folder", "broden", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
MASKS = ("object", "part", "color", "material")
_ROWS = 100  # of a Parquet row group, as `datasets` writes images


def export_scenes(
    out: Path,
    count: int,
    *,
    format: str = "folder",
    split: str = "train",
    seed: int = 0,
    variant: str = "clean",
    size: int = 96,
    progress: Progress | None = None,
) -> Path:
    """Write the first `count` scenes of a split.

    Args:
        out: a folder that is empty or not there yet.
        count: how many.
        format: ``folder``, ``broden`` or ``parquet``.
        split: see `scene`.
        seed: see `scene`.
        variant: see `scene`.
        size: height and width in pixels.
        progress: who is told.

    Returns:
        What `open_images` reads: the folder of pictures, or the Parquet file.

    Raises:
        InputError: there is no such format, split or variant, or the folder is not empty.
    """
    if format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    if count < 1:
        raise InputError(f"write at least one scene, not {count}")
    scene(0, split=split, seed=seed, variant=variant, size=size)  # a wrong name is told before anything is written
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: is there already; name a folder that is empty or not there yet")
    out.mkdir(parents=True, exist_ok=True)
    told = progress or Silent()
    told.start(count, "scenes")

    def made() -> Iterator[Scene]:
        for index in range(count):
            yield scene(index, split=split, seed=seed, variant=variant, size=size)
            told.advance(1, "scenes")

    try:
        if format == "folder":
            return _write_folder(out, made())
        if format == "broden":
            return write_broden(out, made(), split)
        return _write_parquet(out, made(), count, split)
    finally:
        told.finish()


def png(array: NDArray[np.uint8], palette: bool = False) -> bytes:
    """A PNG file: of a picture ``[h, w, 3]``, or of numbers ``[h, w]``, shown in colours where `palette` is set."""
    image = Image.fromarray(array)
    if palette:
        image.putpalette(_palette())
    file = BytesIO()
    image.save(file, "PNG", compress_level=6)
    return file.getvalue()


def ppm(array: NDArray[np.uint8]) -> bytes:
    """A PPM file of a picture ``[h, w, 3]``: the same bytes whatever encoders are installed."""
    height, width = array.shape[:2]
    return f"P6 {width} {height} 255\n".encode() + array.tobytes()


def _palette() -> bytes:
    """Colours that tell numbers of concepts apart; black is none."""
    return bytes(3) + bytes(64 + level * 191 // 255 for level in Random("concepts").randbytes(3 * 255))


def facts_of(made: Scene) -> dict[str, Any]:
    """What is known of a scene besides its pixels, as JSON holds it."""
    facts = made.facts
    return {
        "class": CLASSES[made.label],
        "scene": facts.place,
        "caption": made.caption,
        "colour": facts.colour,
        "floats": facts.floats,
        "front": list(facts.front),
        "visible": round(facts.visible, 4),
        "thing_box": list(facts.thing_box.as_tuple()),
        "mark": facts.mark,
        "evidence_box": list(facts.evidence_box.as_tuple()),
    }


def concept_table() -> list[dict[str, Any]]:
    """All concepts, as JSON holds them."""
    return [{"number": c.number, "name": c.name, "category": c.category} for c in CONCEPTS]


def _masks(made: Scene) -> dict[str, bytes]:
    """PNG files of each category's numbers, and of the evidence (255 is evidence)."""
    files = {}
    for category in MASKS:
        files[category] = png(np.asarray(made.labels[category]).astype(np.uint8), palette=True)
    files["evidence"] = png(made.facts.evidence.astype(np.uint8) * 255)
    return files


def _write_folder(out: Path, made: Iterator[Scene]) -> Path:
    """``images/CLASS/000000.png``, ``masks/CATEGORY/CLASS/000000.png``, ``scenes.csv`` and ``concepts.json``."""
    rows = []
    for index, one in enumerate(made):
        name = f"{CLASSES[one.label]}/{index:06d}.png"
        _write(out / "images" / name, png(one.image))
        for category, data in _masks(one).items():
            _write(out / "masks" / category / name, data)
        rows.append({"path": f"images/{name}"} | {k: _cell(v) for k, v in facts_of(one).items()})
    with (out / "scenes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (out / "concepts.json").write_text(json.dumps(concept_table(), indent=1), encoding="utf-8")
    return out / "images"


def _cell(value: Any) -> Any:
    """A value in a table; lists are joined by semicolons."""
    return ";".join(str(item) for item in value) if isinstance(value, list) else "" if value is None else value


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_parquet(out: Path, made: Iterator[Scene], count: int, split: str) -> Path:
    """``SPLIT-00000-of-00001.parquet`` with ``classes.json`` and ``concepts.json`` beside it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    masks = [*MASKS, "evidence"]
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    features["label"] = {"names": list(CLASSES), "_type": "ClassLabel"}
    features |= {name: {"dtype": "string", "_type": "Value"} for name in ("scene", "caption")}
    features |= {f"{name}_mask": {"_type": "Image"} for name in masks}
    schema = pa.schema(
        [("image", image), ("label", pa.int64()), ("scene", pa.string()), ("caption", pa.string())]
        + [(f"{name}_mask", image) for name in masks],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    path = out / f"{split}-00000-of-00001.parquet"
    rows: list[dict[str, Any]] = []
    with pq.ParquetWriter(path, schema) as writer:
        for index, one in enumerate(made):
            name = f"{index:06d}.png"
            row = {"image": {"bytes": png(one.image), "path": name}, "label": one.label}
            row |= {"scene": one.facts.place, "caption": one.caption}
            row |= {f"{key}_mask": {"bytes": data, "path": f"{key}-{name}"} for key, data in _masks(one).items()}
            rows.append(row)
            if len(rows) == _ROWS or index == count - 1:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows = []
    (out / "classes.json").write_text(json.dumps(list(CLASSES), indent=1), encoding="utf-8")
    (out / "concepts.json").write_text(json.dumps(concept_table(), indent=1), encoding="utf-8")
    return path
