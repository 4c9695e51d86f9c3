"""Recording a training run, whatever framework it is trained in: what was said of every image after every epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..core.errors import InputError, StoreError
from ..core.plain import plain
from ..store.durable import flush, make_folder, remove_file, reported, sweep_partial, write_files
from . import layout
from .epoch_files import append_metrics, check_metrics, epoch_bytes, instances_bytes, read_instances, read_manifest
from .frames import batch_frame, end_frame, start_frame
from .gathering import gather
from .merging import Instances, merge
from .opening import Run, came_late, epoch_number, given_instances, joined, opened_again, place_of
from .outputs import Batch, as_ids, check_classes, read_outputs


class Recorder:
    """Writes down what a classifier says of images after every epoch, so that a killed run loses one batch at most.

    Every batch is appended to a file and handed to the system before `log` returns. When an epoch ends it is flushed
    to disk as one small file. The same call opens a folder again: finished epochs are kept, and one that was not
    finished is recorded anew. What was asked for wrongly is an error at once; what is odd in the data, such as an image
    seen twice, a label that changed or logits that are no numbers, is written down as a remark and ends no training.

    Args:
        out: the run's folder; the history goes to ``out/history``.
        classes: names, in the order of the network's outputs; 1 to 65,534.
        ids: of the images, in the order to be shown; if not given, those of the first epoch, sorted.
        labels: of `ids`: numbers of classes, -1 for unknown; they stand in where `log` is given none.
        images: where the pictures are: a source that `open_images` reads, whose names are the ids.
        facts: what is trained and how; anything that JSON can hold.
        probability: whether to keep the softmax of the true class.
        margin: whether to keep the true class's logit minus the largest other.
        replace: whether epochs that are finished already may be recorded again.
        rank, processes: which of how many processes this is; if not given, what PyTorch's process group or
            ``torchrun`` says, else one alone. Each writes its own batches, and the first puts them together.

    Raises:
        InputError: there are no classes or too many, or ids and labels do not fit each other.
        StoreError: the folder holds the history of other classes or images, or is damaged.
    """

    def __init__(
        self,
        out: str | Path,
        classes: Sequence[str],
        *,
        ids: Iterable[Any] | None = None,
        labels: Iterable[Any] | None = None,
        images: str | Path | None = None,
        facts: Mapping[str, Any] | None = None,
        probability: bool = True,
        margin: bool = True,
        replace: bool = False,
        rank: int | None = None,
        processes: int | None = None,
    ):
        names = check_classes(classes, layout.MOST_CLASSES)
        self.folder = layout.history_folder(out)
        self.rank, self.processes = place_of(rank, processes)
        self._probability, self._margin, self._replace = probability, margin, replace
        told = dict(facts or {}) | ({"images": str(images)} if images is not None else {})
        self._run = Run(names, plain(told))
        self._given = given_instances(ids, labels, len(names))
        self._labels = dict(zip(self._given.ids, self._given.labels.tolist(), strict=True))
        self._descriptor: int | None = None
        self._epoch: int | None = None
        self._rows = 0  # of the epoch in progress
        self._ended: set[int] = set()
        self._instances = Instances()
        self._open()

    # -- what there is ---------------------------------------------------------------------------------------------

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, with those that came late."""
        return self._run.classes

    @property
    def epochs(self) -> tuple[int, ...]:
        """The finished epochs, ascending."""
        return tuple(layout.finished_epochs(self.folder))

    @property
    def ids(self) -> tuple[str, ...]:
        """The images known so far, in their order."""
        return self._instances.ids

    # -- recording -------------------------------------------------------------------------------------------------

    def log(self, epoch: int, ids: Any, outputs: Any, labels: Any = None) -> None:
        """Record a batch of an epoch.

        Args:
            epoch: its number, 0 or more.
            ids: ``[b]``: text or whole numbers that stay the same whatever the order; arrays, tensors or lists.
            outputs: logits, floating ``[b, classes]`` (log-probabilities will do), or predicted classes, integers
                ``[b]``, of which neither probability nor margin is known.
            labels: integers ``[b]``; -1 or None where one is not known.

        Raises:
            InputError: shapes or numbers do not fit; the epoch before was not ended; this one is finished already.
            StoreError: it cannot be written.
        """
        self._begin(epoch)
        if labels is None and self._labels:
            ids = as_ids(ids)
            labels = [self._labels.get(name, -1) for name in ids]
        batch = read_outputs(
            ids, outputs, labels, len(self.classes), probability=self._probability, margin=self._margin
        )
        if batch.ids:
            self._append(batch_frame(batch))
            self._rows += len(batch.ids)

    def log_metrics(self, epoch: int, metrics: Mapping[str, Any] | None = None, **named: Any) -> None:
        """Record what was measured of an epoch, such as ``train/loss``; what is said last counts.

        Only the first of several processes writes it down.

        Args:
            epoch: its number.
            metrics: numbers by name; those that are not finite are kept as missing.
            named: more of them.

        Raises:
            InputError: a value is no number.
        """
        kept = check_metrics({**(metrics or {}), **named})
        if self.rank == 0 and kept:
            append_metrics(self.folder / layout.METRICS, epoch_number(epoch), kept)

    def end_epoch(self, epoch: int) -> None:
        """Say that all of an epoch was recorded; it is on disk when this returns.

        The first of several processes puts the epoch together as soon as all have ended it, here or at a later call;
        until then readers do so for themselves.

        Raises:
            InputError: nothing was recorded of it.
            StoreError: it cannot be written, or none of its images is one of the history.
        """
        epoch = epoch_number(epoch)
        if self._epoch is None and self.processes > 1:
            self._begin(epoch)  # a process may have had no image
        if self._epoch != epoch:
            raise InputError(f"nothing was recorded of epoch {epoch}: call log before end_epoch")
        if self.processes == 1 and not self._rows:
            raise InputError(f"nothing was recorded of epoch {epoch}: all batches were empty")
        self._append(end_frame())
        self._shut(flushed=self.processes > 1)
        self._ended.add(epoch)
        if self.rank == 0:
            self._put_together()

    def add_classes(self, names: Sequence[str]) -> None:
        """Make classes known that came late; outputs have their width from now on.

        Raises:
            InputError: one is known already, or they are too many.
        """
        if not names or isinstance(names, str):
            raise InputError("add_classes needs a list of new names")
        told = (*self._run.remarks, came_late(names, self.epochs))
        classes = check_classes([*self.classes, *names], layout.MOST_CLASSES)
        self._run = replace(self._run, classes=classes, remarks=told)
        if self.rank == 0:
            self._write_manifest()

    def forget(self, epoch: int) -> None:
        """Drop what was recorded of an epoch and of all later ones, because the run goes on from before it.

        Metrics stay until they are measured again.

        Raises:
            InputError: an epoch is being recorded.
        """
        if self._epoch is not None:
            raise InputError(f"epoch {self._epoch} is being recorded: end it before anything is dropped")
        paths = [files[self.rank] for files in self._parts_from(epoch) if self.rank in files]
        if self.rank == 0:
            paths += [path for number, path in layout.finished_epochs(self.folder).items() if number >= epoch]
        for path in paths:
            remove_file(path)
        self._ended = {number for number in self._ended if number < epoch}

    def close(self) -> None:
        """Let go of the files; an epoch that was not ended stays unfinished."""
        self._shut()
        self._epoch = None
        if self.rank == 0:
            self._put_together()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- opening ---------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        make_folder(self.folder / "epochs")
        make_folder(layout.temporary_folder(self.folder))
        known = read_instances(self.folder / layout.INSTANCES)
        found = read_manifest(self.folder / layout.MANIFEST)
        if found is not None:
            self._run = opened_again(found, self._run, self.folder, self.epochs)
        self._instances = joined(known, self._given, self.folder)
        if self.rank == 0:
            sweep_partial(layout.temporary_folder(self.folder))
            if not self._instances.same(known):
                self._write({layout.INSTANCES: instances_bytes(self._instances)})
            self._write_manifest()
            self._put_together()
        for files in layout.partial_files(self.folder).values():
            # what this process left behind when it was killed is kept until the epoch is recorded again
            if self.rank in files and not gather(files).complete:
                path = files[self.rank]
                with reported(f"cannot write into {self.folder}"):
                    os.replace(path, path.with_suffix(layout.STALE))

    # -- writing ---------------------------------------------------------------------------------------------------

    def _partial(self, epoch: int) -> Path:
        return layout.partial_file(self.folder, epoch, self.rank)

    def _begin(self, epoch: int) -> None:
        epoch = epoch_number(epoch)
        if self._epoch == epoch:
            return
        if self._epoch is not None:
            raise InputError(f"epoch {self._epoch} was not ended: call end_epoch({self._epoch}) before epoch {epoch}")
        done = epoch in self._ended or layout.epoch_file(self.folder, epoch).is_file()
        if done and not self._replace:
            raise InputError(
                f"epoch {epoch} is recorded already in {self.folder}: open the recorder with replace=True to record "
                f"it again, or drop it and what came later by forget({epoch})"
            )
        with reported(f"cannot write into {self.folder}"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(self._partial(epoch), flags, 0o644)
        self._epoch, self._rows = epoch, 0
        self._append(start_frame(epoch, self.rank, self.processes))

    def _append(self, frame: bytes) -> None:
        """One call of the system for each frame; what was written of one that failed is taken back."""
        assert self._descriptor is not None
        before = os.fstat(self._descriptor).st_size
        try:
            with reported(f"cannot write into {self.folder}"):
                rest = memoryview(frame)
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
        except StoreError:
            os.ftruncate(self._descriptor, before)
            raise

    def _shut(self, flushed: bool = False) -> None:
        if self._descriptor is not None:
            if flushed:
                with reported(f"cannot write into {self.folder}"):
                    os.fsync(self._descriptor)
            os.close(self._descriptor)
        if flushed:
            flush(self.folder / "partial")
        self._descriptor = self._epoch = None

    def _put_together(self) -> None:
        """Make a file of every epoch that all processes have ended."""
        for epoch, files in layout.partial_files(self.folder).items():
            if epoch != self._epoch and (found := gather(files)).complete:
                self._finish(epoch, found.batches, files)

    def _finish(self, epoch: int, batches: Sequence[Batch], files: Mapping[int, Path]) -> None:
        known = set(self._instances.ids)
        if known and not any(name in known for batch in batches for name in batch.ids):
            for path in files.values():
                os.replace(path, path.with_suffix(layout.FOREIGN))
            raise StoreError(
                f"{self.folder} holds the history of other images: none of epoch {epoch} is one of its {len(known):,}. "
                f"Its batches are kept as partial/*{layout.FOREIGN}; record into another folder"
            )
        made, instances = merge(epoch, batches, self._instances, first=not known)
        if not instances.same(self._instances):
            self._write({layout.INSTANCES: instances_bytes(instances)})  # before the epoch, whose columns they name
            self._instances = instances
        self._write({f"epochs/{layout.epoch_file(self.folder, epoch).name}": epoch_bytes(made)})
        stale = layout.partial_files(self.folder, layout.STALE).get(epoch, {})
        with reported(f"cannot write into {self.folder}"):
            for path in (*files.values(), *stale.values()):
                path.unlink(missing_ok=True)

    def _parts_from(self, epoch: int) -> list[dict[int, Path]]:
        return [
            files
            for ending in (layout.FRAMES, layout.STALE)
            for number, files in layout.partial_files(self.folder, ending).items()
            if number >= epoch
        ]

    def _write_manifest(self) -> None:
        told = {"version": layout.VERSION, **asdict(self._run)}
        self._write({layout.MANIFEST: (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()})

    def _write(self, files: Mapping[str, bytes]) -> None:
        whole = {self.folder / name: content for name, content in files.items()}
        changed = {path: content for path, content in whole.items() if not _holds(path, content)}
        if changed:
            write_files(changed, layout.temporary_folder(self.folder))


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
