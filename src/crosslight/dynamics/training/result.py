"""What a training leaves behind: an account of it, and a study of the trained classifier."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...__about__ import __version__
from ...core.errors import ImageError, StoreError
from ...core.plain import Plain, plain
from ...images.subset import choose
from ...store.durable import make_folder, write_files
from .data import Part, Pictures
from .fit import BEST
from .network import Start

ACCOUNT, CLASSES, STUDY, PICTURES = "training.json", "classes.txt", "study.toml", "pictures"
#: pictures that the study explains, of all classes alike
EXPLAINED = 40
#: what it explains them with
METHODS = ("grad-cam", "integrated-gradients", "occlusion")


@dataclass(frozen=True)
class Trained(Plain):
    """A training that is done.

    Attributes:
        out: its folder.
        model: as a study names it.
        classes: names, by number.
        epochs: how many there were.
        best: number of the epoch whose weights are the best, from 0.
        metrics: of each epoch.
        test: ``best`` and ``last``: accuracy and loss on the test pictures, where there were any.
        parameters: how many the network has.
        skipped: pictures that were not used: ``part``, ``name``, ``reason``.
        remarks: what was odd, as sentences.
        files: names within `out`.
        seconds: that all epochs took.
    """

    out: str
    model: str
    classes: tuple[str, ...]
    epochs: int
    best: int
    metrics: tuple[dict[str, float], ...]
    test: dict[str, dict[str, float]]
    parameters: int
    skipped: tuple[dict[str, str], ...]
    remarks: tuple[str, ...]
    files: dict[str, str]
    seconds: float


def read_account(out: Path) -> dict[str, Any] | None:
    """What a folder says of the training in it; None where there is none.

    Raises:
        StoreError: the file is damaged.
    """
    path = out / ACCOUNT
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} is damaged: {error}") from error


def write_account(out: Path, account: Mapping[str, Any]) -> None:
    """Write what is known of a training."""
    write(out, {ACCOUNT: json.dumps(plain(account), indent=1, ensure_ascii=False, allow_nan=False) + "\n"})


def write(out: Path, texts: Mapping[str, str]) -> None:
    """Write files of text, each complete or not at all."""
    partial = out / ".partial"
    make_folder(partial)
    write_files({out / name: text.encode() for name, text in texts.items()}, partial)
    partial.rmdir()


def check_same(request: Mapping[str, Any], account: Mapping[str, Any], out: Path) -> None:
    """Raise unless a folder's training was asked for in the same way.

    Raises:
        StoreError: with the first difference.
    """
    before = account.get("request", {})
    for key in dict.fromkeys([*before, *request]):
        old, new = before.get(key), plain(request.get(key))
        if old != new:
            if isinstance(old, dict) and isinstance(new, dict):
                inner = next(k for k in dict.fromkeys([*old, *new]) if old.get(k) != new.get(k))
                key, old, new = f"{key}: {inner}", old.get(inner), new.get(inner)
            change = f"{key} was {_brief(old)} and is {_brief(new)}"
            raise StoreError(f"{out} holds another training ({change}); train into another folder")


def versions() -> dict[str, str]:
    """The versions of what trains."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"crosslight": __version__, "python": platform.python_version()}
    for name in ("torch", "torchvision", "timm", "lightning", "numpy", "pillow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write_study(out: Path, label: str, start: Start, pictures: Pictures, seed: int) -> None:
    """Write the class names and a study of the trained classifier, which explains pictures it was not trained on."""
    part = pictures.test or pictures.validation
    images = (
        _own_pictures(out, part, pictures.classes, seed)
        if pictures.split and part is pictures.validation
        else {
            "source": _relative(part.source, out),
            "limit": EXPLAINED,
            "sample": "stratified",
            "profiles": False,
        }
    )
    model = {
        "name": relative_name(start.name, out),
        "weights": BEST,
        "label": label,
        "classes": CLASSES,
        **({"options": dict(start.options)} if start.options else {}),
        **({"preprocess": dict(start.overrides)} if start.overrides else {}),
    }
    tables = {
        "study": {"name": label, "seed": seed, "target": "own"},
        "images": images,
        "models": [model],
        "methods": [{"name": name} for name in METHODS],
    }
    write(out, {CLASSES: "\n".join(pictures.classes) + "\n", STUDY: to_toml(tables)})


def relative_name(name: str, out: Path) -> str:
    """A model's name as a study in `out` writes it: a user's own file is found from there."""
    if not name.startswith("python:"):
        return name
    file, _, function = name.removeprefix("python:").rpartition(":")
    return f"python:{_relative(str(Path(file).expanduser().absolute()), out)}:{function}"


def to_toml(tables: Mapping[str, Any]) -> str:
    """Tables of a study as a study file."""
    lines: list[str] = []
    for name, content in tables.items():
        for entry in content if isinstance(content, list) else [content]:
            lines.append(f"[[{name}]]" if isinstance(content, list) else f"[{name}]")
            lines += [f"{key} = {_toml(value)}" for key, value in entry.items()]
            lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _own_pictures(out: Path, part: Part, classes: Sequence[str], seed: int) -> dict[str, Any]:
    """Copies of held-out pictures with a list of them, because nothing else names just those."""
    names = [classes[label] for label in part.labels]
    rows = choose([record.name for record in part.records], names, EXPLAINED, "stratified", seed)
    make_folder(out / PICTURES)
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["path", "label"])
    for row in rows:
        file = f"{PICTURES}/{part.records[row].identity}.png"
        try:
            part.records[row].load().save(out / file)
        except ImageError:
            continue
        table.writerow([Path(file).name, names[row]])
    write(out, {f"{PICTURES}/index.csv": stream.getvalue()})
    return {"source": f"{PICTURES}/index.csv", "profiles": False}


def _relative(path: str, out: Path) -> str:
    """A local path as seen from a folder; anything else as it is."""
    return Path(os.path.relpath(path, out.absolute())).as_posix() if Path(path).is_absolute() else path


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
