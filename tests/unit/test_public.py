"""The public interface: what can be imported, and that importing it is quick."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

import crosslight
from crosslight.core import errors

HEAVY = ("torch", "torchvision", "timm", "transformers", "scipy", "sklearn", "skimage", "zarr", "matplotlib")


def loaded_after(code: str) -> tuple[set[str], str]:
    """Which heavy packages a fresh interpreter has loaded after `code`, and what it printed."""
    report = f"import sys; print('LOADED', *[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=120
    )
    text, _, names = done.stdout.rpartition("LOADED")
    return set(names.split()), text


def test_import_is_light() -> None:
    assert loaded_after("import crosslight\ndir(crosslight)\ncrosslight.InputError")[0] == set()


def test_a_heavy_import_would_be_seen() -> None:
    assert "scipy" in loaded_after("import scipy")[0]


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_command_line_answers_without_torch(argument: str) -> None:
    code = f"""
import sys
from crosslight.cli import main
sys.argv = ["crosslight", {argument!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
    heavy, text = loaded_after(code)
    assert heavy == set()
    assert ("explain" if argument == "--help" else crosslight.__version__) in text


@pytest.mark.parametrize("name", crosslight.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(crosslight, name) is not None
    assert name in dir(crosslight)


def test_lazy_names_are_public_and_live_where_they_say() -> None:
    assert set(crosslight._HOMES) < set(crosslight.__all__)
    for home in crosslight._HOMES.values():
        assert find_spec(f"crosslight.{home}") is not None


def test_every_error_is_public() -> None:
    tree = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.CrosslightError)
    ]
    assert len(tree) >= 8
    for name in tree:
        assert name in crosslight.__all__
        assert getattr(crosslight, name) is getattr(errors, name)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(AttributeError, match=r"'load_modl'; did you mean 'load_model'"):
        crosslight.load_modl  # noqa: B018
    assert not hasattr(crosslight, "nothing_of_the_kind")
