"""The docs say something about everything there is: rooms, modules, methods, commands."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from crosslight.methods import METHODS, card_of
from crosslight.report.view_cards import VIEW_CARDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "src" / "crosslight"


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    """The module that makes pages from the code."""
    spec = importlib.util.spec_from_file_location("crosslight_docs_pages", DOCS / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_module_is_in_the_reference(pages: ModuleType) -> None:
    documented = re.findall(r"^\.\. automodule:: (\S+)$", "\n".join(pages.reference(PACKAGE).values()), re.MULTILINE)
    files = [file.relative_to(PACKAGE.parent).with_suffix("") for file in PACKAGE.rglob("*.py")]
    modules = {".".join(file.parts).removesuffix(".__init__") for file in files}
    public = {name for name in modules if "._" not in name} - {"crosslight"}
    assert sorted(documented) == sorted(public)
    assert "crosslight.core.errors" in documented


def test_private_modules_are_not(pages: ModuleType, tmp_path: Path) -> None:
    for name in ("__init__", "__main__", "room/__init__", "room/open", "room/_hidden", "_attic/__init__", "_attic/a"):
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / f"{name}.py").touch()
    assert list(pages.public_modules(tmp_path / "p")) == ["p", "p.room", "p.room.open"]


def test_every_room_has_its_page_and_the_index_leads_to_it() -> None:
    index = (DOCS / "index.rst").read_text(encoding="utf-8")
    rooms = sorted(folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file())
    assert "core" in rooms
    for room in rooms:
        page = DOCS / "rooms" / f"{room}.rst"
        assert page.is_file(), f"docs/rooms/{room}.rst is missing"
        assert len(page.read_text(encoding="utf-8").split()) > 50
        assert f"rooms/{room}\n" in index


def test_every_method_and_setting_is_listed(pages: ModuleType) -> None:
    text = pages.methods()
    assert "grad-cam" in METHODS
    for name, spec in METHODS.items():
        assert f"``{name}``" in text
        assert spec.reference in text
        section = text.split(f"\n{name}\n~~~", 1)[1]
        for key in spec.settings.model_fields:
            assert f"``{key}``" in section


def test_the_card_of_every_method_is_shown(pages: ModuleType) -> None:
    text = pages.methods()
    for name, spec in METHODS.items():
        card = card_of(spec)
        section = text.split(f"\n{name}\n~~~", 1)[1].split("\n~~~", 1)[0]
        assert f":Asks for: {card.asks}\n" in section
        assert f":Costs: {card.costs}\n" in section
        for sentence in card.misleads:
            assert f"   * {pages.escaped(sentence)}\n" in section
        assert (card.link or card.reference) in section


def test_every_view_is_on_its_page(pages: ModuleType) -> None:
    assert "generated/views.inc" in (DOCS / "views.rst").read_text(encoding="utf-8")
    assert "   views\n" in (DOCS / "index.rst").read_text(encoding="utf-8")
    text = pages.views()
    for card in VIEW_CARDS:
        section = text.split(f"{card.title}\n---", 1)[1].split("\n---", 1)[0]
        for question, answer in card.answers():
            assert f"   * - {question}\n     - {pages.escaped(answer)}\n" in section


def test_plain_text_stays_plain(pages: ModuleType) -> None:
    assert pages.escaped("a * b_ `c` |d|") == r"a \* b\_ \`c\` \|d\|"


def test_every_setting_says_what_it_does() -> None:
    for name, spec in METHODS.items():
        for key, field in spec.settings.model_fields.items():
            assert field.description, f"{name}: {key} has no description"


def test_every_public_name_is_listed(pages: ModuleType) -> None:
    import crosslight

    text = pages.public_names()
    for name in set(crosslight.__all__) - {"__version__"}:
        assert f"``crosslight.{name}``" in text


def test_fences_become_blocks(pages: ModuleType) -> None:
    lines = ["One.", "```", "a", "  b", "```", "Two.", "```python", "x", "```"]
    assert pages.fences_to_blocks(lines) == [
        *["One.", "", ".. code-block:: text", "", "   a", "     b", "", "Two."],
        *["", ".. code-block:: python", "", "   x", ""],
    ]


def commands() -> set[str]:
    """The commands that ``crosslight --help`` lists, as a user sees them."""
    done = subprocess.run(
        [sys.executable, "-c", "from crosslight.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
        timeout=120,
        check=True,
    )
    listed = re.split(r"Commands", done.stdout, maxsplit=1)[1]
    return set(re.findall(r"^[│|\s]*([a-z][a-z-]*)\s{2,}\S", listed, re.MULTILINE))


def test_every_command_is_on_its_page() -> None:
    page = (DOCS / "rooms" / "cli.rst").read_text(encoding="utf-8")
    written = set(re.findall(r"``crosslight ([a-z-]+)", page))
    assert {"run", "explain", "report", "models", "methods"} <= commands()
    assert written == commands()
