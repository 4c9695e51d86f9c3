"""``crosslight agree``: how alike the models of a study are.

With ``--json``: ``out``, ``agreement`` (by the method's label: ``sets``, ``mean``, ``dissimilarity``, ``count`` and
the rest of what ``OUT/agreement/<label>.json`` holds, but for the tree) and ``files``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .console import only_results_on_stdout, print_json, print_table, say
from .options import Json, Results

if TYPE_CHECKING:
    from ..agreement import Agreement


def agree(
    out: Results,
    method: Annotated[
        list[str] | None, typer.Option("--method", metavar="LABEL", help="Only this method. Repeatable.")
    ] = None,
    grid: Annotated[
        int | None, typer.Option("--grid", metavar="N", min=1, max=1024, help="Compare maps as N x N cells.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare the models of a study by their maps.

    Mean cosine over images, dissimilarity, and a tree for every method. Writes OUT/agreement/<method>.json and .csv.
    """
    with only_results_on_stdout():
        from ..agreement import Steps, save
        from ..store import Store
        from .results import compare

        store = Store.open(out)
        results = compare(store, method or (), Steps(grid=grid) if grid is not None else None)
        files = [str(path) for result in results.values() for path in save(result, store.path)]
    if json:
        print_json({"out": str(out), "agreement": {k: r.to_dict() for k, r in results.items()}, "files": files})
        return
    if not results:
        say("nothing to compare: no method has maps of two models")
    for label, result in results.items():
        _print(label, result)
    for file in files:
        print(file)


def _print(label: str, result: Agreement) -> None:
    rows = [
        [name, *("" if i == j else "-" if value != value else f"{value:.3f}" for j, value in enumerate(row))]
        for i, (name, row) in enumerate(zip(result.sets, result.mean.tolist(), strict=True))
    ]
    from ..agreement.aggregate import describe_count

    title = f"{label}: mean cosine, {describe_count(result)}"
    print_table(rows, ["", *result.sets], title=title, right=range(1, len(rows) + 1))
    print()
