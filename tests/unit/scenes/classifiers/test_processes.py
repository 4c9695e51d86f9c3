from __future__ import annotations

import importlib
import sys
from collections import Counter

import pytest

from crosslight.scenes.classifiers.processes import run_each

WORKS = """
import os, signal, time
from crosslight.core.errors import ModelError

def work(what, tell):
    tell(1)
    tell(2)
    if what == "refuses":
        raise ModelError("there is no such thing")
    if what == "breaks":
        raise ZeroDivisionError("by nothing")
    if what == "dies":
        os.kill(os.getpid(), signal.SIGKILL)

def waits(what, tell):
    tell(os.getpid())
    time.sleep(1000)  # longer than a test may take
"""


@pytest.fixture
def works(tmp_path, monkeypatch):
    """A module that other processes can import."""
    (tmp_path / "works_of_others.py").write_text(WORKS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("works_of_others")
    del sys.modules["works_of_others"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_what_fails_is_told_and_stops_no_other(works):
    told = Counter()
    failed = run_each(works.work, ["dies", "refuses", "breaks", "works"], 2, lambda work, n: told.update({work: n}))
    assert sorted(failed) == [
        ("breaks", "ZeroDivisionError: by nothing"),
        ("dies", "its process was killed; there may be too little memory for so many at once"),
        ("refuses", "there is no such thing"),
    ]
    assert told == {"dies": 3, "refuses": 3, "breaks": 3, "works": 3}


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_interrupted_no_process_is_left(works):
    import os

    seen = []

    def stop(_, pid):
        seen.append(pid)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_each(works.waits, ["a", "b"], 2, stop)
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)
