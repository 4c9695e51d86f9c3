"""``crosslight report``: the pages of a study.

With ``--json``: ``out`` and ``report``, the path of the page to open.
"""

from __future__ import annotations

from .console import only_results_on_stdout, print_json
from .options import Json, Results


def report(out: Results, json: Json = False) -> None:
    """Build the report of a study.

    Writes OUT/report/index.html, which opens without a server.
    """
    with only_results_on_stdout():
        from ..store import Store
        from .results import compare_and_report

        _, page = compare_and_report(Store.open(out))
    if json:
        print_json({"out": str(out), "report": page})
    else:
        print(f"report: {page}")
