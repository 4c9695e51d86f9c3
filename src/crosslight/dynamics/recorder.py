"""Recording a training run, whatever framework it is trained in: what was said of every image after every epoch."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from ..core.errors import InputError, StoreError
from ..core.plain import plain
from ..store.durable import flush, make_folder, remove_file, reported, sweep_partial, write_files
from . import layout
from .epoch_files import (
    append_metrics,
    check_metrics,
    epoch_bytes,
    instances_bytes,
    read_instances,
    read_manifest,
)
from .frames import batch_frame, end_frame, read_partial, start_frame
from .merging import Instances, merge
from .outputs import as_ids, as_labels, check_classes, read_outputs


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
        self.classes = check_classes(classes, layout.MOST_CLASSES)
        self.folder = layout.history_folder(out)
        self.rank, self.processes = _place(rank, processes)
        self._probability, self._margin, self._replace = probability, margin, replace
        self._given = _given(ids, labels, len(self.classes))
        self._labels = dict(zip(self._given.ids, self._given.labels.tolist(), strict=True))
        self._descriptor: int | None = None
        self._epoch: int | None = None
        self._ended: set[int] = set()
        self._facts = dict(plain(dict(facts or {}) | ({"images": str(images)} if images is not None else {})))
        self._instances = Instances()
        self._remarks: list[str] = []
        self._open()

    # -- what there is ---------------------------------------------------------------------------------------------

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
            append_metrics(self.folder / layout.METRICS, _number(epoch), kept)

    def end_epoch(self, epoch: int) -> None:
        """Say that all of an epoch was recorded; it is on disk when this returns.

        The first of several processes puts the epoch together as soon as all have ended it, here or at a later call;
        until then readers do so for themselves.

        Raises:
            InputError: nothing was recorded of it.
            StoreError: it cannot be written, or none of its images is one of the history.
        """
        epoch = _number(epoch)
        if self._epoch is None and self.processes > 1:
            self._begin(epoch)  # a process may have had no image
        if self._epoch != epoch:
            raise InputError(f"nothing was recorded of epoch {epoch}: call log before end_epoch")
        if self.processes == 1 and not read_partial(self._partial(epoch)).batches:
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
        self.classes = check_classes([*self.classes, *names], layout.MOST_CLASSES)
        if self.rank == 0:
            self._remarks.append(self._widened(list(names)))
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
        manifest = read_manifest(self.folder / layout.MANIFEST)
        if manifest is not None:
            self._check(manifest)
        self._instances = read_instances(self.folder / layout.INSTANCES)
        if self._instances.ids:
            self._check_ids()
        if self.rank == 0:
            sweep_partial(layout.temporary_folder(self.folder))
            known = self._instances
            self._instances = self._with_given(known)
            if not self._instances.same(known):
                self._write({layout.INSTANCES: instances_bytes(self._instances)})
            self._write_manifest()
            self._put_together()
        self._lay_aside()

    def _check(self, manifest: Mapping[str, Any]) -> None:
        """Take over what the folder says, if it is of the same run."""
        if manifest["version"] != layout.VERSION:
            raise StoreError(
                f"{self.folder} was recorded in version {manifest['version']} of the format; this is {layout.VERSION}"
            )
        old, new = manifest["classes"], self.classes
        if new[: len(old)] != old and old[: len(new)] != new:
            at = next(i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
            raise StoreError(
                f"{self.folder} holds the history of other classes: number {at} is {old[at]!r} there and {new[at]!r} "
                "here; record into another folder"
            )
        self._remarks = list(manifest.get("remarks", ()))
        if len(new) > len(old):
            self._remarks.append(self._widened(list(new[len(old) :])))
        else:
            self.classes = old  # those that came late are known
        facts = dict(manifest.get("facts", {}))
        changed = [name for name in self._facts if name in facts and facts[name] != self._facts[name]]
        for name in changed:
            told = f"{name} was {json.dumps(facts[name])} and is {json.dumps(self._facts[name])}"
            self._remarks.append(f"The run was opened again with another fact: {told}.")
        self._facts = facts | self._facts

    def _check_ids(self) -> None:
        given, known = set(self._given.ids), set(self._instances.ids)
        if given and not (given <= known or known <= given):
            one = next(name for name in self._given.ids if name not in known)
            raise StoreError(
                f"{self.folder} holds the history of other images: {one!r} is none of its {len(known):,}; "
                "record into another folder"
            )

    def _widened(self, names: list[str]) -> str:
        after = f"after epoch {self.epochs[-1]}" if self.epochs else "before the first epoch"
        listed = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
        return f"{len(names)} class{'es' if len(names) > 1 else ''} came late, {after}: {listed}."

    def _with_given(self, known: Instances) -> Instances:
        """The known images, then those that were named when this was opened; labels where there were none."""
        column = {name: at for at, name in enumerate(known.ids)}
        new = tuple(name for name in self._given.ids if name not in column)
        labels = np.concatenate([known.labels, np.full(len(new), -1, np.int32)])
        column |= {name: len(known.ids) + at for at, name in enumerate(new)}
        for name, label in self._labels.items():
            if labels[column[name]] < 0:
                labels[column[name]] = label
        return Instances(known.ids + new, labels)

    def _lay_aside(self) -> None:
        """What this process left behind when it was killed is kept until the epoch is recorded again."""
        for epoch, files in layout.partial_files(self.folder).items():
            if self.rank in files and not self._complete(files):
                path = files[self.rank]
                os.replace(path, path.with_suffix(layout.STALE))
                self._ended.discard(epoch)

    # -- writing ---------------------------------------------------------------------------------------------------

    def _partial(self, epoch: int) -> Path:
        return layout.partial_file(self.folder, epoch, self.rank)

    def _begin(self, epoch: int) -> None:
        epoch = _number(epoch)
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
        self._epoch = epoch
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

    def _complete(self, files: Mapping[int, Path]) -> bool:
        """Whether all processes ended an epoch."""
        if 0 not in files:
            return False
        processes = read_partial(files[0]).start.get("processes", 1)
        return all(rank in files and read_partial(files[rank]).ended for rank in range(processes))

    def _put_together(self) -> None:
        """Make a file of every epoch that all processes have ended."""
        for epoch, files in layout.partial_files(self.folder).items():
            if epoch == self._epoch:
                continue
            parts = {rank: read_partial(path) for rank, path in files.items()}
            processes = parts[0].start.get("processes", 1) if 0 in parts else 0
            if not processes or not all(rank in parts and parts[rank].ended for rank in range(processes)):
                continue
            batches = [batch for rank in range(processes) for batch in parts[rank].batches]
            self._finish(epoch, batches, files)

    def _finish(self, epoch: int, batches: list[Any], files: Mapping[int, Path]) -> None:
        known = set(self._instances.ids)
        if known and not any(name in known for batch in batches for name in batch.ids):
            raise StoreError(
                f"{self.folder} holds the history of other images: none of epoch {epoch} is one of its {len(known):,}, "
                "so its batches stay where they are, in partial/; record into another folder"
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
        told = {
            "version": layout.VERSION,
            "classes": self.classes,
            "facts": self._facts,
            "remarks": list(dict.fromkeys(self._remarks)),
        }
        self._write({layout.MANIFEST: (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()})

    def _write(self, files: Mapping[str, bytes]) -> None:
        whole = {self.folder / name: content for name, content in files.items()}
        changed = {path: content for path, content in whole.items() if not _holds(path, content)}
        if changed:
            write_files(changed, layout.temporary_folder(self.folder))


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _number(epoch: Any) -> int:
    if isinstance(epoch, bool) or not hasattr(epoch, "__index__") or (number := epoch.__index__()) < 0:
        raise InputError(f"an epoch is a whole number, 0 or more, not {epoch!r}")
    return int(number)


def _given(ids: Iterable[Any] | None, labels: Iterable[Any] | None, classes: int) -> Instances:
    if ids is None:
        if labels is not None:
            raise InputError("labels without ids: say whose labels they are, or give them to log")
        return Instances()
    names = as_ids(ids)
    if len(set(names)) < len(names):
        seen: set[str] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InputError(f"the id {twice!r} is there twice: every image has its own")
    if labels is not None and not hasattr(labels, "__len__"):
        labels = list(labels)
    return Instances(names, as_labels(labels, len(names), classes))


def _place(rank: int | None, processes: int | None) -> tuple[int, int]:
    """Which of how many processes this is."""
    if rank is None and processes is None:
        group = getattr(sys.modules.get("torch"), "distributed", None)
        if group is not None and group.is_available() and group.is_initialized():
            rank, processes = group.get_rank(), group.get_world_size()
        elif os.environ.get("RANK", "").isdecimal() and os.environ.get("WORLD_SIZE", "").isdecimal():
            rank, processes = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    place, of = rank or 0, processes if processes is not None else (rank or 0) + 1
    if not 0 <= place < of:
        raise InputError(f"rank {place} is none of {of} processes: ranks go from 0 to processes - 1")
    return place, of
