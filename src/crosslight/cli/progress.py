"""Progress on standard error: a bar on a terminal, a line at every tenth of the work elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from .console import console, say

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import Task, TaskID

    from ..core.progress import Progress


def listener(unit: str = "evaluations") -> Progress:
    """What fits standard error: `Bar` on a terminal, else `Lines`."""
    return Bar(unit) if sys.stderr.isatty() else Lines(unit)


def duration(seconds: float) -> str:
    """A time for people: ``8 s``, ``2 min 05 s``, ``3 h 10 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def rate(done: int, seconds: float) -> str:
    """Speed for people."""
    speed = done / seconds if seconds > 0 else 0.0
    return f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.2g}/s"


class Lines:
    """A plain line at the start, at every tenth, and at the end."""

    def __init__(self, unit: str = "evaluations", clock: Callable[[], float] = time.monotonic):
        self.unit, self._clock, self._lock = unit, clock, Lock()
        self.total = self.done = self._tenths = 0
        self._began: float | None = None

    def start(self, total: int, what: str) -> None:
        """Work of `total` units begins."""
        self.total, self.done, self._tenths, self._began = total, 0, 0, self._clock()
        say(f"{what}: {total:,} {self.unit}" if total > 0 else f"{what}: nothing left to do")

    def advance(self, units: int, what: str) -> None:
        """`units` more are done."""
        with self._lock:
            self.done += units
            if self._began is None or self.total <= 0:
                return
            tenths = min(10, 10 * self.done // self.total)
            if tenths <= self._tenths:
                return
            self._tenths = tenths
            seconds = self._clock() - self._began
            left = seconds * max(0, self.total - self.done) / self.done
            end = f"{duration(left)} left" if self.done < self.total else f"in {duration(seconds)}"
            say(
                f"{10 * tenths:3d} %  {self.done:,} of {self.total:,} {self.unit}, {rate(self.done, seconds)}, {end}"
                f"  ({what})"
            )

    def message(self, text: str) -> None:
        """A line of its own."""
        say(text)

    def finish(self) -> None:
        """The last line, unless it stands there already."""
        if self._began is not None and self._tenths < 10 and self.total > 0:
            seconds = duration(self._clock() - self._began)
            say(f"ended after {self.done:,} of {self.total:,} {self.unit}, in {seconds}")
        self._began = None


class Bar:
    """A bar with units done and to do, rate and remaining time; messages scroll by above it."""

    def __init__(self, unit: str = "evaluations"):
        from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress
        from rich.text import Text

        class Amount(ProgressColumn):
            """Units done, of all, and per second."""

            def render(self, task: Task) -> Text:
                speed = rate(int(task.completed), task.elapsed or 0)
                return Text(f"{int(task.completed):,} / {int(task.total or 0):,} {unit}  {speed}")

        self._bar: RichProgress = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %", markup=False),
            Amount(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console(stderr=True),
            expand=True,
        )
        self._task: TaskID | None = None

    def start(self, total: int, what: str) -> None:
        """Work of `total` units begins."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(_short(what), total=total)
        self._bar.start()

    def advance(self, units: int, what: str) -> None:
        """`units` more are done."""
        if self._task is None:
            return
        self._bar.update(self._task, advance=units, description=_short(what))
        task = next(task for task in self._bar.tasks if task.id == self._task)
        if task.total is not None and task.completed > task.total:  # a tolerance asked for more than was planned
            self._bar.update(self._task, total=task.completed)

    def message(self, text: str) -> None:
        """A line above the bar."""
        self._bar.console.print(text)

    def finish(self) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()


def _short(what: str, length: int = 28) -> str:
    return what if len(what) <= length else what[: length - 1] + "…"
