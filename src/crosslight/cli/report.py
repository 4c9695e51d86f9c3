"""``crosslight report``: the pages of a study.

With ``--json``: ``out`` and ``report``, the path of the page to open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import only_results_on_stdout, print_json
from .options import Json, Results


def report(
    out: Results,
    single: Annotated[
        bool, typer.Option("--single-file", help="Write one HTML file with everything in it, to be sent to others.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="PATH", help="Folder of the report, or with --single-file the file."),
    ] = None,
    json: Json = False,
) -> None:
    """Build the report of a study.

    Writes OUT/report/index.html, or with --single-file OUT/report.html. Both open without a server.
    """
    with only_results_on_stdout():
        from ..store import Store
        from .results import compare_and_report

        _, page = compare_and_report(Store.open(out), to, single=single)
    if json:
        print_json({"out": str(out), "report": page})
    else:
        print(f"report: {page}")
