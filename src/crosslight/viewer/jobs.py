"""Jobs that take turns in one thread, what they tell, and stopping them."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ..core.errors import CrosslightError
from ..core.plain import plain

#: the folders of an absolute path, up to the last part
_FOLDERS = re.compile(r"""(?<![\w/.])(?:[A-Za-z]:)?(?:[\\/][^\s\\/'"(),;]+)+[\\/]""")
#: finished jobs whose events can still be read
REMEMBERED = 8
#: seconds between two tellings of passes within one task
TELLING = 0.15


class Cancelled(BaseException):
    """Work is no longer wanted. No `Exception`, so that nothing takes it for a failed map and goes on."""


@dataclass(frozen=True)
class Event:
    """Something that a job tells.

    Attributes:
        id: counts up from 1; of a progress that a newer one replaced there is a gap.
        data: with its ``type``.
    """

    id: int
    data: dict[str, Any]


class Job:
    """Work in steps, and what it tells meanwhile.

    Args:
        work: makes the steps; between two of them other jobs may have their turn.
        stays: whether it goes on when nobody watches.
    """

    def __init__(self, work: Callable[[Job], Iterator[None]], *, stays: bool = False):
        self.id, self.stays = secrets.token_hex(8), stays
        self.steps = work(self)
        self.began = self.unwatched_since = time.monotonic()
        self.done, self.of, self.now = 0, 0, ""
        self.ended = False
        self.cancelled = threading.Event()
        self._passes: list[int] | None = None
        self._told = 0.0
        self._events: list[Event] = []
        self._count = 0
        self._watchers: set[Callable[[], None]] = set()
        self._lock = threading.Lock()

    # --- telling

    def emit(self, kind: str, **fields: Any) -> None:
        """Tell something; after the job's end nothing is told."""
        with self._lock:
            self._append(kind, fields)

    def end(self, kind: str, **fields: Any) -> None:
        """Tell the last event."""
        with self._lock:
            self._append(kind, fields)
            self.ended = True
            for ring in self._watchers:
                ring()

    def _append(self, kind: str, fields: dict[str, Any]) -> None:
        if self.ended:
            return
        self._count += 1
        event = Event(self._count, plain({"type": kind, **fields}))
        if kind == "progress" and self._events and self._events[-1].data["type"] == "progress":
            self._events.pop()  # nobody needs to hear again how far it was before
        self._events.append(event)
        for ring in self._watchers:
            ring()

    @property
    def seconds(self) -> float:
        """Since the job was made."""
        return round(time.monotonic() - self.began, 3)

    def start(self, now: str, passes: int | None = None) -> None:
        """Tell which task begins.

        Args:
            now: the task, for people.
            passes: how many it will take, where that is known.
        """
        self.now, self._passes = now, None if passes is None else [0, passes]
        self._tell()

    def advance(self, passes: int) -> None:
        """Count passes of the present task, and tell them now and then."""
        if self._passes is not None and passes:
            self._passes[0] = min(self._passes[0] + passes, self._passes[1])
            if time.monotonic() - self._told > TELLING:
                self._tell()

    def complete(self, tasks: int = 1) -> None:
        """Count tasks as done."""
        self.done += tasks

    def _tell(self) -> None:
        self._told = time.monotonic()
        passes = None if self._passes is None else list(self._passes)
        self.emit("progress", done=self.done, of=self.of, now=self.now, passes=passes, seconds=self.seconds)

    def checkpoint(self) -> None:
        """Go on, or stop here.

        Raises:
            Cancelled: the job is no longer wanted.
        """
        if self.cancelled.is_set():
            raise Cancelled

    # --- listening

    def since(self, last: int) -> list[Event]:
        """The events after one, by its id."""
        with self._lock:
            return [event for event in self._events if event.id > last]

    @contextmanager
    def watched(self, ring: Callable[[], None]) -> Iterator[None]:
        """While somebody listens; `ring` is called from any thread whenever there is news."""
        with self._lock:
            self._watchers.add(ring)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(ring)
                self.unwatched_since = time.monotonic()

    def is_left_alone(self, patience: float) -> bool:
        """Whether nobody has listened for so many seconds."""
        with self._lock:
            alone = not self._watchers and time.monotonic() - self.unwatched_since > patience
        return alone and not self.ended and not self.stays


class Worker:
    """One daemon thread, in which jobs take turns: one step of each after the other."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._jobs: dict[str, Job] = {}
        self._news = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="crosslight-viewer", daemon=True)
        self._thread.start()

    def add(self, job: Job) -> Job:
        """Queue a job; the oldest finished ones are forgotten."""
        with self._news:
            over = [identity for identity, other in self._jobs.items() if other.ended]
            for identity in over[: max(0, len(over) - REMEMBERED + 1)]:
                del self._jobs[identity]
            self._jobs[job.id] = job
            self._waiting.append(job)
            self._news.notify()
        return job

    def find(self, identity: str) -> Job | None:
        """A job that is known still."""
        return self._jobs.get(identity)

    def cancel(self, job: Job) -> None:
        """Stop a job: at once where it waits for its turn, else before its next pass."""
        job.cancelled.set()
        with self._news:
            waits = job in self._waiting
            if waits:
                self._waiting.remove(job)
        if waits:
            _stop(job)

    def cancel_left_alone(self, patience: float) -> None:
        """Stop the jobs that nobody has listened to for so many seconds."""
        for job in list(self._jobs.values()):
            if job.is_left_alone(patience):
                self.cancel(job)

    def close(self, patience: float) -> bool:
        """Stop all; whether the thread came to its end within so many seconds."""
        with self._news:
            self._closed = True
            self._news.notify()
        for job in list(self._jobs.values()):
            self.cancel(job)
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                job = self._waiting.popleft()
            if _turn(job):
                with self._news:
                    self._waiting.append(job)
                if job.cancelled.is_set():
                    self.cancel(job)


def _turn(job: Job) -> bool:
    """One step of a job; whether there is more to do."""
    try:
        job.checkpoint()
        next(job.steps)
    except StopIteration:
        job.end("done", seconds=job.seconds)
    except Cancelled:
        _stop(job)
    except Exception as error:  # whatever goes wrong in one job, the others go on
        job.emit("failed", photo=None, model=None, method=None, reason=reason_of(error))
        job.end("done", seconds=job.seconds)
    else:
        return True
    return False


def _stop(job: Job) -> None:
    with suppress(BaseException):
        job.steps.close()  # type: ignore[attr-defined]
    job.end("cancelled", done=job.done, of=job.of)


def reason_of(error: Exception) -> str:
    """Why something failed, in one line that names no folder of this machine's."""
    text = _FOLDERS.sub("", " ".join(str(error).split()))
    return text if isinstance(error, CrosslightError) else f"{type(error).__name__}: {text}"
