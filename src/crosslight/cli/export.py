"""``crosslight export``: maps out as pictures, masks and NPY.

With ``--json``: ``out``, ``index`` (path of the table), ``files`` (number by kind) and ``notes``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import count, only_results_on_stdout, print_json, say
from .options import Json, Results


def export(
    out: Results,
    folder: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the files.")],
    what: Annotated[
        str, typer.Option("--what", metavar="KINDS", help="Of overlay, grey, mask and npy, with commas.")
    ] = "overlay",
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="LABEL", help="Only this model. Repeatable.")
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option("--method", metavar="LABEL", help="Only this method. Repeatable.")
    ] = None,
    share: Annotated[float, typer.Option("--share", metavar="S", help="Share of a map's cells in its mask.")] = 0.2,
    size: Annotated[
        str, typer.Option("--size", metavar="SIZE", help="Of grey and mask: native or picture.")
    ] = "native",
    json: Json = False,
) -> None:
    """Write maps as pictures, masks and NPY files.

    Files: DIR/<model>/<method>/<image>.png or .npy, and a table of them, DIR/index.csv.

    overlay: the map on its picture. grey: 8 bits, each map scaled alone; signed maps have 0 in the middle.
    mask: 1 bit, the largest cells. npy: raw values, untouched.
    """
    with only_results_on_stdout():
        from ..report.export import export_store
        from ..store import Store
        from .progress import listener

        kinds = [kind.strip() for kind in what.split(",") if kind.strip()]
        done = export_store(
            Store.open(out),
            folder,
            kinds=kinds,
            models=model or (),
            methods=method or (),
            share=share,
            size=size,  # type: ignore[arg-type]
            progress=listener("maps"),
        )
    for note in done.notes:
        say(f"note: {note}")
    if json:
        print_json({"out": str(folder), "index": str(done.index), "files": done.files, "notes": done.notes})
        return
    for kind, number in done.files.items():
        print(f"{kind}: {count(number, 'file')}")
    print(f"table: {done.index}")
