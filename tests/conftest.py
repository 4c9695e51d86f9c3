"""Shared fixtures: real data where it is present, and one torch thread per test worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """One torch thread per worker: results do not depend on the machine, and workers do not fight."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and references; it is not part of the project."""
    folder = Path(os.environ.get("CROSSLIGHT_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("the folder of real data is not here; name it in CROSSLIGHT_SHARED")
    return folder


@pytest.fixture(scope="session")
def shared_data(shared: Path) -> Path:
    """Real classifiers and photographs."""
    return shared / "data"


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Starts ``crosslight`` with arguments as a process that Ctrl-C reaches.

    A shell that runs the tests in the background has them ignore the signal, and what they start inherits that.
    """

    def run(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "crosslight", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return run
