"""How the embedded classifiers of scenes learned, as histories."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .history import History


def scenes_history(name: str, folder: Path | None = None) -> History:
    """How a classifier of scenes learned: test pictures at every epoch.

    Args:
        name: such as ``vit``, or ``scenes/vit``.
        folder: where the record is; by default those that came with the package.

    Returns:
        Epochs are numbered from 1. Ids are the names of pictures in the source ``scenes``, or ``scenes:test:VARIANT``.

    Raises:
        UnknownNameError: there is no such classifier.
        ModelError: it is not recorded how it learned.
    """
    from ..scenes import CLASSES
    from ..scenes.classifiers import WEIGHTS, find_classifier, read_learning

    entry = find_classifier(name.removeprefix("scenes/"))
    learned = read_learning(entry, folder or WEIGHTS)
    epochs, pictures = learned.predictions.shape
    losses = learned.losses.astype(np.float64)
    facts: Mapping[str, Any] = {
        "model": f"scenes/{entry.name}",
        "label": entry.title,
        "images": "scenes" if entry.variant == "clean" else f"scenes:test:{entry.variant}",
        "split": "test",
        **entry.facts,
    }
    return History(
        classes=tuple(CLASSES),
        ids=tuple(f"test-{index:04}.ppm" for index in range(pictures)),
        labels=learned.labels.astype(np.int32),
        epochs=np.arange(1, epochs + 1, dtype=np.int32),
        predictions=learned.predictions.astype(np.uint16),
        probability=np.exp(-losses).astype(np.float16),
        margin=learned.margins.astype(np.float32),
        metrics={
            "train/loss": learned.train_loss.astype(np.float64),
            "train/accuracy": learned.train_accuracy.astype(np.float64),
            "validation/loss": losses.mean(axis=1),
            "validation/accuracy": learned.accuracy,
        },
        facts=facts,
    )
