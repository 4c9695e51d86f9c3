"""Whether pretrained weights are here or can be fetched: asked first, so that no network is a quick error."""

from __future__ import annotations

import os
import queue
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.errors import ModelError

#: Seconds to wait for a hub's first answer.
PATIENCE = 5.0


@contextmanager
def fetching(name: str, url: str, cache: Path, *, cached: bool, forbidden: bool = False) -> Iterator[None]:
    """Around a library's call that may fetch weights: no network is one quick error.

    The hubs' own clients retry for the better part of a minute before they give up, so the hub is asked for
    any sign of life first, unless the weights lie in the cache.

    Args:
        name: of the classifier, for the message.
        url: an address on the hub.
        cache: folder of the cache, for the message.
        cached: whether the weights are in it.
        forbidden: whether the user wants no hub to be asked.

    Raises:
        ModelError: the weights are neither here nor within reach.
    """
    if not cached:
        reason = "HF_HUB_OFFLINE is set" if forbidden else unreachable(url)
        if reason:
            raise out_of_reach(name, url, reason, cache)
    try:
        yield
    except ModelError as error:
        if _is_connection_error(error.__cause__):
            raise out_of_reach(name, url, "the connection broke", cache) from error
        raise


def out_of_reach(name: str, url: str, reason: str, cache: Path) -> ModelError:
    """The error for weights that could not be fetched."""
    return ModelError(
        f"{name}: the pretrained weights are not in the cache ({cache}) and {_host(url)} cannot be reached "
        f'({reason});\nfetch them where there is a network, or set weights = "FILE.safetensors" '
        'or weights = "none"'
    )


def unreachable(url: str, patience: float = PATIENCE) -> str:
    """Why a server does not answer, or an empty string where it does, with whatever status.

    Args:
        url: any address on the server; proxies from the environment are used.
        patience: seconds to wait, looking up its name included.
    """
    answers: queue.Queue[str] = queue.Queue()

    def ask() -> None:
        answers.put(_ask(url, patience))

    # In a thread, since looking up a host's name cannot be given a time limit.
    threading.Thread(target=ask, daemon=True).start()
    try:
        return answers.get(timeout=patience + 1)
    except queue.Empty:
        return f"no answer within {patience:.0f} s"


def _ask(url: str, patience: float) -> str:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=patience):
            return ""
    except urllib.error.HTTPError:
        return ""
    except urllib.error.URLError as error:
        cause = error.reason
    except (OSError, ValueError) as error:
        cause = error
    # A certificate or protocol that only we cannot handle is for the hub's own client to judge.
    silent = isinstance(cause, socket.gaierror | TimeoutError | ConnectionError) or (
        isinstance(cause, OSError) and cause.errno is not None and type(cause) is OSError
    )
    if not silent:
        return ""
    return f"no answer within {patience:.0f} s" if isinstance(cause, TimeoutError) else _reason(cause)


def _reason(cause: BaseException | str) -> str:
    text = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return text[:1].lower() + text[1:]


def hugging_face_cached(repository: str, file: str) -> bool:
    """Whether a file of a repository lies in the cache of the Hugging Face hub."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(repository, file), str)


def hugging_face_cache() -> Path:
    """Folder of the Hugging Face hub's cache."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def torch_cache() -> Path:
    """Folder into which torch and torchvision fetch weights; it is not created here."""
    from torch import hub

    return Path(hub.get_dir()) / "checkpoints"


def is_offline() -> bool:
    """Whether the user forbade the Hugging Face hub (``HF_HUB_OFFLINE``)."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _host(url: str) -> str:
    return url.split("//", 1)[-1].split("/", 1)[0]


def _is_connection_error(error: BaseException | None) -> bool:
    """Whether the network is behind an error, whichever client a hub uses."""
    while error is not None:
        if isinstance(error, ConnectionError | TimeoutError | socket.gaierror) or "Connect" in type(error).__name__:
            return True
        error = error.__cause__ or error.__context__
    return False
