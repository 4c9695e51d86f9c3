from __future__ import annotations

import asyncio
import io
import socket
import struct
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from crosslight.viewer import photos as photos_module
from crosslight.viewer.photos import MAX_BYTES, Photos, read_body, shown_name
from crosslight.viewer.refusal import Refused

from .conftest import Running, encoded, picture


def run(work: Coroutine[Any, Any, bytes]) -> bytes:
    """In a thread of its own: Playwright leaves a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def test_a_photograph_is_kept_shown_and_dropped(viewer: Running) -> None:
    data = encoded(picture(1, (300, 200)))
    answer = viewer.ask("POST", "/api/photos", data, {"X-Name": "my%20cat%C3%A9.png"})
    photo = answer.json["id"]
    assert (answer.status, answer.json) == (201, {"id": photo, "name": "my caté.png", "width": 300, "height": 200})
    assert viewer.ask("POST", "/api/photos", data, {"X-Name": "other.png"}).status == 200
    shown = viewer.ask("GET", f"/api/photos/{photo}.jpg?side=150")
    assert (shown.status, shown.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(shown.body)).size == (150, 100)
    assert Image.open(io.BytesIO(viewer.ask("GET", f"/api/photos/{photo}.jpg").body)).size == (300, 200)
    assert viewer.ask("GET", f"/api/photos/{photo}.jpg?side=0").status == 422
    assert viewer.ask("GET", f"/api/photos/{photo}.jpg?side=99999").status == 422
    assert viewer.ask("DELETE", f"/api/photos/{photo}").status == 204
    assert viewer.ask("GET", f"/api/photos/{photo}.jpg").status == 404


def test_it_stands_upright(viewer: Running) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    picture(2, (120, 80)).save(buffer, "JPEG", exif=exif)
    answer = viewer.ask("POST", "/api/photos", buffer.getvalue())
    assert (answer.json["width"], answer.json["height"], answer.json["name"]) == (80, 120, "photograph")


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is large, with hardly a pixel in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"just some words", 415, "not an image but text"),
        (b"", 415, "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not an image"),
        (encoded(picture(3, (200, 200)), "JPEG")[:2000], 415, "truncated"),
        (png_header(10_000, 5_000), 413, "too many pixels"),
        (png_header(60_000, 60_000), 413, "too many pixels"),
        (encoded(picture(3, (4, 4))), 415, "too small"),
    ],
)
def test_what_is_no_usable_picture_is_refused(viewer: Running, data: bytes, status: int, words: str) -> None:
    answer = viewer.ask("POST", "/api/photos", data, {"X-Name": "holiday.png"})
    assert answer.status == status
    assert answer.json["error"].startswith("holiday.png: ")
    assert words in answer.json["error"]
    assert answer.json["hint"]


def test_forty_megapixels_are_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert photos_module.MAX_PIXELS == 40_000_000
    monkeypatch.setattr(photos_module, "MAX_PIXELS", 100 * 100)
    photos = Photos()
    photos.add(encoded(picture(0, (100, 100))), "fits")
    with pytest.raises(Refused, match="too many pixels"):
        photos.add(encoded(picture(0, (101, 100))), "does not")


def test_a_large_body_is_refused_and_never_held() -> None:
    held = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal held
        for _ in range(33):
            yield b"x" * 1_000_000
            held = max(held, tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="more than 2 MB") as refusal:
            run(read_body(body(), None, 2_000_000))
    finally:
        tracemalloc.stop()
    assert refusal.value.status == 413
    assert held < 6_000_000


def test_a_body_at_the_limit_is_whole() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"cd"

    assert run(read_body(body(), "4", 4)) == b"abcd"
    with pytest.raises(Refused):
        run(read_body(body(), "4", 3))


def test_the_server_refuses_33_megabytes(viewer: Running) -> None:
    assert MAX_BYTES == 32_000_000
    answer = viewer.ask("POST", "/api/photos", b"x" * 33_000_000)
    assert (answer.status, "32 MB" in answer.json["error"]) == (413, True)
    assert viewer.ask("GET", "/").status == 200


def test_a_body_announced_as_huge_is_not_read(viewer: Running) -> None:
    lines = [
        "POST /api/photos HTTP/1.1",
        f"Host: 127.0.0.1:{viewer.port}",
        f"Cookie: crosslight-{viewer.port}={viewer.token}",
        "X-Crosslight: 1",
        "Content-Length: 5000000000",
    ]
    with socket.create_connection(("127.0.0.1", viewer.port), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + b"x" * 1000)
        assert b" 413 " in connection.recv(1000).split(b"\r\n")[0]


def test_an_upload_that_breaks_off_is_no_fault(viewer: Running, capfd: pytest.CaptureFixture[str]) -> None:
    lines = [
        "POST /api/photos HTTP/1.1",
        f"Host: 127.0.0.1:{viewer.port}",
        f"Cookie: crosslight-{viewer.port}={viewer.token}",
        "X-Crosslight: 1",
        "Content-Length: 5000",
    ]
    with socket.create_connection(("127.0.0.1", viewer.port), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + b"x" * 1000)
    assert viewer.ask("GET", "/").status == 200
    time.sleep(0.1)
    assert "Traceback" not in capfd.readouterr().err


def test_the_oldest_unused_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos_module, "MAX_PHOTOS", 3)
    photos = Photos()
    first, second, third = (photos.add(encoded(picture(seed, (16, 16))), str(seed))[0] for seed in range(3))
    photos.get(first.id)
    photos.add(encoded(picture(9, (16, 16))), "new")
    assert len(photos) == 3
    assert photos.get(first.id) is first
    with pytest.raises(Refused, match="not here any more"):
        photos.get(second.id)
    assert photos.picture(second).size == (16, 16)  # whoever is at work with it still can
    assert photos.get(third.id) is third


def test_two_hundred_fit() -> None:
    photos = Photos()
    for number in range(201):
        photos.add(encoded(Image.new("RGB", (8, 8), (number, 0, 0))), "x")
    assert len(photos) == 200


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C:\\photos\\cat.jpg", "cat.jpg"),
        ("a%00b%0A.png", "ab.png"),
        ("%2F", "photograph"),
        ("x" * 500, "x" * 120),
    ],
)
def test_names_are_only_shown(text: str, name: str) -> None:
    assert shown_name(text) == name
