from __future__ import annotations

from pathlib import Path

import pytest

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.core.registry import Registry


def test_entries_come_back_in_order_of_name() -> None:
    table: Registry[int] = Registry("thing")
    assert table.add("b", 2) == 2
    table.add("a", 1)
    assert list(table) == ["a", "b"]
    assert dict(table) == {"a": 1, "b": 2}
    assert len(table) == 2
    assert "a" in table
    assert "c" not in table


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    table: Registry[int] = Registry("method")
    table.add("grad-cam", 1)
    with pytest.raises(UnknownNameError, match=r"unknown method 'gradcam'; did you mean 'grad-cam'\?"):
        table["gradcam"]
    assert table.get("gradcam") is None  # as of every mapping
    assert table.get("gradcam", 7) == 7
    assert table.get("grad-cam", 7) == 1


def test_a_name_is_taken_once() -> None:
    table: Registry[int] = Registry("method")
    table.add("a", 1)
    with pytest.raises(InputError, match="the method 'a' is registered already"):
        table.add("a", 2)
    assert table["a"] == 1


def test_it_is_filled_once_and_only_when_read() -> None:
    calls = []
    table: Registry[int] = Registry("thing", load=lambda: calls.append(table.add("late", 1)))
    table.add("early", 0)
    assert calls == []
    assert list(table) == ["early", "late"]
    assert table["late"] == 1
    assert calls == [1]


def plug_in(folder: Path, name: str, module: str, text: str) -> None:
    """An installed package with one entry point."""
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[crosslight.tests]\n{name} = {module}\n", encoding="utf-8")


def test_a_broken_plug_in_is_recorded_and_the_others_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(tmp_path, "bad", "crosslight_bad_plugin", "raise ValueError('boom')")
    plug_in(
        tmp_path,
        "good",
        "crosslight_good_plugin",
        "import builtins\nbuiltins._crosslight_table.add('good', 5)",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    table: Registry[int] = Registry("thing", group="crosslight.tests")
    monkeypatch.setattr("builtins._crosslight_table", table, raising=False)
    assert table["good"] == 5
    assert table.broken == {"bad": "ValueError: boom"}
