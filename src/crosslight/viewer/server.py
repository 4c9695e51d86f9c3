"""Starting the viewer, and ending it at once."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from ..core.devices import resolve_device
from ..core.errors import InputError
from ..models import check_model_name
from ..store import Store
from .app import Viewer, make_app
from .classifiers import Classifiers, machine_offers, named_offers, scenes_offers, study_offers, together
from .engine import Engine
from .explaining import warming
from .jobs import Job, Worker
from .photos import Photos
from .samples import Samples
from .saving import Saves

if TYPE_CHECKING:
    from .classifiers import Offer

#: seconds that a computation has to end in when the server stops
_LAST_PASS = 0.7


@dataclass(frozen=True)
class Address:
    """Where a viewer listens.

    Attributes:
        port: on 127.0.0.1.
        token: whoever knows it may use the viewer.
    """

    port: int
    token: str

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"


class Server:
    """A viewer on a port of this machine.

    Args:
        out: results of a study, or None.
        models: classifiers to offer beside those that are here.
        weights: of these models.
        port: 0 for a free one.
        device: where to compute.
        save: folder for studies that are saved.
        patience: seconds after which a job that nobody listens to is stopped.
        machine: whether to offer the classifiers whose weights are on this machine.
        warm: whether to load classifiers before anybody asks.

    Raises:
        InputError: the port is taken, there is no such folder, model or device.
    """

    def __init__(
        self,
        out: Path | None = None,
        models: Sequence[str] = (),
        *,
        weights: str | None = None,
        port: int = 0,
        device: str = "auto",
        save: Path = Path("crosslight-view"),
        patience: float = 30.0,
        machine: bool = True,
        warm: bool = True,
    ):
        store = Store.open(out) if out is not None else None
        for name in models:
            check_model_name(name)
        place = resolve_device(device)
        self._socket = _bind(port)
        self.address = Address(self._socket.getsockname()[1], secrets.token_urlsafe(24))
        offers = together(
            scenes_offers(),
            study_offers(store) if store is not None else [],
            named_offers(models, weights),
            machine_offers() if machine else [],
        )
        engine = Engine(Classifiers(offers, place), Photos())
        self.viewer = Viewer(
            engine, Worker(), Samples(store), Saves(save), store, device, patience, self.address.port
        )  # fmt: skip
        if warm:
            first, others = _order(offers)
            self.viewer.worker.add(Job(lambda job: warming(job, engine, first, others), stays=True))
        config = uvicorn.Config(
            make_app(self.viewer, self.address.token),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = _Uvicorn(config, self.viewer)

    def run(self, listening: Callable[[Address], None] = lambda address: None) -> bool:
        """Serve until Ctrl-C, or `stop`.

        Args:
            listening: told once the page can be opened.

        Returns:
            Whether the computing thread has come to its end.
        """
        self._uvicorn.listening = lambda: listening(self.address)
        try:
            with suppress(KeyboardInterrupt):
                self._uvicorn.run(sockets=[self._socket])
        finally:
            self._socket.close()
        return self.viewer.worker.close(_LAST_PASS)

    def stop(self) -> None:
        """End `run`, from another thread."""
        self._uvicorn.should_exit = True


class _Uvicorn(uvicorn.Server):
    """Tells when it listens, and ends its streams when it stops."""

    def __init__(self, config: uvicorn.Config, viewer: Viewer):
        super().__init__(config)
        self._viewer = viewer
        self._looking: asyncio.Task[None] | None = None
        self.listening: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._looking = asyncio.create_task(self._viewer.look_after())
        self.listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._viewer.closing.set()
        await super().shutdown(sockets)


def _bind(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
        found.listen()
    except OSError as error:
        found.close()
        taken = error.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be used ({error.strerror})"
        raise InputError(f"port {port} {why}: name another one, or leave --port out for a free one") from None
    return found


def _order(offers: Sequence[Offer]) -> tuple[list[int], list[int]]:
    """The classifiers to warm wholly, and those to load beside: what came with the package, and what was named."""
    named = [number for number, offer in enumerate(offers) if offer.origin == "command line"]
    first = list(dict.fromkeys([*range(min(1, len(offers))), *named[:1]]))
    others = [n for n, offer in enumerate(offers) if offer.origin in ("scenes", "command line") and n not in first]
    return first, others


def facts_of(server: Server) -> dict[str, Any]:
    """What ``--json`` prints."""
    address, classifiers = server.address, server.viewer.engine.classifiers
    from ..methods import METHODS

    return {
        "url": address.url,
        "port": address.port,
        "token": address.token,
        "models": [offer.label for offer in classifiers.offers],
        "methods": list(METHODS),
    }
