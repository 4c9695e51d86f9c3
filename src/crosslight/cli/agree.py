"""``crosslight agree``: how alike the models of a study are.

With ``--json``: ``out``, ``agreement`` (by the method's label: ``sets``, ``mean``, ``dissimilarity``, ``count`` and
the rest of what ``OUT/agreement/<label>.json`` holds, but for the tree) and ``files``. With ``--matrix``, see
`crosslight.cli.agree_matrix`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import InputError
from . import agree_matrix as published
from .console import only_results_on_stdout, print_json, print_table, say
from .options import Json

if TYPE_CHECKING:
    from ..agreement import Agreement


def agree(
    context: typer.Context,
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="Folder with the results of a study.")] = None,
    method: Annotated[
        list[str] | None, typer.Option("--method", metavar="LABEL", help="Only this method. Repeatable.")
    ] = None,
    grid: Annotated[
        int | None, typer.Option("--grid", metavar="N", min=1, max=1024, help="Compare maps as N x N cells.")
    ] = None,
    matrix: published.Matrix = None,
    other: published.With = None,
    groups: published.Groups = None,
    drop: published.Drop = None,
    kind: published.Kind = "auto",
    other_kind: published.WithKind = "auto",
    clusters: published.Clusters = None,
    radius: published.Radius = None,
    neighbours: published.Neighbours = 5,
    by_lineage: published.ByLineage = False,
    subject: published.Subject = "where they look",
    seeds: published.Seeds = 100,
    simulations: published.Simulations = 1000,
    seed: published.Seed = 0,
    folder: published.Folder = None,
    json: Json = False,
) -> None:
    """Compare the models of a study by their maps, or analyse a matrix that was published.

    Of a study: mean cosine over images, dissimilarity, and a tree for every method. Writes
    OUT/agreement/<method>.json and .csv.

    With --matrix: trees, clusters, communities and maps of a labelled square CSV file; with --groups whether groups
    differ; with --with how far it goes together with another one. Writes into --out DIR where that is given.
    """
    if matrix is not None:
        _refuse(context, ("out", "method", "grid"), "is about the results of a study, and --matrix names none")
        options = published.Options(
            matrix, other, groups, tuple(drop or ()), kind, other_kind, clusters, radius, neighbours, by_lineage,
            subject, seeds, simulations, seed, folder,
        )  # fmt: skip
        published.agree_matrix(options, json)
        return
    _refuse(context, published.PARAMETERS, "is about a published matrix; name one with --matrix")
    if out is None:
        raise InputError("name the folder with a study's results, or a published matrix with --matrix")
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


def _refuse(context: typer.Context, names: tuple[str, ...], why: str) -> None:
    """Refuse options that belong to the other of the two uses.

    Raises:
        InputError: one was given.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise InputError(f"{parameter.opts[0] if parameter.name != 'out' else 'OUT'} {why}")
