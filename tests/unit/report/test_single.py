"""The report in one file: everything is in it, reads back as it was, and nothing else is asked for."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from crosslight.core.errors import InputError
from crosslight.report import build_report
from crosslight.report.single import part_of, single_file
from crosslight.store import Store

ELEMENT = re.compile(r'<script type="application/octet-stream" id="part:([^"]+)">([^<]*)</script>')


def parts_in(page: Path) -> dict[str, Any]:
    """Every part that a single file carries."""
    found = ELEMENT.findall(page.read_text("utf-8"))
    return {name: json.loads(zlib.decompress(base64.b64decode(packed), -15)) for name, packed in found}


def test_everything_beside_the_page_is_in_the_file_as_it_was(study: Store, tmp_path: Path) -> None:
    page = build_report(study)
    out = single_file(page, tmp_path / "sent" / "report.html")
    parts = parts_in(out)
    (assets,) = (page.parent / "assets").iterdir()
    names = set()
    for path in assets.iterdir():
        if path.name in ("report.js", "report.css"):
            assert path.read_text("utf-8") in out.read_text("utf-8")
            continue
        name, content = part_of(path)
        names.add(name)
        assert parts[name] == json.loads(content)
        if name.startswith("file:"):
            assert base64.b64decode(parts[name]["bytes"]) == path.read_bytes()
        else:
            assert path.read_text("ascii").startswith(f'crosslight.part("{name}",')
    assert names == set(parts)
    assert {"data", "overview", "classes", "classes-0", "maps-0-0", "photographs-0", "file:study.toml"} <= names


def test_the_file_names_no_other(study: Store) -> None:
    page = build_report(study, single=True)
    assert page == study.path / "report.html"
    assert not (study.path / "report").exists()
    text = ELEMENT.sub("", page.read_text("utf-8"))
    head, script = text.split("<script>", 1)
    assert "assets/" not in head
    assert re.findall(r'<script[^>]*src=|<link rel="stylesheet"', head) == []
    assert [address for address in re.findall(r'src="([^"]*)"', head) if not address.startswith("data:")] == []
    body = script[: script.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in head
    assert "<body data-single>" in head


def test_a_page_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "index.html"
    other.write_text("<body>hello</body>")
    with pytest.raises(InputError, match="names no folder of assets"):
        single_file(other, tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()
