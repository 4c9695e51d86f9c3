"""What a linear model makes of the scenes: if colours and coarse layout were enough, there were nothing to explain.

``python -m crosslight.scenes.baseline`` trains on 4,000 pictures, tests on 1,000 and prints the accuracy.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .render import SceneBatch, scenes
from .world import Variant

Features = NDArray[np.float64]


def histogram_and_thumbnail(images: NDArray[np.uint8]) -> Features:
    """A colour histogram (8 x 8 x 8 cells, square roots of shares) and an 8 x 8 thumbnail of each picture.

    Args:
        images: ``[n, size, size, 3]``; the size is a multiple of 8.

    Returns:
        ``[n, 512 + 192]``.
    """
    n, size = images.shape[:2]
    cells = (images >> 5).astype(np.int64)
    codes = ((cells[..., 0] * 8 + cells[..., 1]) * 8 + cells[..., 2]).reshape(n, -1)
    counts = np.stack([np.bincount(row, minlength=512) for row in codes])
    blocks = images.reshape(n, 8, size // 8, 8, size // 8, 3).mean(axis=(2, 4)) / 255
    return np.hstack([np.sqrt(counts / codes.shape[1]), blocks.reshape(n, -1)])


def linear_accuracy(
    train: SceneBatch, test: SceneBatch, strengths: Sequence[float] = (1e-4, 1e-3, 1e-2, 1e-1)
) -> float:
    """The best test accuracy of a logistic regression over several strengths of its penalty.

    Args:
        train: pictures to train on.
        test: pictures to test on.
        strengths: inverse strengths of the penalty.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    x, x_test = histogram_and_thumbnail(train.images), histogram_and_thumbnail(test.images)
    scaler = StandardScaler().fit(x)
    x, x_test = scaler.transform(x), scaler.transform(x_test)
    models = (LogisticRegression(C=c, max_iter=300).fit(x, train.labels) for c in strengths)
    return max(float(model.score(x_test, test.labels)) for model in models)


if __name__ == "__main__":
    chosen: Variant = sys.argv[1] if len(sys.argv) > 1 else "clean"  # type: ignore[assignment]
    accuracy = linear_accuracy(scenes(4000, variant=chosen), scenes(1000, split="test", variant=chosen))
    print(f"linear model on colour histogram and thumbnail, {chosen}: {accuracy:.1%}")
