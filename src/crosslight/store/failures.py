"""Failures that belong to no block, one small file each, so that processes do not share one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ..core.seeds import digest
from .durable import make_folder, write_files
from .layout import FAILURES, PARTIAL, read_json, to_json
from .records import Failure


def keep_failure(store: Path, failure: Failure) -> None:
    """Write a failure into a store's folder; the same model, stage and image replace what was there."""
    folder = store / FAILURES
    make_folder(folder)
    make_folder(store / PARTIAL)
    name = digest([failure.model, failure.stage, failure.image]) + ".json"
    write_files({folder / name: to_json(asdict(failure))}, store / PARTIAL)


def kept_failures(store: Path) -> Iterator[tuple[Path, Failure]]:
    """Every failure that was kept, with its file."""
    folder = store / FAILURES
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        content = read_json(path)
        if isinstance(content, dict):
            with suppress(TypeError):
                yield path, Failure(**content)


def left_out(failures: Iterable[Failure]) -> list[str]:
    """Which methods were left out on which models before any work, one line for each reason."""
    methods: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        if failure.left_out:
            methods.setdefault((failure.model, failure.reason), []).append(failure.stage.removeprefix("method:"))
    models: dict[tuple[str, str], list[str]] = {}
    for (model, reason), labels in methods.items():
        models.setdefault((", ".join(labels), reason), []).append(model)
    return [f"{labels} on {', '.join(found)}: {reason}" for (labels, reason), found in models.items()]
