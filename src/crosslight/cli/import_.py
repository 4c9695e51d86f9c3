"""``crosslight import``: maps made elsewhere into a store, so that they can be compared.

With ``--json``: ``out``, ``model``, ``method``, ``key``, ``shape``, ``maps`` (number of images with a map), ``missing``
(names of images without) and ``unmatched`` (files that belong to no image, with the nearest name).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import count, only_results_on_stdout, print_json, say
from .options import Json, Results


def import_(
    out: Results,
    maps: Annotated[Path, typer.Option("--maps", metavar="FOLDER", help="Folder of NPY and grey PNG files.")],
    model: Annotated[str, typer.Option("--model", metavar="LABEL", help="Label of the model that they explain.")],
    method: Annotated[str, typer.Option("--method", metavar="LABEL", help="A new label for these maps.")],
    box: Annotated[
        str, typer.Option("--box", metavar="BOX", help="full: the whole picture; model: the model's own crop.")
    ] = "full",
    reference: Annotated[str, typer.Option("--reference", metavar="TEXT", help="Where the method is described.")] = "",
    json: Json = False,
) -> None:
    """Take maps made elsewhere into a study.

    Files are named like the study's images: NPY [h, w] (values untouched) or grey PNG of 8 or 16 bits (scaled to
    [0, 1]); or one NPY [images, h, w] in the study's order. All have one resolution.
    """
    with only_results_on_stdout():
        from ..store import Store
        from ..store.imports import import_maps

        store = Store.open(out)
        done = import_maps(store, maps, model=model, method=method, box=box, reference=reference)
    for name, near in done.unmatched.items():
        say(f"note: {name} belongs to no image of the study{near}")
    if done.missing:
        some = ", ".join(done.missing[:5]) + (", ..." if len(done.missing) > 5 else "")
        say(f"note: {count(len(done.missing), 'image')} without a map: {some}")
    if json:
        print_json(
            {
                "out": str(out),
                "model": model,
                "method": method,
                "key": done.key,
                "shape": done.shape,
                "maps": done.maps,
                "missing": done.missing,
                "unmatched": list(done.unmatched),
            }
        )
        return
    print(f"{count(done.maps, 'map')} of {done.shape[0]} x {done.shape[1]} cells taken in as {method!r} on {model!r}")
