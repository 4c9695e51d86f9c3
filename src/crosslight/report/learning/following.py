"""A page that follows runs while they are trained: written when there is something to see, then fed epoch by epoch."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from .live import LiveFolder, Look, look, watch
from .page import write_learning_page
from .payload import margin_kind
from .runs import label_of


class Following:
    """A page of some runs, and what it is told of them.

    Args:
        paths: folders of runs; nothing need be recorded in them yet.
        out: folder of the page.
        pictures: small pictures of one set of images, at most.
        command: what made it.
    """

    def __init__(self, paths: Sequence[Path], out: Path, *, pictures: int, command: str = ""):
        self.paths, self.out = tuple(paths), out
        self.page: Path | None = None
        self._pictures, self._command = pictures, command
        self._folders: list[LiveFolder] = []
        self._images: list[int] = []
        self._looks: dict[int, Look] = {}

    def run(self, *, every: float = 1.0, patience: float = float("inf")) -> Iterator[str]:
        """Follow the runs; a sentence for each change. Ends when all are finished, or after `patience` seconds."""
        for number, seen in watch(self.paths, every=every, patience=patience):
            self._looks[number] = seen
            if len(self._looks) < len(self.paths):
                continue  # until something is recorded of every run
            if self._is_stale(number, seen):
                self._write_page()
                yield f"page: {self.page}"
            else:
                self._folders[number].write(seen.history, seen.state, seen.words)
            yield f"{label_of(seen.history, self.paths[number].name)}: {seen.words}"

    def stop(self) -> None:
        """Tell the page that nobody follows any more; of a finished run it knows that already."""
        for number, folder in enumerate(self._folders):
            seen = look(self.paths[number]) or self._looks[number]
            ended = seen.state == "finished"
            count = len(seen.history.epochs)
            words = seen.words if ended else f"{count} epochs are recorded. The run is no longer followed."
            folder.write(seen.history, "finished" if ended else "stopped", words)

    def _is_stale(self, number: int, seen: Look) -> bool:
        """Whether the page has to be written anew: there is none, or images or what is recorded of them came later."""
        if self.page is None or len(seen.history.ids) != self._images[number]:
            return True
        folder = self._folders[number]
        more = seen.history.probability is not None and not folder.probability
        return more or (seen.history.margin is not None and folder.kind is None)

    def _write_page(self) -> None:
        looks = [self._looks[number] for number in range(len(self.paths))]
        shutil.rmtree(self.out / "live", ignore_errors=True)
        self._folders = [
            LiveFolder(
                self.out / "live" / str(number),
                margin_kind(seen.history),
                seen.history.probability is not None,
                set(seen.history.epochs.tolist()),
            )
            for number, seen in enumerate(looks)
        ]
        self._images = [len(seen.history.ids) for seen in looks]
        for folder, seen in zip(self._folders, looks, strict=True):
            folder.write(seen.history, seen.state, seen.words)
        runs = [(label_of(seen.history, path.name), seen.history) for path, seen in zip(self.paths, looks, strict=True)]
        self.page = write_learning_page(
            self.out, runs, pictures=self._pictures, live=True, command=self._command, base=Path()
        )
