"""Values with their intervals on one scale, row by row: what the page draws with boxes of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..words import number

NAN = float("nan")
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Dot:
    """One row.

    Attributes:
        label: what it is.
        value: where the dot is; NaN where it is not known.
        low, high: interval around it.
        floor: what chance gives here.
        ceiling: what can be reached at best.
        look: CSS class of the dot.
        note: small, after the numbers.
    """

    label: str
    value: float
    low: float = NAN
    high: float = NAN
    floor: float = NAN
    ceiling: float = NAN
    look: str = ""
    note: str = ""


@dataclass(frozen=True)
class Dots:
    """Rows on one scale.

    Attributes:
        rows: from top to bottom.
        low, high: ends of the scale.
        ticks: values marked on it.
        zero: whether a line stands at 0.
        name: of the figure, for those who cannot see it.
    """

    rows: tuple[Dot, ...]
    low: float
    high: float
    ticks: tuple[float, ...]
    zero: bool = False
    name: str = ""

    def at(self, value: float) -> str:
        """Where a value stands, in per cent from the left; never outside the scale."""
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0.0), 1.0):.1f}"

    def length(self, low: float, high: float) -> str:
        """From one value to another, in per cent of the scale."""
        return f"{float(self.at(high)) - float(self.at(low)):.1f}"

    def tick(self, value: float) -> str:
        """How a tick is written."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 0.1
        return number(value, 0 if step >= 1 else 1 if math.isclose(step * 10, round(step * 10)) else 2)

    @property
    def floors(self) -> bool:
        """Whether some row has a floor."""
        return any(math.isfinite(row.floor) for row in self.rows)

    @property
    def ceilings(self) -> bool:
        """Whether some row has a ceiling."""
        return any(math.isfinite(row.ceiling) for row in self.rows)


def dots(
    rows: Sequence[Dot], *, within: tuple[float, float] | None = None, name: str = "", zero: bool = False
) -> Dots | None:
    """Rows on a scale that holds all of them; None without any value.

    Args:
        rows: from top to bottom.
        within: the scale; by default from the lowest to the highest value that is drawn.
        name: of the figure.
        zero: whether a line stands at 0.
    """
    drawn = [v for row in rows for v in (row.value, row.low, row.high, row.floor, row.ceiling) if math.isfinite(v)]
    if not any(math.isfinite(row.value) for row in rows):
        return None
    low, high = within or (min(drawn), max(drawn))
    if high - low < 0.05:  # so that differences of nothing do not look like much
        low, high = (low + high) / 2 - 0.025, (low + high) / 2 + 0.025
    ticks = scale(low, high)
    step = ticks[1] - ticks[0]
    first = ticks[0] if ticks[0] <= low + 1e-9 else ticks[0] - step
    last = ticks[-1] if ticks[-1] >= high - 1e-9 else ticks[-1] + step
    if within is not None:
        return Dots(tuple(rows), low, high, ticks, zero, name)
    ticks = tuple(float(t) for t in np.arange(round((last - first) / step) + 1) * step + first)
    return Dots(tuple(rows), first, last, ticks, zero, name)


def scale(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Round numbers within a range, two or more, `most` at most."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (*_STEPS, 20):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            break
    if last <= first:
        step, first = step / 2, math.ceil(2 * low / step - 1e-9)
        last = max(first + 1, math.floor(high / step + 1e-9))
    return tuple(round(i * step, 10) + 0.0 for i in range(first, last + 1))
