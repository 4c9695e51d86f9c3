"""A viewer on a free port, and a way to ask it."""

from __future__ import annotations

import http.client
import io
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.viewer.server import Server


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Running:
    """A viewer that serves."""

    def __init__(self, server: Server):
        self.server, self.port, self.token = server, server.address.port, server.address.token
        listening = threading.Event()
        self.thread = threading.Thread(target=server.run, args=(lambda address: listening.set(),), daemon=True)
        self.thread.start()
        assert listening.wait(10)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str | None] | None = None) -> Answer:
        """One request as the page would send it; a header that is None is left out."""
        every = {"Cookie": f"crosslight-{self.port}={self.token}", "X-Crosslight": "1", **(headers or {})}
        sent = {name: value for name, value in every.items() if value is not None}
        content = json.dumps(body).encode() if isinstance(body, dict | list) else body
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def photo(self, data: bytes, name: str = "photo.png") -> str:
        """Drop a photograph; its id."""
        answer = self.ask("POST", "/api/photos", data, {"X-Name": name})
        assert answer.status in (200, 201), answer.body
        return str(answer.json["id"])

    def job(
        self, photos: list[str], models: list[Any], methods: list[Any], path: str = "/api/jobs", **more: Any
    ) -> str:
        """Begin a job; its id."""
        named = [{"name": method} if isinstance(method, str) else method for method in methods]
        answer = self.ask("POST", path, {"photos": photos, "models": models, "methods": named, **more})
        assert answer.status == 201, answer.body
        return str(answer.json["job"])

    def listen(
        self, job: str, last: int = 0, until: Callable[[dict[str, Any]], bool] = lambda event: False
    ) -> list[Any]:
        """The events of a job as (id, data) to its end, or until one comes that is waited for."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": f"crosslight-{self.port}={self.token}"} | ({"Last-Event-ID": str(last)} if last else {})
        connection.request("GET", f"/api/jobs/{job}/events", headers=headers)
        answer = connection.getresponse()
        found, number = [], 0
        try:
            for line in answer:
                if line.startswith(b"id: "):
                    number = int(line[4:])
                elif line.startswith(b"data: "):
                    found.append((number, json.loads(line[6:])))
                    if until(found[-1][1]):
                        break
        finally:
            connection.close()
        return found

    def events(self, job: str) -> list[dict[str, Any]]:
        """The events of a job to its end."""
        return [data for _, data in self.listen(job)]

    def stop(self) -> None:
        """End it."""
        self.server.stop()
        self.thread.join(10)


@pytest.fixture(scope="session")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A viewer without a study, whose jobs may be left alone for a second."""
    running = Running(Server(save=tmp_path_factory.mktemp("saves") / "here", patience=1.0, machine=False, warm=False))
    yield running
    running.stop()


def picture(seed: int = 0, size: tuple[int, int] = (120, 96)) -> Image.Image:
    """A smooth coloured picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def png() -> bytes:
    """A photograph."""
    return encoded(picture())


def of_type(events: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    """The events of some types."""
    return [event for event in events if event["type"] in kinds]


def wait_for(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def model_id(viewer: Running, label: str) -> int:
    """The id of a classifier."""
    return viewer.server.viewer.engine.classifiers.find(label)


def saves_of(viewer: Running) -> Path:
    """The folder of saved studies."""
    return viewer.server.viewer.saves.folder
