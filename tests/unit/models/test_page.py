"""What the page on models shows is what the command line prints and what the table holds."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from crosslight.cli.app import app

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that made the page's picture and listings."""
    spec = importlib.util.spec_from_file_location("crosslight_docs_make_models", DOCS / "make_models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # its dataclass looks it up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["layers-regnet", "layers-vit"])
def test_listings_are_what_is_printed(script: ModuleType, name: str) -> None:
    arguments = script.LISTINGS[name]
    done = CliRunner().invoke(app, list(arguments), prog_name="crosslight")
    shown = (DOCS / "tables" / f"{name}.txt").read_text("utf-8")
    printed = [line.rstrip() for line in (*done.stdout.splitlines(), *done.stderr.splitlines())]
    assert shown == script.typed(arguments) + "".join(f"{line}\n" for line in printed)


def test_the_numbers_of_the_sweep_are_those_of_its_table(script: ModuleType) -> None:
    shown = (DOCS / "tables" / "models-sweep.inc").read_text("utf-8")
    assert shown == script.sweep_page(script.sweep_rows())


def test_shares_are_not_rounded_up_to_all(script: ModuleType) -> None:
    rows = [{"missed": ""}] * 1999 + [{"missed": "this, that"}]
    assert [script.share(target, rows) for target in ("this", "other")] == ["99.9 %", "100 %"]


def test_everything_the_script_makes_is_on_the_page(script: ModuleType) -> None:
    page = (DOCS / "rooms" / "models.rst").read_text("utf-8")
    for file in (*(f"tables/{name}.txt" for name in script.LISTINGS), "tables/models-sweep.inc"):
        assert f"../{file}" in page
    assert "../pictures/models-families.png" in page
