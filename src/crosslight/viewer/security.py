"""Who may ask: only pages of this very server that know its token, and nothing that a foreign page could send."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: on every answer
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: a header that no form of another page can send
MARK = "x-crosslight"
_SAFE = ("GET", "HEAD")
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Crosslight</title>
<link rel="icon" href="data:,">
</head>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1rem">
<h1 style="font-size: 1.4rem">{error}.</h1>
<p>{hint}. <code>crosslight view</code> prints it in its terminal; each start has a new one.</p>
</body>
</html>
"""


class Guard:
    """Lets through what comes from the viewer's own page, and puts the headers on every answer.

    Args:
        app: what answers.
        port: of the server.
        token: whoever knows it may ask.
    """

    def __init__(self, app: ASGIApp, port: int, token: str):
        self._app, self._token = app, token
        self._cookie = cookie_name(port)
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if port == 80:
            self._hosts |= {"127.0.0.1", "localhost", "[::1]"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return
        app = self._refusal(scope) or self._entrance(scope) or self._app

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await app(scope, receive, sending)

    def _refusal(self, scope: Scope) -> Response | None:
        """Why a request is refused, if it is."""
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            return _no(
                scope, "this server answers only to its own address", "open the address that crosslight view printed"
            )
        if not self._known(scope, headers):
            return _no(
                scope,
                "this page needs the token that crosslight view printed",
                "open the whole address, with ?token=... at its end",
            )
        if scope["method"] in _SAFE:
            return None
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host}":
            return _no(scope, "another page sent this request", "use the page of the viewer itself")
        if headers.get(MARK) != "1":
            return _no(scope, "this request lacks the header X-Crosslight: 1", "send that header with every change")
        return None

    def _known(self, scope: Scope, headers: Headers) -> bool:
        """Whether the request brings the token: in the cookie, or in the address."""
        # By hand: other servers of this machine set cookies too, and a strict parser stops at the first odd one.
        pairs = [part.strip().partition("=") for line in headers.getlist("cookie") for part in line.split(";")]
        brought = [value for name, _, value in pairs if name == self._cookie] + _tokens(scope)
        return any(hmac.compare_digest(text.encode(), self._token.encode()) for text in brought)

    def _entrance(self, scope: Scope) -> Response | None:
        """The way in: the token in the address becomes a cookie, and leaves the address."""
        if scope["path"] != "/" or scope["method"] not in _SAFE or not _tokens(scope):
            return None
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(self._cookie, self._token, path="/", httponly=True, samesite="strict")
        return answer


def cookie_name(port: int) -> str:
    """The name of the cookie, which cookies of other viewers on this machine do not share."""
    return f"crosslight-{port}"


def _tokens(scope: Scope) -> list[str]:
    query: Any = scope.get("query_string", b"")
    return parse_qs(query.decode("latin-1")).get("token", [])


def _no(scope: Scope, error: str, hint: str) -> Response:
    """A refusal: a page for a person who opens one, else JSON. The words are ours alone."""
    if scope["method"] in _SAFE and "text/html" in Headers(scope=scope).get("accept", ""):
        return HTMLResponse(_PAGE.format(error=error.capitalize(), hint=hint.capitalize()), status_code=403)
    return JSONResponse({"error": error, "hint": hint}, status_code=403)
