"""Scenes that several tests look at, made once."""

from __future__ import annotations

import pytest

from crosslight.scenes import Scene, scene


@pytest.fixture(scope="session")
def some() -> list[Scene]:
    """Sixty clean scenes."""
    return [scene(index, split="val") for index in range(60)]
