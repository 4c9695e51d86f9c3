"""So many of so many, with the interval that the number allows."""

from __future__ import annotations

import math
from dataclasses import dataclass

_NORMAL = 1.959963984540054  # within so many standard deviations lies 95 % of a normal distribution


@dataclass(frozen=True)
class Share:
    """So many right of so many.

    Attributes:
        right: how many, from 0 to `of`.
        of: of how many, at least 1.
    """

    right: int
    of: int

    @property
    def value(self) -> float:
        """The share, in [0, 1]."""
        return self.right / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, within [0, 1].

        Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927 (score interval).
        """
        z2 = _NORMAL**2
        middle = (self.value + z2 / (2 * self.of)) / (1 + z2 / self.of)
        half = math.sqrt(self.value * (1 - self.value) / self.of + z2 / (4 * self.of**2)) * _NORMAL / (1 + z2 / self.of)
        return max(0.0, middle - half), min(1.0, middle + half)
