"""Work in processes of their own, which may be slow, greedy or crash."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .inventory import Entry

Work = Callable[["Entry"], dict[str, Any]]
MEGABYTE = 1 << 20
STALE = 3000  # megabytes that an idle process may hold before it is replaced


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    entry: Entry | None = None
    started: float = 0.0
    peak: int = 0


def run(
    work: Work,
    entries: Iterable[Entry],
    done: Callable[[Entry, dict[str, Any]], None],
    *,
    jobs: int,
    megabytes: int,
    seconds: float,
) -> None:
    """Do some work for every entry.

    A process that takes more memory or time than it may is ended; the result then says so.

    Args:
        work: a module's function, called in another process.
        entries: in the order of their start.
        done: told of every result, with ``wall_seconds`` and ``peak_megabytes`` added.
        jobs: processes at a time.
        megabytes: of memory that one may hold. Watched from outside, since limits on addresses
            count what is never used.
        seconds: that one entry may take.
    """
    waiting = iter(entries)
    workers = [_start(work) for _ in range(jobs)]
    try:
        while True:
            for worker in workers:
                if worker.entry is None and (entry := next(waiting, None)) is not None:
                    worker.entry, worker.started, worker.peak = entry, time.monotonic(), 0
                    worker.connection.send(entry)
            busy = [worker for worker in workers if worker.entry is not None]
            if not busy:
                return
            ready = wait([worker.connection for worker in busy], timeout=0.1)
            for worker in busy:
                result = _result(worker, worker.connection in ready, megabytes, seconds)
                if result is None:
                    continue
                assert worker.entry is not None
                result["wall_seconds"] = round(time.monotonic() - worker.started, 2)
                result["peak_megabytes"] = worker.peak
                done(worker.entry, result)
                worker.entry = None
                if not worker.process.is_alive() or _megabytes(worker) > STALE:
                    _stop(worker)
                    workers[workers.index(worker)] = _start(work)
    finally:
        for worker in workers:
            _stop(worker)


def _result(worker: _Worker, ready: bool, megabytes: int, seconds: float) -> dict[str, Any] | None:
    """What a worker sent, or why it will send nothing, or None while it works."""
    worker.peak = max(worker.peak, _megabytes(worker))
    if ready:
        try:
            result: dict[str, Any] = worker.connection.recv()
            return result
        except EOFError:
            worker.process.join()
            return {"stage": "process", "error": f"the process ended with status {worker.process.exitcode}"}
    if worker.peak > megabytes:
        _stop(worker)
        return {"left_out": f"more than {megabytes} MB of memory"}
    if time.monotonic() - worker.started > seconds:
        _stop(worker)
        return {"stage": "process", "error": f"not done after {seconds:.0f} s"}
    return None


def _start(work: Work) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _stop(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.connection.close()


def _serve(work: Work, connection: Connection) -> None:
    """In the process: answer until the other side is gone."""
    while True:
        try:
            connection.send(work(connection.recv()))
        except (EOFError, BrokenPipeError):
            return


def _megabytes(worker: _Worker) -> int:
    """Memory that a process holds; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{worker.process.pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
