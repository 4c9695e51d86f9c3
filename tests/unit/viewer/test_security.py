from __future__ import annotations

import socket

import pytest

from .conftest import Running

EVERYTHING = [
    *[("GET", path) for path in ("/", "/static/viewer.js", "/report/", "/saved/x/", "/api/state", "/nothing")],
    *[("GET", path) for path in ("/api/models/0/classes", "/api/photos/x.jpg", "/api/jobs/x/events")],
    *[("POST", path) for path in ("/api/photos", "/api/samples/x", "/api/jobs", "/api/save")],
    *[("DELETE", path) for path in ("/api/photos/x", "/api/jobs/x")],
]


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_nothing_is_said_without_the_token(viewer: Running, method: str, path: str) -> None:
    for headers in ({"Cookie": None}, {"Cookie": f"crosslight-{viewer.port}=wrong"}, {"Cookie": "crosslight-1=x"}):
        answer = viewer.ask(method, path, headers=headers)
        assert answer.status == 403
        assert "token" in answer.json["error"]
        assert viewer.token not in str(answer)


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_another_host_is_refused(viewer: Running, method: str, path: str) -> None:
    for host in (f"evil.example:{viewer.port}", "127.0.0.1:1", "127.0.0.1", f"127.0.0.1.evil.example:{viewer.port}"):
        assert viewer.ask(method, path, headers={"Host": host}).status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LocalHost"])
def test_its_own_names_are_not(viewer: Running, host: str) -> None:
    assert viewer.ask("GET", "/", headers={"Host": f"{host}:{viewer.port}"}).status == 200


@pytest.mark.parametrize(("method", "path"), [pair for pair in EVERYTHING if pair[0] != "GET"])
def test_changes_need_the_header_and_the_origin(viewer: Running, method: str, path: str) -> None:
    without = viewer.ask(method, path, headers={"X-Crosslight": None})
    assert (without.status, "X-Crosslight" in without.json["error"]) == (403, True)
    for origin in ("https://evil.example", "null", f"https://127.0.0.1:{viewer.port}", "http://127.0.0.1:1"):
        foreign = viewer.ask(method, path, headers={"Origin": origin})
        assert (foreign.status, "another page" in foreign.json["error"]) == (403, True)
    own = viewer.ask(method, path, headers={"Origin": f"http://127.0.0.1:{viewer.port}"})
    assert own.status != 403


def test_a_person_without_the_token_sees_a_page(viewer: Running) -> None:
    headers = {"Accept": "text/html,*/*"}
    for others in ({"Cookie": None}, {"Host": "evil.example"}):
        answer = viewer.ask("GET", "/<script>", headers=headers | others)
        assert (answer.status, answer.headers["content-type"].split(";")[0]) == (403, "text/html")
        assert b"crosslight view" in answer.body
        assert b"script" not in answer.body
        assert viewer.token.encode() not in answer.body
    assert viewer.ask("GET", "/", headers=headers).status == 200


def test_odd_cookies_of_other_servers_do_no_harm(viewer: Running) -> None:
    cookie = f'a[b]="2|1:0"; {{"x": 1}}; =; crosslight-{viewer.port}={viewer.token}; z=é'.encode("latin-1").decode(
        "latin-1"
    )
    assert viewer.ask("GET", "/", headers={"Cookie": cookie}).status == 200


def test_the_token_in_the_address_becomes_a_cookie(viewer: Running) -> None:
    answer = viewer.ask("GET", f"/?token={viewer.token}", headers={"Cookie": None})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"crosslight-{viewer.port}={viewer.token};")
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert viewer.ask("GET", "/", headers={"Cookie": cookie.split(";")[0]}).status == 200
    assert viewer.ask("GET", "/?token=wrong", headers={"Cookie": None}).status == 403


@pytest.mark.parametrize("path", ["/", "/api/state", "/nothing", "/static/viewer.js", "/api/photos/x.jpg"])
def test_headers_are_on_every_answer(viewer: Running, path: str) -> None:
    for cookie in ({}, {"Cookie": None}):
        headers = viewer.ask("GET", path, headers=cookie).headers
        assert "default-src 'none'; script-src 'self';" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] in ("no-store", "no-cache")
        assert "server" not in headers


def test_it_listens_on_this_machine_alone(viewer: Running) -> None:
    assert viewer.server._socket.getsockname()[0] == "127.0.0.1"
    with socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", viewer.port))
