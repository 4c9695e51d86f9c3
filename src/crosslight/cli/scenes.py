"""``crosslight scenes make``: pictures of the embedded world, with masks, as files.

With ``--json``: ``out`` (the folder), ``source`` (what a study names as its images), ``count``, ``split``,
``variant``, ``format``, ``seed``, ``size`` and ``classes``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import count as in_words
from .console import only_results_on_stdout, print_json, say
from .options import Json
from .progress import listener

scenes = typer.Typer(
    help="Make pictures of the embedded world, whose truth is known. Its commands take --json.", no_args_is_help=True
)


@scenes.callback()
def _scenes() -> None:
    """Keeps ``make`` a command of its own while it is the only one."""


@scenes.command("make")
def make(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder that is empty or not there yet.")],
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="How many pictures.")],
    split: Annotated[str, typer.Option("--split", help="train, val or test.")] = "train",
    variant: Annotated[
        str,
        typer.Option("--variant", help="clean, background, background-shifted, watermark, watermark-shifted or patch."),
    ] = "clean",
    format: Annotated[str, typer.Option("--format", help="folder, broden or parquet.")] = "folder",
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Another seed is another world.")] = 0,
    size: Annotated[int, typer.Option("--size", metavar="PIXELS", help="Height and width.")] = 96,
    json: Json = False,
) -> None:
    """Write pictures with their masks, captions and facts."""
    with only_results_on_stdout():
        from ..scenes import CLASSES
        from ..scenes.export import export_scenes

        source = export_scenes(
            out,
            count,
            format=format,
            split=split,
            seed=seed,
            variant=variant,
            size=size,
            progress=listener("pictures"),
        )
    if json:
        print_json(
            {
                "out": str(out),
                "source": str(source),
                "count": count,
                "split": split,
                "variant": variant,
                "format": format,
                "seed": seed,
                "size": size,
                "classes": CLASSES,
            }
        )
    else:
        say(f"{in_words(count, 'picture')} in {out}; a study reads {source}")
