"""The bundles in the package are those of the front end's sources, and these are well typed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
BUNDLES = [f"{room}/static/{room}.{kind}" for room in ("report", "viewer") for kind in ("js", "css")]

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (WEB / "node_modules" / "esbuild").is_dir(),
    reason="needs Node and the front end's packages (cd web && npm ci)",
)


@needs_node
def test_the_bundles_are_those_of_the_sources(tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", "--out", tmp_path], cwd=WEB, check=True, timeout=120)
    for name in BUNDLES:
        made, kept = tmp_path / name, ROOT / "src" / "crosslight" / name
        assert made.read_bytes() == kept.read_bytes(), f"{name} is not of these sources; run: make web"


@needs_node
def test_the_sources_are_well_typed() -> None:
    done = subprocess.run(
        ["node", "node_modules/typescript/bin/tsc", "--noEmit"], cwd=WEB, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_asks_nothing_of_other_places(name: str) -> None:
    text = (ROOT / "src" / "crosslight" / name).read_text(encoding="utf-8")
    code = re.sub(r"/\*!.*?\*/", "", text, flags=re.DOTALL)  # notices of licences name addresses
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'`)]*", code))
    assert {a for a in addresses if not a.startswith("http://www.w3.org/")} == set()


def test_the_notices_of_what_is_bundled_come_along() -> None:
    for room in ("report", "viewer"):
        text = (ROOT / "src" / "crosslight" / room / "static" / f"{room}.js").read_text(encoding="utf-8")
        assert "Copyright 2010-" in text
        assert "d3-scale" in text


def test_the_lock_file_names_no_place_to_load_from() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text(encoding="utf-8")
