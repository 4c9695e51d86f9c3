"""Class names: from a user's file or list, and those of ImageNet and its subsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ...core.classes import Classes
from ...core.errors import InputError, suggestion

_WORDNET_ID = re.compile(r"n\d{8}")


def read_classes(source: str | Path | Sequence[str], base: Path | None = None) -> Classes:
    """Class names in the order of a classifier's outputs.

    Args:
        source: the names themselves, or a text file (UTF-8) with one class a line: a name, or an identifier,
            a tab and a name.
        base: folder that a relative path starts from.

    Raises:
        InputError: no such file, no names in it, or only some lines with an identifier.
    """
    if not isinstance(source, str | Path):
        if not source or not all(isinstance(name, str) and name.strip() for name in source):
            raise InputError("classes is a list of names, or a file with one class a line")
        return Classes(tuple(source))
    path = (base or Path()) / Path(source).expanduser()
    if not path.is_file():
        folder = path.parent
        near = suggestion(path.name, [p.name for p in folder.iterdir() if p.is_file()]) if folder.is_dir() else ""
        raise InputError(f"there is no file of classes {path}" + (near if near.startswith("; did") else ""))
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file in UTF-8; classes stand there one a line") from None
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise InputError(f"{path} is empty; classes stand there one a line")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            raise InputError(f"{path}, line {number} is empty; the line number says which output a class is")
    split = [tuple(part.strip() for part in line.split("\t", 1)) for line in lines]
    with_id = [len(parts) == 2 for parts in split]
    if all(with_id):
        return Classes(tuple(parts[1] for parts in split), tuple(parts[0] for parts in split))
    if any(with_id):
        number = with_id.index(False) + 1
        raise InputError(f"{path}, line {number} has no identifier before a tab, as other lines have")
    names = tuple(parts[0] for parts in split)
    # A file of WordNet ids alone still says what they are called.
    known = _lemmas() if all(_WORDNET_ID.fullmatch(name) for name in names) else {}
    return Classes(tuple(known.get(name, name) for name in names), names if known else ())


@cache
def imagenet_classes(outputs: int) -> Classes | None:
    """Names and WordNet ids of ImageNet-1k, or of the ImageNet subset with as many classes, else None."""
    from timm.data import ImageNetInfo, infer_imagenet_subset

    subset = infer_imagenet_subset({"num_classes": outputs})
    if subset is None:
        return None
    info = ImageNetInfo(subset)
    if info.num_classes() != outputs:
        return None
    return Classes(tuple(info.label_descriptions()), tuple(info.label_names()))


def named_classes(outputs: int | None, names: Sequence[str] | None) -> Classes | None:
    """A library's own names, with the WordNet ids and synonyms of ImageNet where they are that.

    Args:
        outputs: of the network, where known.
        names: of its outputs, where the library has any.
    """
    if names is None or outputs != len(names):
        return imagenet_classes(outputs) if outputs else None
    imagenet = imagenet_classes(len(names))
    if imagenet is None:
        return Classes(tuple(names))
    same = sum(c.casefold() in n.casefold() for c, n in zip(names, imagenet.names, strict=True))
    return imagenet if same > 0.9 * len(names) else Classes(tuple(names))


@cache
def _lemmas() -> dict[str, str]:
    from timm.data import ImageNetInfo

    info = ImageNetInfo("imagenet-22k")
    return dict(zip(info.label_names(), info.label_descriptions(), strict=True))
