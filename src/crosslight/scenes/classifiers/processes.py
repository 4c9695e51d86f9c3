"""Several processes for one piece of work, all of which end when the person presses Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

Tell = Callable[[int], None]
T = TypeVar("T")

#: what a process says when it is done, as no number of units can
_DONE = "done"


@dataclass(frozen=True)
class Running:
    """A process at work on one thing."""

    process: BaseProcess
    work: Any


def run_each(
    function: Callable[[T, Tell], None], works: Sequence[T], jobs: int, tell: Callable[[T, int], None]
) -> list[tuple[T, str]]:
    """Call a function for each thing, in a process of its own, and some of them at once.

    Args:
        function: called with a thing and with what tells of units done; it is imported by the process.
        works: one after the other as processes become free.
        jobs: processes at once.
        tell: called in this process with a thing and the units done.

    Returns:
        The things that failed, with the reason; all others were done.
    """
    context, waiting, failed = get_context("spawn"), list(reversed(works)), []
    running: dict[Connection, Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                work = waiting.pop()
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_call, args=(function, work, theirs), daemon=True)
                with shielded():
                    process.start()
                theirs.close()  # so that the end of the process is the end of the pipe
                running[ours] = Running(process, work)
            ready = wait(list(running))
            for pipe in [pipe for pipe in running if pipe in ready]:
                one, said = running[pipe], _heard(pipe)
                if isinstance(said, int):
                    tell(one.work, said)
                    continue
                one.process.join()
                del running[pipe]
                if said != _DONE:
                    failed.append((one.work, said or _how_it_ended(one.process)))
    finally:
        for one in running.values():
            one.process.terminate()
            one.process.join()
    return failed


@contextmanager
def shielded() -> Iterator[None]:
    """Hold Ctrl-C back while processes start, which inherit that: it is for the one that started them to end them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _call(function: Callable[[T, Tell], None], work: T, pipe: Connection) -> None:
    ignore_interrupts()
    try:
        function(work, pipe.send)
    except Exception as error:
        pipe.send(reason(error))
    else:
        pipe.send(_DONE)


def reason(error: BaseException) -> str:
    """Why something failed, in one line."""
    text = (str(error).strip() or "no message").splitlines()[0][:300]
    return text if type(error).__module__.startswith("crosslight") else f"{type(error).__name__}: {text}"


def _heard(pipe: Connection) -> int | str | None:
    """What a process says next, or None where it has ended without a word."""
    try:
        said: int | str = pipe.recv()
    except (EOFError, ConnectionError):
        return None
    return said


def _how_it_ended(process: BaseProcess) -> str:
    if process.exitcode == -9:
        return "its process was killed; there may be too little memory for so many at once"
    return f"its process ended with status {process.exitcode}"
