"""``crosslight agree --matrix``: a published matrix is analysed again.

With ``--json``:

* ``matrix``: ``file``, ``kind``, ``scale`` (what the file's values were divided by), ``sets``, ``values``,
  ``off_diagonal`` (``min``, ``max``, ``mean``), ``diagonal`` by label, ``notes``, ``dropped``;
* ``structure``: ``trees`` (by linkage: ``cophenetic``, ``leaves``, ``labels``, ``linkage``, ``clusters``), ``clusters``
  (by method: ``number``, ``silhouettes``, ``clusters``, ``share``, ``adjusted_rand``, ``caution``),
  ``k_means_of_rows``, ``dbscan_of_rows``, ``communities`` (``longest`` plateau, ``plateaus``, ``resolutions``),
  ``pca`` and ``pcoa`` (``points`` by label, ``explained``, ``stress``), ``bootstrap_support`` (null, with
  ``why_no_support``), ``skipped``;
* ``with``: null, or ``pairs`` (``number``, ``pearson``, ``spearman``, ``mantel``), ``all_entries`` (the same over all
  entries, with its ``caution``), ``file`` and ``matrix``;
* ``family``: null, or ``sentence``, ``verdict``, ``anosim``, ``permanova``, ``permdisp``, ``adjusted``, ``without``,
  ``blocks``, ``scatter``, ``power``, ``confounders``, ``regression``, ``skipped``, ``table``;
* ``seed`` and ``files``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from .console import only_results_on_stdout, print_json

Matrix = Annotated[
    Path | None,
    typer.Option(
        "--matrix", metavar="A.csv", help="Analyse this labelled square matrix, not a study. What follows goes with it."
    ),
]
With = Annotated[
    Path | None,
    typer.Option("--with", metavar="B.csv", help="Another matrix to correlate it with."),
]
Groups = Annotated[
    Path | None,
    typer.Option(
        "--groups",
        metavar="G.csv",
        help="Table with the columns label, group, and if wanted lineage, resolution and other numbers.",
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option("--drop", metavar="LABEL", help="Leave this set out. Repeatable."),
]
Kind = Annotated[
    str,
    typer.Option("--kind", metavar="K", help="similarity, dissimilarity, or auto."),
]
WithKind = Annotated[str, typer.Option("--with-kind", metavar="K", help="The same of B.csv.")]
Clusters = Annotated[
    int | None,
    typer.Option("--clusters", metavar="K", help="Number of clusters; else by silhouette."),
]
Radius = Annotated[
    float | None,
    typer.Option("--radius", metavar="R", min=0, help="Of DBSCAN on the distances between rows."),
]
Neighbours = Annotated[
    int,
    typer.Option("--neighbours", metavar="N", min=1, help="Of DBSCAN: sets in a dense place."),
]
ByLineage = Annotated[bool, typer.Option("--by-lineage", help="Permute groups by lineage, not by set.")]
Subject = Annotated[str, typer.Option("--subject", metavar="TEXT", help="In what groups may differ.")]
Seeds = Annotated[
    int,
    typer.Option("--seeds", metavar="N", min=1, help="Runs of Louvain at each resolution."),
]
Simulations = Annotated[
    int,
    typer.Option("--simulations", metavar="N", min=1, help="Of each shift, for power."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of everything drawn.")]
Folder = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="Write JSON, tables and figures."),
]


@dataclass(frozen=True)
class Options:
    """What was asked for; names and meaning as in `crosslight.agreement.published`."""

    matrix: Path
    other: Path | None
    groups: Path | None
    drop: tuple[str, ...]
    kind: str
    other_kind: str
    clusters: int | None
    radius: float | None
    neighbours: int
    by_lineage: bool
    subject: str
    seeds: int
    simulations: int
    seed: int
    folder: Path | None


#: names of the parameters that make sense with a matrix only
PARAMETERS = tuple(Options.__dataclass_fields__)


def agree_matrix(options: Options, json: bool) -> None:
    """Read, analyse, print, and write where that is asked for."""
    with only_results_on_stdout():
        from ..agreement.published import open_case, reanalyse, save_reanalysis

        case = open_case(
            options.matrix,
            options.other,
            options.groups,
            drop=options.drop,
            kind=options.kind,
            other_kind=options.other_kind,
        )
        found = reanalyse(
            case,
            clusters=options.clusters,
            radius=options.radius,
            neighbours=options.neighbours,
            by_lineage=options.by_lineage,
            subject=options.subject,
            seeds=options.seeds,
            simulations=options.simulations,
            seed=options.seed,
        )
        files: list[Path] = []
        if options.folder is not None:
            from ..report.published import save_figures

            files = [*save_reanalysis(found, options.folder), *save_figures(found, options.folder)]
    if json:
        print_json(found.to_dict() | {"files": [str(file) for file in files]})
        return
    from .matrix_tables import print_reanalysis

    print_reanalysis(found)
    for file in files:
        print(file)
