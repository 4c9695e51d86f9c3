"""Small classifiers and pictures for the tests of dissection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from crosslight.core.geometry import Preprocess
from crosslight.models import Classifier

SIZE = 24


class Small(nn.Module):
    """Two stages; one unit of the second is dead."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.stages = nn.Sequential(self._stage(6, 8), self._stage(8, 10))
        self.head = nn.Linear(10, 4)

    @staticmethod
    def _stage(before: int, after: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(before, after, 3, stride=2, padding=1), nn.Tanh())

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(inputs)).mean((-2, -1)))


def small(crop: float = 1.0) -> Classifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Small()
        with torch.no_grad():
            network.stages[1][0].weight[3] = 0  # tanh(0) is 0 on every picture
            network.stages[1][0].bias[3] = 0
    return Classifier(network, Preprocess.from_crop_pct((SIZE, SIZE), crop), label="small")


def photos(folder: Path, count: int, broken: tuple[int, ...] = ()) -> Path:
    rng = np.random.default_rng(0)
    folder.mkdir()
    for row in range(count):
        path = folder / f"p{row:02}.png"
        pixels = rng.integers(0, 256, (SIZE + row % 3 * 4, SIZE + row % 5 * 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        if row in broken:
            path.write_text("no picture")
    return folder
