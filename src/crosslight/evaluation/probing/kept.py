"""What was measured of one block, kept on disk so that a run that was cut off goes on where it stopped."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.seeds import digest
from ...store.durable import make_folder, write_files
from ...store.layout import PARTIAL, read_json, unique_slug

#: folder inside the store
FOLDER = "probes"
#: of the files; files of another version are made again
VERSION = 1

#: class explained and class opposed, as text, which keys in JSON are
TargetKey = str


@dataclass
class Kept:
    """Values of one metric on one model and one block.

    Attributes:
        path: the file.
        said: what the values depend on beside the maps, as recorded.
        sets: by key of a set of maps, by the image's identity; NaN where the metric has no value or failed.
        baselines: by the image's identity, by target: random maps, then the centre, then edges.
        diagnostics: by name, by key of a set of maps, by identity: what was measured beside the values.
        failures: by key of a set of maps or name of a baseline, by identity: why there is no value.
        evaluations: passes that all of this took.
        seconds: time of the processor that all of this took.
    """

    path: Path
    said: Mapping[str, Any]
    sets: dict[str, dict[str, float]] = field(default_factory=dict)
    baselines: dict[str, dict[TargetKey, list[float]]] = field(default_factory=dict)
    diagnostics: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    failures: dict[str, dict[str, str]] = field(default_factory=dict)
    evaluations: int = 0
    seconds: float = 0.0

    def write(self, root: Path) -> None:
        """Put the file in place; it is there complete, or as it was before.

        Args:
            root: of the store.

        Raises:
            StoreError: it cannot be written.
        """
        content = {
            "version": VERSION,
            **self.said,
            "evaluations": self.evaluations,
            "seconds": round(self.seconds, 3),
            "sets": _written(self.sets),
            "baselines": _written(self.baselines),
            "diagnostics": _written(self.diagnostics),
            "failures": self.failures,
        }
        make_folder(root / PARTIAL)
        make_folder(self.path.parent)
        text = json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"
        write_files({self.path: text.encode("utf-8", "backslashreplace")}, root / PARTIAL)


def target_key(target: tuple[int, int]) -> TargetKey:
    """A target as a key of JSON."""
    return f"{target[0]},{target[1]}"


def read_kept(root: Path, model: str, metric: str, said: Mapping[str, Any], block: int) -> Kept:
    """What is on disk of a block; nothing where other settings were used.

    Args:
        root: of the store.
        model: the model's label.
        metric: its name.
        said: what the values depend on beside the maps: settings, seeds, the model's digest.
        block: its number.
    """
    path = root / FOLDER / unique_slug(model) / f"{metric}-{digest(said)}" / f"{block}.json"
    kept = Kept(path, said)
    content = read_json(path)
    if not isinstance(content, dict) or content.get("version") != VERSION:
        return kept
    try:
        kept.sets = _read(content["sets"])
        kept.baselines = _read(content["baselines"])
        kept.diagnostics = _read(content["diagnostics"])
        kept.failures = {str(key): dict(value) for key, value in content["failures"].items()}
        kept.evaluations, kept.seconds = int(content["evaluations"]), float(content["seconds"])
    except (KeyError, TypeError, ValueError, AttributeError):  # damaged: measured again
        return Kept(path, said)
    return kept


def _written(value: Any) -> Any:
    """NaN as None."""
    if isinstance(value, dict):
        return {key: _written(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_written(one) for one in value]
    return value if math.isfinite(value) else None


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _read(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_read(one) for one in value]
    return math.nan if value is None else float(value)
