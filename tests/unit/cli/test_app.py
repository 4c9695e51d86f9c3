from __future__ import annotations

import errno
import subprocess
import sys
import time

import pytest

import crosslight
from crosslight.cli import run as run_command
from crosslight.core.errors import ImageError, InputError

COMMANDS = (
    *("demo", "run", "explain", "agree", "score", "edit", "dissect", "tune", "train", "convergence"),
    *("dynamics", "report", "figure", "view", "export", "import", "models", "layers", "methods", "scenes"),
)


def test_alone_shows_help(call):
    result = call()
    assert result.status == 0
    assert all(f"  {name} " in result.out for name in COMMANDS)
    assert result.out == call("--help").out


def test_version(call):
    assert call("--version").out == f"crosslight {crosslight.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_documents_its_json(call, command):
    result = call(command, "--help")
    assert result.status == 0
    assert "--json" in result.out
    module = sys.modules[f"crosslight.cli.{command}{'_' if command == 'import' else ''}"]
    assert "With ``--json``" in (module.__doc__ or "")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["explain", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\nfrom crosslight.cli import main\n"
        f"sys.argv = ['crosslight', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print([m for m in ('torch', 'numpy', 'PIL', 'zarr', 'matplotlib') if m in sys.modules])"
    )
    began = time.process_time()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Usage: crosslight" in done.stdout
    assert time.process_time() - began < 5


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "crosslight", "no-such-command"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no-such-command" in done.stderr


def fails_with(monkeypatch, error):
    def broken(*_):
        raise error

    monkeypatch.setattr(run_command, "_run", broken)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError("no such thing"), 2, "error: no such thing\n"),
        (ImageError("no picture"), 2, "error: no picture\n"),
        (OSError(errno.ENOSPC, "No space left on device", "a/b"), 2, "error: a/b: No space left on device\n"),
        (KeyboardInterrupt(), 130, "interrupted; the same command goes on where it stopped\n"),
    ],
)
def test_expected_ends(call, monkeypatch, error, status, message):
    fails_with(monkeypatch, error)
    result = call("run", "s.toml", "--out", "o", "--json")
    assert (result.status, result.out, result.err) == (status, "", message)


def test_a_fault_of_ours_shows_where(call, monkeypatch):
    fails_with(monkeypatch, ZeroDivisionError("oops"))
    result = call("run", "s.toml", "--out", "o", "--json")
    assert (result.status, result.out) == (1, "")
    assert "Traceback" in result.err
    assert "in broken" in result.err
    assert "bug in Crosslight" in result.err


def test_wrong_options_are_bad_input(call):
    assert call("run").status == 2
    assert call("run", "s.toml", "--out", "o", "--limit", "0").status == 2
    assert "--no-such" in call("models", "--no-such").err
