"""``crosslight view``: the local viewer.

With ``--json``: ``url``, ``port``, ``token``, ``models`` (labels) and ``methods`` (names), on one line, once it
listens.
"""

from __future__ import annotations

import json as json_format
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .console import only_results_on_stdout, say
from .options import Json, Weights

if TYPE_CHECKING:
    from ..viewer.server import Server


def view(
    out: Annotated[Path | None, typer.Argument(metavar="[OUT]", help="Folder with the results of a study.")] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", metavar="M", help="Offer this classifier too. Repeatable.")
    ] = None,
    weights: Weights = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Listen here; 0 for a free port.")
    ] = 0,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    device: Annotated[str | None, typer.Option("--device", metavar="D", help="auto, cpu, mps, cuda or cuda:N.")] = None,
    save: Annotated[Path, typer.Option("--save", metavar="DIR", help="Folder for studies saved in the viewer.")] = Path(
        "crosslight-view"
    ),
    json: Json = False,
) -> None:
    """Explain photographs in the browser, while you watch.

    Serves a page to this machine alone: drop photographs, choose classifiers and methods. Ctrl-C stops it.
    """
    try:
        with only_results_on_stdout():
            from ..viewer.server import Server

            server = Server(out, model or [], weights=weights, port=port, device=device or "auto", save=save)
        server.run(lambda address: _listening(server, json, show))
    except KeyboardInterrupt:
        pass
    say("stopped")
    _leave()


def _leave() -> NoReturn:
    """End now: taking PyTorch apart would take seconds, and a pass in the middle need not be waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _listening(server: Server, json: bool, show: bool) -> None:
    from ..viewer.server import facts_of

    facts = facts_of(server)
    print(json_format.dumps(facts, ensure_ascii=False) if json else facts["url"], flush=True)
    say("the viewer listens on this machine alone; Ctrl-C stops it")
    if show:
        _open(str(facts["url"]))


def _open(url: str) -> None:
    """Open the browser; some take long to say that they did."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
