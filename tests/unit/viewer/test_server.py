from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.study import Study
from crosslight.viewer.app import STATIC
from crosslight.viewer.server import Server

from .conftest import Running, encoded, of_type, picture, wait_for


def test_the_page_loads_only_its_own_files(viewer: Running) -> None:
    page = viewer.ask("GET", "/")
    text = page.body.decode()
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<main id="viewer"></main>' in text
    assert '<meta name="viewport"' in text
    assert "<noscript>" in text
    assert "//" not in text
    for name, kind in (("viewer.js", "javascript"), ("viewer.css", "css")):
        assert f'"/static/{name}"' in text
        answer = viewer.ask("GET", f"/static/{name}")
        assert (answer.status, kind in answer.headers["content-type"]) == (200, True)
        assert answer.body == (STATIC / name).read_bytes()
    for path in ("../app.py", "..%2fapp.py", "%2e%2e%2fapp.py", "", "nothing.js"):
        assert viewer.ask("GET", f"/static/{path}").status == 404


def test_state_says_what_there_is(viewer: Running) -> None:
    state = viewer.ask("GET", "/api/state").json
    assert state["port"] == viewer.port
    assert (state["study"], state["save"], state["device"]) == (None, True, "cpu")
    assert state["limits"] == {"bytes": 32_000_000, "pixels": 40_000_000, "photos": 200, "tasks": 2000}
    assert [model["id"] for model in state["models"]] == list(range(len(state["models"])))
    resnet = state["models"][0]
    assert (resnet["label"], resnet["source"], resnet["origin"]) == ("ResNet", "scenes/resnet", "scenes")
    assert (resnet["input"], resnet["family"]) == ([96, 96], "convolutional")
    assert resnet["accuracy"] > 0.9
    assert state["samples"]
    assert str(Path.home()) not in json.dumps(state)
    assert viewer.ask("POST", "/api/state").status == 405
    assert viewer.ask("GET", "/nothing").json["error"] == "there is nothing here"


def test_classes(viewer: Running) -> None:
    assert viewer.ask("GET", "/api/models/0/classes").json["classes"][:2] == ["sailboat", "lighthouse"]
    assert viewer.ask("GET", "/api/models/999/classes").status == 422
    assert viewer.ask("GET", "/api/models/x/classes").status == 404


def test_samples_of_scenes(viewer: Running) -> None:
    sample = viewer.ask("GET", "/api/state").json["samples"][0]
    answer = viewer.ask("POST", f"/api/samples/{sample['id']}")
    assert (answer.status, answer.json["name"], answer.json["width"]) == (201, sample["name"], 96)
    assert viewer.ask("POST", f"/api/samples/{sample['id']}").status == 200
    small = viewer.ask("GET", f"/api/samples/{sample['id']}.jpg?side=48")
    assert (small.status, small.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(small.body)).size == (48, 48)
    assert viewer.ask("GET", "/api/samples/none.jpg").status == 404
    assert viewer.ask("GET", f"/api/samples/{sample['id']}.jpg?side=x").status == 422
    assert viewer.ask("POST", "/api/samples/..%2f..").status == 404
    (prediction,) = of_type(viewer.events(viewer.job([answer.json["id"]], [0], [])), "prediction")
    assert prediction["top"][0]["name"] in sample["name"]


def test_there_is_no_report_without_a_study(viewer: Running) -> None:
    assert viewer.ask("GET", "/report/index.html").status == 404


def test_a_fault_is_told_as_one(
    viewer: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise RuntimeError("secret place")

    monkeypatch.setattr(viewer.server.viewer.samples, "describe", broken)
    answer = viewer.ask("GET", "/api/state")
    assert (answer.status, answer.json["error"]) == (500, "a fault of Crosslight")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"secret" not in answer.body
    assert "secret place" in capsys.readouterr().err


@pytest.fixture(scope="module")
def with_study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A viewer of a small study with a report."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "photos").mkdir()
    for number in range(2):
        picture(40 + number).save(folder / "photos" / f"p{number}.png")
    tables = {
        "study": {"name": "two"},
        "images": {"source": "photos"},
        "models": [
            {"name": "scenes/resnet", "label": "Mine"},
            {"name": "scenes/vit", "weights": "none", "label": "Raw"},
        ],
        "methods": [{"name": "grad-cam"}],
    }
    Study.from_dict(tables, base=folder).run(folder / "out", device="cpu")
    (folder / "out/report/assets").mkdir(parents=True)
    (folder / "out/report/index.html").write_text("<p>the report")
    (folder / "out/report/assets/a.js").write_text("1")
    (folder / "out/report/away").symlink_to(folder / "photos")
    running = Running(
        Server(folder / "out", ["scenes/levit"], weights="none", save=folder / "saves", machine=False, warm=True)
    )
    yield running
    running.stop()


def test_the_study_and_its_report_are_there(with_study: Running) -> None:
    state = with_study.ask("GET", "/api/state").json
    assert state["study"] == {"name": "two", "report": True}
    offered = {model["label"]: model["origin"] for model in state["models"]}
    assert "Mine" not in offered  # the same as one that came with the package
    assert (offered["Raw"], offered["scenes/levit"]) == ("study", "command line")
    for path in ("", "index.html"):
        assert with_study.ask("GET", f"/report/{path}").body == b"<p>the report"
    assert with_study.ask("GET", "/report/assets/a.js").body == b"1"
    for path in (
        "../study.json",
        "..%2fstudy.json",
        "%2e%2e/study.json",
        "/etc/passwd",
        "%2fetc/passwd",
        "away/p0.png",
    ):
        assert with_study.ask("GET", f"/report/{path}").status == 404, path
    assert with_study.ask("GET", "/report/assets").status == 404


def test_samples_of_a_study(with_study: Running) -> None:
    samples = with_study.ask("GET", "/api/state").json["samples"]
    assert [sample["name"] for sample in samples] == ["p0.png", "p1.png"]
    answer = with_study.ask("POST", f"/api/samples/{samples[0]['id']}")
    assert (answer.status, answer.json["id"]) == (201, samples[0]["id"])


def test_random_weights_are_those_of_the_study(with_study: Running) -> None:
    photo = with_study.ask("POST", f"/api/samples/{with_study.ask('GET', '/api/state').json['samples'][0]['id']}")
    events = with_study.events(with_study.job([photo.json["id"]], ["Raw"], []))
    store = with_study.server.viewer.store
    assert store is not None
    assert of_type(events, "prediction")[0]["top"][0]["index"] == store.predictions("Raw").top1[0]


def test_classifiers_are_warmed_without_being_asked(with_study: Running) -> None:
    loaded = with_study.server.viewer.engine.classifiers
    wanted = [number for number, offer in enumerate(loaded.offers) if offer.origin in ("scenes", "command line")]
    assert wait_for(lambda: all(loaded.is_loaded(number) for number in wanted), 20)


def test_bad_input_is_told_before_it_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="is taken by another program: name another one"):
            Server(port=taken.getsockname()[1], machine=False, warm=False)
    with pytest.raises(UnknownNameError, match="did you mean 'scenes/resnet'"):
        Server(models=["scenes/resnett"])
    with pytest.raises(InputError, match="no Crosslight study"):
        Server(tmp_path)
    with pytest.raises(InputError, match="no such device"):
        Server(device="abacus")


def test_ctrl_c_ends_it_at_once_in_the_middle_of_work(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "crosslight", "view", "--json", "--no-open", "--save", str(tmp_path / "s")]
    environment = os.environ | {"HF_HOME": str(tmp_path), "TORCH_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        assert set(address) == {"url", "port", "token", "models", "methods"}
        port, headers = (
            address["port"],
            {"Cookie": f"crosslight-{address['port']}={address['token']}", "X-Crosslight": "1"},
        )

        def post(path: str, body: bytes) -> dict[str, object]:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("POST", path, body, headers)
            return dict(json.loads(connection.getresponse().read()))

        photo = post("/api/photos", encoded(picture(0)))["id"]
        methods = [{"name": "rise", "settings": {"masks": 60_000}}]
        job = post("/api/jobs", json.dumps({"photos": [photo], "models": [0], "methods": methods}).encode())["job"]
        listening = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        listening.request("GET", f"/api/jobs/{job}/events", headers=headers)
        events = listening.getresponse()
        while b'"RISE' not in events.readline():
            pass
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 2
        _, said = process.communicate()
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "stopped"
