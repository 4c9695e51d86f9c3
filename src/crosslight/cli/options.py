"""Options that several commands share, and reading the values people give them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.errors import InputError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output, and nothing else.")]
Device = Annotated[
    str | None, typer.Option("--device", metavar="D", help="auto, cpu, mps, cuda, cuda:N, or several with commas.")
]
Weights = Annotated[str | None, typer.Option("--weights", metavar="W", help="pretrained, none, or a file of weights.")]
Precision = Annotated[
    str | None, typer.Option("--precision", metavar="P", help="fp32, or bf16: faster on some machines, approximate.")
]
Results = Annotated[Path, typer.Argument(metavar="OUT", help="Folder with the results of a study.")]


def parse_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs; values are TOML, and text where they are not.

    Raises:
        InputError: a pair has no key or no ``=``.
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--set {pair}: write key=value, such as depth=0.5")
        try:
            settings[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            settings[key.strip()] = text.strip()
    return settings
