from __future__ import annotations

import pytest

from crosslight.store import durable


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a power cut would lose is not tried here, and waiting for the disk takes long."""
    monkeypatch.setattr(durable, "flush_all", lambda paths: None)
