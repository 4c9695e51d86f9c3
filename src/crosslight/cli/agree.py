"""``crosslight agree``: how alike the models of a study are.

With ``--json``: ``out``, ``agreement`` (by the method's label: ``sets``, ``mean``, ``dissimilarity``, ``count`` and
the rest of what ``OUT/agreement/<label>.json`` holds, but for the tree), ``analysis`` (what
``OUT/agreement/analysis.json`` holds: ``methods``, ``across_methods``, ``predictions``, ``relations``, ``artefacts``,
``variance``, ``steps``, ``repairs``, ``skipped``; see `crosslight.agreement.analysis.Analysis`) and ``files``. With
``--matrix``, see `crosslight.cli.agree_matrix`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import InputError
from . import agree_matrix as published
from . import agree_store as study
from .options import Json


def agree(
    context: typer.Context,
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="Folder with the results of a study.")] = None,
    method: study.Method = None,
    measure: study.Measures = None,
    grid: study.Grid = None,
    sign: study.Sign = "keep",
    normalise: study.Normalise = "none",
    raw: study.Raw = False,
    by: study.By = "family",
    only: study.Only = "",
    repair: study.Repairs = None,
    every_choice: study.EveryChoice = False,
    groups: published.Groups = None,
    seed: published.Seed = 0,
    matrix: published.Matrix = None,
    other: published.With = None,
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
    folder: published.Folder = None,
    json: Json = False,
) -> None:
    """Compare the models of a study by their maps, or analyse a matrix that was published.

    Of a study: similarities with intervals and chance floors, trees with their support, whether groups of models differ
    (exact tests, and a sentence), what is wrong with single sets of maps, which images divide the models. Writes into
    OUT/agreement.

    With --matrix: trees, clusters, communities and maps of a labelled square CSV file; with --groups whether groups
    differ; with --with how far it goes together with another one. Writes into --out DIR where that is given.
    """
    if matrix is not None:
        _refuse(context, study.PARAMETERS, "is about the results of a study, and --matrix names none")
        options = published.Options(
            matrix, other, groups, tuple(drop or ()), kind, other_kind, clusters, radius, neighbours, by_lineage,
            subject, seeds, simulations, seed, folder,
        )  # fmt: skip
        published.agree_matrix(options, json)
        return
    shared = ("groups", "seed")
    names = tuple(name for name in published.PARAMETERS if name not in shared)
    _refuse(context, names, "is about a published matrix; name one with --matrix")
    if out is None:
        raise InputError("name the folder with a study's results, or a published matrix with --matrix")
    asked = study.Options(
        out, tuple(method or ()), tuple(measure or ()), grid, sign, normalise, raw, by, groups, only,
        tuple(repair or ()), every_choice, seed,
    )  # fmt: skip
    study.agree_store(asked, json)


def _refuse(context: typer.Context, names: tuple[str, ...], why: str) -> None:
    """Refuse options that belong to the other of the two uses.

    Raises:
        InputError: one was given.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise InputError(f"{parameter.opts[0] if parameter.name != 'out' else 'OUT'} {why}")
