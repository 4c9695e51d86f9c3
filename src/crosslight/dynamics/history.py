"""The history of a training run: every image's prediction at every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: stands for a prediction that was not recorded
MISSING = 65_535
#: stands for a label that is not known
UNKNOWN = -1


@dataclass(frozen=True)
class History:
    """What a classifier said of the same images after every epoch.

    Attributes:
        classes: names, by number.
        ids: of the images, in the order of the columns.
        labels: int32 ``[images]``: the true class, or `UNKNOWN`.
        epochs: int32 ``[epochs]``: their numbers, ascending, as they were given.
        predictions: uint16 ``[epochs, images]``: the predicted class, or `MISSING`.
        probability: float16 ``[epochs, images]``: of the true class, NaN where missing; None if none was recorded.
        margin: float32 ``[epochs, images]``: the true class's logit minus the largest other; None if none was recorded.
        metrics: float64 ``[epochs]`` by name, such as ``train/loss``, ``train/accuracy``, ``validation/loss``,
            ``validation/accuracy``; NaN where missing.
        facts: what was trained and how; ``images`` says where the pictures are (a source that `open_images` reads).
        remarks: what was odd in what was recorded, as sentences.
    """

    classes: tuple[str, ...]
    ids: tuple[str, ...]
    labels: NDArray[np.int32]
    epochs: NDArray[np.int32]
    predictions: NDArray[np.uint16]
    probability: NDArray[np.float16] | None = None
    margin: NDArray[np.float32] | None = None
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
