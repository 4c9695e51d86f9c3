"""Pictures made for the tests."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Encodes a picture as a file's bytes."""

    def encode(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
        file = BytesIO()
        picture.save(file, format, **options)
        return file.getvalue()

    return encode


@pytest.fixture(scope="session")
def noise() -> Callable[..., Image.Image]:
    """A picture of random colours, blurred enough that JPEG keeps it."""

    def noise(width: int = 40, height: int = 30, seed: int = 0, mode: str = "RGB") -> Image.Image:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        return Image.fromarray(pixels).convert(mode)

    return noise


@pytest.fixture
def photos(tmp_path: Path, noise: Callable[..., Image.Image]) -> Path:
    """A folder with two classes: cat (img1, img2, img10) and dog (a, b)."""
    root = tmp_path / "photos"
    for seed, name in enumerate(["cat/img10.png", "cat/img2.PNG", "cat/img1.png", "dog/deep/b.jpg", "dog/a.jpg"]):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise(seed=seed).save(path)
    return root
