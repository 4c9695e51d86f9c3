"""``crosslight models``: the classifiers there are.

With ``--json``: ``models``, a list of names as study files use them.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..core.errors import InputError
from .console import count, only_results_on_stdout, print_json, say
from .options import Json


def models(
    pattern: Annotated[
        str | None, typer.Argument(metavar="[PATTERN]", help="Part of a name, or with wildcards: 'resnet*'.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", metavar="S", help="timm, torchvision or scenes.")] = None,
    json: Json = False,
) -> None:
    """List the classifiers there are."""
    with only_results_on_stdout():
        from ..models import list_models

        names = list(list_models(pattern or "", source))
    if json:
        print_json({"models": names})
        return
    if not names and pattern:
        raise InputError(f"no classifier's name matches {pattern!r}")
    for name in names:
        print(name)
    say(
        f"{count(len(names), 'classifier')}; besides, hf/OWNER/NAME or hf/FOLDER names one of transformers, and "
        "python:FILE.py:FUNCTION a network of your own"
    )
