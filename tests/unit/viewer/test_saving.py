from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.store import Store
from crosslight.study import Study
from crosslight.viewer.classifiers import Offer
from crosslight.viewer.saving import Saves, file_names, placed

from .conftest import Running, encoded, of_type, picture, saves_of, wait_for


def test_a_study_is_saved_run_and_served(viewer: Running) -> None:
    photos = [viewer.photo(encoded(picture(seed)), "../My Cat.jpg") for seed in (20, 21, 22)]
    methods = [{"name": "grad-cam", "settings": {"depth": 0.5}}, {"name": "saliency"}]
    asked = {"photos": photos, "models": [0, 6], "methods": methods, "target": {"kind": "class", "name": "cactus"}}
    answer = viewer.ask("POST", "/api/save", {"name": "My Cats", **asked})
    assert (answer.status, answer.json["folder"]) == (201, "my-cats")
    events = viewer.events(answer.json["job"])
    last = events[-1]
    assert last["type"] == "saved", events[-2:]
    assert (last["type"], last["folder"], last["report"]) == ("saved", "my-cats", "/saved/my-cats/index.html"), last
    assert {event["of"] for event in of_type(events, "progress")} == {6}
    folder = saves_of(viewer) / "my-cats"
    names = sorted(path.name for path in (folder / "photographs").iterdir())
    assert names == ["my-cat-2.png", "my-cat-3.png", "my-cat.png"]
    with Image.open(folder / "photographs" / "my-cat.png") as kept:
        np.testing.assert_array_equal(np.asarray(kept), np.asarray(picture(20)))
    study = Study.from_file(folder / "study.toml")
    assert (study.name, study.spec.study.target) == ("My Cats", "class:cactus")
    assert [model.name for model in study.spec.models] == ["scenes/resnet", "scenes/vit"]
    assert [(task.method.name, getattr(task.settings, "depth", None)) for task in study.spec.tasks] == [
        *[("grad-cam", 0.5), ("saliency", None)]
    ]
    store = Store.open(folder / "results")
    assert study.plan(folder / "results").remaining == 0
    assert len(store.map_sets()) == 4
    page = viewer.ask("GET", last["report"])
    assert (page.status, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert page.body == (folder / "results/report/index.html").read_bytes()
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in ("../study.toml", "..%2f..%2fstudy.toml", "%2e%2e/%2e%2e/study.toml", "/etc/passwd", "a%00b"):
        assert viewer.ask("GET", f"/saved/my-cats/{path}").status == 404


def test_cancelled_before_the_study_file_it_leaves_nothing(viewer: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = [viewer.photo(encoded(picture(30, (40, 40))), "a.png")]
    engine = viewer.server.viewer.engine
    really = engine.photos.picture
    holder: list[str] = []

    def slow(photo):  # type: ignore[no-untyped-def]
        wait_for(lambda: bool(holder))
        job = viewer.server.viewer.worker.find(holder[0])
        assert job is not None
        job.cancelled.set()
        return really(photo)

    monkeypatch.setattr(engine.photos, "picture", slow)
    answer = viewer.ask(
        "POST", "/api/save", {"name": "gone", "photos": photos, "models": [0], "methods": [{"name": "grad-cam"}]}
    )
    holder.append(answer.json["job"])
    assert viewer.events(answer.json["job"])[-1]["type"] == "cancelled"
    assert not (saves_of(viewer) / "gone").exists()


def test_cancelled_in_the_run_it_leaves_a_study_to_go_on_with(viewer: Running) -> None:
    photos = [viewer.photo(encoded(picture(31, (40, 40))), "a.png")]
    methods = [{"name": "kernel-shap", "settings": {"samples": 8192}}]
    job = viewer.job(photos, [0], methods, path="/api/save", name="half")
    viewer.listen(job, until=lambda event: "running" in event.get("now", "") and (event["passes"] or [0])[0] > 0)
    assert viewer.ask("DELETE", f"/api/jobs/{job}").status == 202
    assert viewer.events(job)[-1]["type"] == "cancelled"
    assert Study.from_file(saves_of(viewer) / "half" / "study.toml").plan(saves_of(viewer) / "half/results").remaining
    assert viewer.ask("GET", "/saved/half/index.html").status == 404


def test_a_method_for_no_model_is_told(viewer: Running) -> None:
    photos = [viewer.photo(encoded(picture(32, (40, 40))), "a.png")]
    events = viewer.events(viewer.job(photos, [0], ["attention-rollout"], path="/api/save", name="none"))
    assert "attention" in of_type(events, "failed")[0]["reason"]
    assert events[-1]["type"] == "done"


def test_a_study_needs_a_method(viewer: Running) -> None:
    photos = [viewer.photo(encoded(picture(32, (40, 40))), "a.png")]
    answer = viewer.ask("POST", "/api/save", {"name": "x", "photos": photos, "models": [0], "methods": []})
    assert (answer.status, "method" in answer.json["error"]) == (422, True)


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "..", ".", "", "a/../../b", "CON", "x" * 500, "${HOME}", "\0"]
)
def test_names_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    saves = Saves(tmp_path / "in")
    first, second = saves.reserve(name), saves.reserve(name)
    assert first != second
    for path in (first, second):
        assert path.resolve().parent == (tmp_path / "in").resolve()
        assert path.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not Saves(tmp_path / "file" / "x").possible
    assert Saves(tmp_path / "new" / "x").possible
    assert Saves(tmp_path).report_of("..") is None


def test_photographs_have_different_safe_names() -> None:
    assert file_names(["a.jpg", "A.png", "..", "a", "é/../b.JPG", "a-2.gif"]) == [
        *["a.png", "a-2.png", file_names([".."])[0], "a-3.png", "e-..-b.png", "a-2-2.png"]
    ]
    assert "/" not in file_names([".."])[0]
    assert not file_names([".."])[0].startswith(".")


def test_paths_of_a_model_are_made_absolute(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    named = {"name": "python:nets.py:build", "weights": "w.safetensors", "classes": "c.txt"}
    section = placed(Offer("x", named, "command line", base=tmp_path))
    assert section == {
        "name": f"python:{tmp_path / 'nets.py'}:build",
        "weights": str(tmp_path / "w.safetensors"),
        "classes": str(tmp_path / "c.txt"),
    }
    assert placed(Offer("x", {"name": "hf/./mine"}, "study", base=tmp_path))["name"] == f"hf/{tmp_path / 'mine'}"
    assert placed(Offer("x", {"name": "hf/a/b", "weights": "none"}, "study", base=tmp_path)) == {
        "name": "hf/a/b",
        "weights": "none",
    }
