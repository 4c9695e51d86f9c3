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


def trained(num_classes: int = 3) -> nn.Module:
    """A network with statistics and dropout, whose preprocessing is its own."""
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(8, num_classes),
    )
    network.pretrained_cfg = {"input_size": (3, 16, 16), "crop_pct": 1.0, "num_classes": num_classes}
    return network
