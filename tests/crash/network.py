"""Two tiny networks for the crash test. They tell the driver, where there is one, of every image they see."""

from __future__ import annotations

import sys

from torch import Tensor, nn


class Tiny(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, width, 3, stride=2, padding=1),
            nn.Tanh(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.Tanh(),
        )
        self.head = nn.Linear(2 * width, 7)

    def forward(self, inputs: Tensor) -> Tensor:
        driver = sys.modules["__main__"]
        if hasattr(driver, "passing"):
            driver.passing(len(inputs))
        return self.head(self.features(inputs).mean((-2, -1)))


def narrow() -> Tiny:
    return Tiny(4)


def wide() -> Tiny:
    return Tiny(6)
