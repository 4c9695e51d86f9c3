"""A page of runs alone, and the view of a study that has runs."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from crosslight.dynamics import open_history
from crosslight.dynamics.saving import save_history
from crosslight.report.learning.page import as_single_file, write_learning_page
from crosslight.report.learning.store import learning_of_store, open_runs, runs_in, save_scenes_runs
from crosslight.store import ImageEntry, Manifest, Store

from .conftest import made_up_history


def part(page: Path, name: str) -> Any:
    text = next(page.parent.glob(f"assets/*/{name}.js")).read_text("ascii")
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])


def test_a_page_has_all_runs_and_escapes_what_they_say(tmp_path: Path) -> None:
    history = made_up_history()
    page = write_learning_page(tmp_path, [("<b>", history), ("<b>", history)], command="crosslight dynamics x")
    text = page.read_text("utf-8")
    assert "<b>" not in text.replace("<b>", "", 0).split("<details>")[0]
    assert "cat & <dog>" not in text
    assert "crosslight dynamics x" in html.unescape(text)
    runs = part(page, "learning")["runs"]
    assert [run["label"] for run in runs] == ["<b> (1)", "<b> (2)"]
    assert part(page, "learning-1")["wide"] is False
    assert part(page, "learning-1-margin")["bytes"]
    assert runs[0]["note"] == "It is not recorded where the pictures are."
    names = re.findall(r'<a href="#(\w+)"', text[text.index('<nav class="top"') :])
    assert names[0] == "learning"
    single = as_single_file(page, tmp_path / "one.html").read_text("utf-8")
    assert 'id="part:learning-0-probability"' in single


def test_the_same_pictures_are_written_once(tmp_path: Path) -> None:
    from .conftest import write_pictures

    folder = write_pictures(tmp_path / "pictures", made_up_history(10, 2))
    runs = [(name, made_up_history(10, 2, source=folder)) for name in "ab"]
    page = write_learning_page(tmp_path / "page", runs)
    assert len(list(page.parent.glob("assets/*/learning-sheet-*.js"))) == 1
    parts = {run["pictures"]["part"] for run in part(page, "learning")["runs"]}
    assert parts == {"learning-sheet-0"}


def test_runs_of_a_study_are_found_and_damaged_ones_told(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store", Manifest("s", "s", (ImageEntry("a", "a.png", None),), 1))
    (tmp_path / "assets").mkdir()
    assert learning_of_store(store, tmp_path / "assets") is None
    save_history(made_up_history(), store.path / "dynamics" / "one")
    save_history(made_up_history(3, 0), store.path / "dynamics" / "empty")
    (store.path / "dynamics" / "broken" / "history").mkdir(parents=True)
    (store.path / "dynamics" / "broken" / "history" / "history.json").write_text("{")
    found = learning_of_store(store, tmp_path / "assets")
    assert found is not None
    assert found.labels == ("made up",)
    assert [note.split(" ")[0] for note in found.notes] == ["broken", "empty"]
    assert list(open_runs(store)) == ["made up"]


def test_runs_of_embedded_classifiers_are_put_into_a_store_once(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store", Manifest("s", "s", (ImageEntry("a", "a.png", None),), 1))
    made = save_scenes_runs(store, ["vit"])
    before = (made[0] / "history" / "history.json").stat().st_mtime_ns
    assert save_scenes_runs(store, ["vit"]) == made == runs_in(store.path / "dynamics")
    assert (made[0] / "history" / "history.json").stat().st_mtime_ns == before


def test_a_whole_history_is_written_and_read_back(tmp_path: Path) -> None:
    history = made_up_history()
    save_history(history, tmp_path)
    back = open_history(tmp_path)
    assert (back.ids, back.classes, back.facts) == (history.ids, history.classes, history.facts)
    for name in ("labels", "epochs", "predictions", "probability", "margin"):
        np.testing.assert_array_equal(getattr(back, name), getattr(history, name))
    for name, values in history.metrics.items():
        np.testing.assert_array_equal(back.metrics[name], values)


def test_a_page_needs_no_heavy_package() -> None:
    heavy = "[m for m in ('torch', 'matplotlib', 'zarr') if m in sys.modules]"
    code = f"import sys, crosslight.report.learning.following\nprint({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
