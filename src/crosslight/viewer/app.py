"""What the server answers."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ..__about__ import __version__
from ..core.errors import CrosslightError
from ..core.plain import plain
from .asking import MAX_TASKS, Asked, read_job
from .engine import Engine
from .explaining import explaining
from .jobs import Job, Worker, reason_of
from .offered_methods import describe_methods
from .photos import MAX_BYTES, MAX_PHOTOS, MAX_PIXELS, MAX_SIDE, jpeg, read_body, safely
from .refusal import Refused
from .samples import Samples
from .saving import Saves, check_saving, saving
from .security import Guard

if TYPE_CHECKING:
    from ..store import Store

STATIC = Path(__file__).parent / "static"
#: bytes of a request that is JSON
_MAX_JSON = 1_000_000
#: seconds of silence after which a stream shows that it lives
_SILENCE = 10.0
#: uploads that are read, and pictures that are decoded, at once
_UPLOADS, _DECODED = 6, 3

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Crosslight</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/viewer.css">
<script src="/static/viewer.js" defer></script>
</head>
<body>
<main id="viewer"></main>
<noscript>This page needs JavaScript, which comes from this machine alone.</noscript>
</body>
</html>
"""


@dataclass
class Viewer:
    """All that a server works with.

    Attributes:
        engine: computes, with the classifiers and photographs.
        worker: the thread in which it does.
        samples: pictures to try.
        saves: where studies are saved.
        store: of OUT, or None.
        device: as the person asked for it.
        patience: seconds after which a job that nobody listens to is stopped.
        closing: set when the server stops.
    """

    engine: Engine
    worker: Worker
    samples: Samples
    saves: Saves
    store: Store | None = None
    device: str = "auto"
    patience: float = 30.0
    port: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_UPLOADS))
    decoding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_DECODED))

    # --- what there is

    async def page(self, request: Request) -> Response:
        """The page."""
        return HTMLResponse(_PAGE)

    async def static(self, request: Request) -> Response:
        """The page's script and style."""
        return _file(STATIC, request.path_params["name"], {"Cache-Control": "no-cache"})

    async def report(self, request: Request) -> Response:
        """The report of OUT."""
        if self.store is None:
            raise Refused(404, "there is no study here", "name its folder: crosslight view OUT")
        return _file(self.store.path / "report", request.path_params["path"])

    async def saved(self, request: Request) -> Response:
        """The report of a study that was saved."""
        folder = self.saves.report_of(request.path_params["name"])
        if folder is None:
            raise Refused(404, "there is no such study", "save one first")
        return _file(folder, request.path_params["path"])

    async def state(self, request: Request) -> Response:
        """All that the page needs to begin."""
        store = self.store
        has_report = store is not None and (store.path / "report" / "index.html").is_file()
        return _json(
            {
                "version": __version__,
                "port": self.port,
                "study": None if store is None else {"name": store.manifest.name, "report": has_report},
                "device": str(self.engine.classifiers.device),
                "limits": {"bytes": MAX_BYTES, "pixels": MAX_PIXELS, "photos": MAX_PHOTOS, "tasks": MAX_TASKS},
                "save": self.saves.possible,
                "models": self.engine.classifiers.describe(),
                "methods": describe_methods(),
                "samples": self.samples.describe(),
            }
        )

    async def classes(self, request: Request) -> Response:
        """The classes of a classifier."""
        number = self.engine.classifiers.find(request.path_params["id"])
        try:
            classifier = await run_in_threadpool(self.engine.classifiers.load, number)
        except CrosslightError as error:
            raise Refused(422, reason_of(error), "choose another model") from None
        return _json({"classes": [classifier.class_name(index) for index in range(classifier.outputs)]})

    # --- photographs

    async def add_photo(self, request: Request) -> Response:
        """A photograph that was dropped."""
        async with self.uploads:
            data = await read_body(request.stream(), request.headers.get("content-length"))
            return await self._keep(data, request.headers.get("x-name", ""))

    async def add_sample(self, request: Request) -> Response:
        """One of the samples as a photograph."""
        data, name = await run_in_threadpool(self.samples.read, request.path_params["id"])
        return await self._keep(data, name)

    async def _keep(self, data: bytes, name: str) -> Response:
        async with self.decoding:
            photo, new = await run_in_threadpool(self.engine.photos.add, data, name)
        return _json(photo.facts(), 201 if new else 200)

    async def show_sample(self, request: Request) -> Response:
        """One of the samples as JPEG, to choose from; it is not kept."""
        side = _side(request, "160")

        def drawn() -> bytes:
            data, name = self.samples.read(request.path_params["id"])
            return jpeg(safely(data, name), side)

        async with self.decoding:
            return Response(await run_in_threadpool(drawn), media_type="image/jpeg")

    async def show_photo(self, request: Request) -> Response:
        """A photograph as JPEG."""
        photo, side = self.engine.photos.get(request.path_params["id"]), _side(request, "640")
        async with self.decoding:
            return Response(await run_in_threadpool(self.engine.photos.shown, photo, side), media_type="image/jpeg")

    async def drop_photo(self, request: Request) -> Response:
        """Forget a photograph."""
        self.engine.photos.forget(request.path_params["id"])
        return Response(status_code=204)

    # --- jobs

    async def add_job(self, request: Request) -> Response:
        """Begin to explain."""
        asked = await self._asked(request)
        job = self.worker.add(Job(lambda job: explaining(job, asked, self.engine)))
        return _json({"job": job.id, "tasks": asked.count}, 201)

    async def save(self, request: Request) -> Response:
        """Begin to save."""
        asked = await self._asked(request)
        check_saving(asked)
        folder = await run_in_threadpool(self.saves.reserve, asked.name)
        work = Job(lambda job: saving(job, asked, self.engine, folder, self.device), stays=True)
        return _json({"job": self.worker.add(work).id, "folder": folder.name}, 201)

    async def _asked(self, request: Request) -> Asked:
        body = await read_body(request.stream(), request.headers.get("content-length"), _MAX_JSON)
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, "the request is not JSON", "send a JSON object") from None
        return read_job(content, self.engine.photos, self.engine.classifiers)

    def _job(self, request: Request) -> Job:
        job = self.worker.find(request.path_params["id"])
        if job is None:
            raise Refused(404, "there is no such job, or it was long ago", "start another")
        return job

    async def events(self, request: Request) -> Response:
        """What a job tells, as it does."""
        job = self._job(request)
        last = request.headers.get("last-event-id", "0")
        after = int(last) if last.isdecimal() else 0
        if job.ended and not job.since(after):
            return Response(status_code=204)  # by which browsers stop connecting again
        return StreamingResponse(self._stream(job, after), media_type="text/event-stream")

    async def _stream(self, job: Job, after: int) -> AsyncIterator[str]:
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def ring() -> None:
            with suppress(RuntimeError):  # the server is closing
                loop.call_soon_threadsafe(news.set)

        with job.watched(ring):
            yield "retry: 1000\n\n"
            while not self.closing.is_set():
                news.clear()
                ended = job.ended
                for event in job.since(after):
                    after = event.id
                    data = json.dumps(event.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
                    yield f"id: {event.id}\ndata: {data}\n\n"
                if ended:
                    return
                if not await _any_of(news, self.closing, timeout=_SILENCE):
                    yield ": still at work\n\n"

    async def cancel(self, request: Request) -> Response:
        """Stop a job."""
        self.worker.cancel(self._job(request))
        return Response(status_code=202)

    async def look_after(self) -> None:
        """Stop jobs that nobody listens to, for ever."""
        while True:
            await asyncio.sleep(min(1.0, self.patience / 4))
            self.worker.cancel_left_alone(self.patience)


def make_app(viewer: Viewer, token: str) -> Guard:
    """The application: the guard, and behind it the answers.

    Args:
        viewer: all that it works with; its port is set.
        token: whoever knows it may ask.
    """
    answers: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("GET", "/", viewer.page),
        ("GET", "/static/{name}", viewer.static),
        ("GET", "/report/{path:path}", viewer.report),
        ("GET", "/saved/{name}/{path:path}", viewer.saved),
        ("GET", "/api/state", viewer.state),
        ("GET", "/api/models/{id:int}/classes", viewer.classes),
        ("POST", "/api/photos", viewer.add_photo),
        ("POST", "/api/samples/{id}", viewer.add_sample),
        ("GET", "/api/samples/{id}.jpg", viewer.show_sample),
        ("GET", "/api/photos/{id}.jpg", viewer.show_photo),
        ("DELETE", "/api/photos/{id}", viewer.drop_photo),
        ("POST", "/api/jobs", viewer.add_job),
        ("GET", "/api/jobs/{id}/events", viewer.events),
        ("DELETE", "/api/jobs/{id}", viewer.cancel),
        ("POST", "/api/save", viewer.save),
    ]
    routes = [Route(path, answer, methods=[method]) for method, path, answer in answers]
    handlers: Any = {
        Refused: _refuse,
        HTTPException: _http_error,
        ClientDisconnect: _gone,
        Exception: _our_fault,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Guard(app, viewer.port, token)


async def _refuse(request: Request, error: Refused) -> Response:
    return _json({"error": error.error, "hint": error.hint}, error.status)


async def _http_error(request: Request, error: HTTPException) -> Response:
    texts = {404: "there is nothing here", 405: "this cannot be done here"}
    return _json({"error": texts.get(error.status_code, error.detail), "hint": "go back to /"}, error.status_code)


async def _gone(request: Request, error: ClientDisconnect) -> Response:
    return Response(status_code=400)  # nobody reads it


async def _our_fault(request: Request, error: Exception) -> Response:
    traceback.print_exception(error, file=sys.stderr)
    return _json({"error": "a fault of Crosslight", "hint": "the terminal shows where; please report it"}, 500)


def _side(request: Request, usual: str) -> int:
    """The longest side that a picture is asked for with, in pixels."""
    side = request.query_params.get("side", usual)
    if not (side.isascii() and side.isdecimal() and len(side) < 6 and 1 <= int(side) <= MAX_SIDE):
        raise Refused(422, f"side is a number of pixels, not {side[:20]!r}", f"1 to {MAX_SIDE}")
    return int(side)


def _json(content: Any, status: int = 200) -> Response:
    return JSONResponse(plain(content), status_code=status)


def _file(folder: Path, path: str, headers: dict[str, str] | None = None) -> Response:
    """A file within a folder; nothing else, whatever the path says."""
    root = folder.resolve()
    try:
        wanted = (root / (path or "index.html")).resolve()
        found = wanted.is_relative_to(root) and wanted.is_file()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        raise Refused(404, "there is nothing here", "go back to /")
    return FileResponse(wanted, headers=headers)


async def _any_of(*events: asyncio.Event, timeout: float) -> bool:
    """Wait for one of several events; whether one came in time."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)
