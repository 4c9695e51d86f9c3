"""A made-up run: images that are learned at different speeds, some never, with gaps and pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.dynamics import MISSING, UNKNOWN, History

NAMES = ("airplane", "bird", "cat & <dog>", "ship", "truck")


def made_up_history(
    images: int = 120,
    epochs: int = 9,
    classes: int = len(NAMES),
    *,
    gaps: bool = True,
    numbers: bool = True,
    source: str | Path | None = None,
    seed: int = 0,
) -> History:
    """A run like a real one.

    Args:
        gaps: whether some predictions and labels are missing.
        numbers: whether probabilities and margins are recorded.
        source: where the pictures are.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, images).astype(np.int32)
    hard = rng.beta(0.9, 2.2, images)
    predictions = np.empty((epochs, images), np.uint16)
    margin = np.empty((epochs, images), np.float32)
    for epoch in range(epochs):
        margin[epoch] = 4.5 * (1 - np.exp(-(epoch + 1) / 3)) * (1.15 - 1.9 * hard) + rng.normal(0, 1, images)
        other = (labels + rng.integers(1, max(2, classes), images)) % classes
        predictions[epoch] = np.where(margin[epoch] > 0, labels, other)
    probability = (1 / (1 + np.exp(-margin))).astype(np.float16)
    if gaps and images > 6 and epochs > 1:
        holes = rng.random((epochs, images)) < 0.04
        holes[:, 3] = True
        holes[1:, 4] = True
        predictions[holes], probability[holes], margin[holes] = MISSING, np.nan, np.nan
        nameless = np.array([5, 6])
        labels[nameless] = UNKNOWN
        probability[:, nameless] = np.nan
        margin[:, nameless] = np.nan
    falling = np.exp(-np.arange(epochs) / 3)
    metrics = {"train/loss": 2 * falling, "validation/loss": 1.8 * falling + 0.3, "train/accuracy": 1 - falling / 2}
    metrics["validation/loss"][1:2] = np.nan
    return History(
        classes=NAMES[:classes] if classes <= len(NAMES) else tuple(f"class {one}" for one in range(classes)),
        ids=tuple(f"picture-{one:04}.png" for one in range(images)),
        labels=labels,
        epochs=np.arange(1, epochs + 1, dtype=np.int32),
        predictions=predictions,
        probability=probability if numbers else None,
        margin=margin if numbers else None,
        metrics=metrics,
        facts={"model": "made up", "recipe": {"epochs": epochs, "rate": 0.1}}
        | ({"images": str(source)} if source else {}),
    )


def write_pictures(folder: Path, history: History) -> Path:
    """A plain picture for every image, in a colour of its own."""
    folder.mkdir(parents=True)
    for number, name in enumerate(history.ids):
        Image.new("RGB", (40, 32), (number % 256, 90, 255 - number % 256)).save(folder / name)
    return folder


@pytest.fixture
def history() -> History:
    return made_up_history()
