"""Figures of a published matrix that was analysed again: heat map, tree and maps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from ..agreement.aggregate import from_matrix
from .figures import dendrogram_figure, matrix_figure
from .figures.points import map_figure

if TYPE_CHECKING:
    from ..agreement.published import Reanalysis

FORMATS = ("png", "svg", "pdf")


def published_figures(found: Reanalysis) -> dict[str, Figure]:
    """Draw a re-analysis.

    Args:
        found: the result; matrices of up to some 20 sets are readable.

    Returns:
        By file name: ``matrix`` (heat map in the tree's order), ``dendrogram`` (average linkage), ``pca`` and
        ``pcoa`` (maps, coloured by group where groups are known).
    """
    matrix, structure = found.case.matrix, found.structure
    name = Path(matrix.file).name
    own = replace(from_matrix(matrix.values, matrix.sets), dissimilarity=matrix.dissimilarity)
    what = "Similarities" if matrix.kind == "similarity" else "Dissimilarities"
    scaled = f", divided by {matrix.scale:g}" if matrix.scale != 1 else ""
    without = f" Left out: {', '.join(found.case.dropped)}." if found.case.dropped else ""
    given = f"{what} as published in {name}{scaled}, in the order of the average-linkage tree.{without}"
    formula = "1 − similarity" if matrix.kind == "similarity" else "the dissimilarities"
    cophenetic = structure.trees["average"].cophenetic
    tree = f"Average linkage of {formula} from {name}.{without}"
    if cophenetic is not None:
        tree += f" Cophenetic correlation {cophenetic:.2f}; the tree alone is no evidence of clusters."
    tree += " Without the images there is no bootstrap support."
    groups = None if found.family is None else found.family.table.groups
    rows = "1 − similarity" if matrix.kind == "similarity" else "the dissimilarities"
    stress = f"Stress {structure.pcoa.stress:.2f} (above .2 is poor)".replace("0.", ".")
    return {
        "matrix": matrix_figure(own, title=what, caption=given),
        "dendrogram": dendrogram_figure(own, title="Tree", caption=tree),
        "pca": map_figure(
            structure.pca, matrix.sets, groups, title="Principal components", axis="PC",
            caption=f"Rows of {rows} from {name}, centred, not scaled: sets are near where they stand alike to all the "
            f"others. Per cent of the variance; the signs of the axes mean nothing.{without}",
        ),
        "pcoa": map_figure(
            structure.pcoa, matrix.sets, groups, title="Principal coordinates", axis="PCo",
            caption=f"Distances approximate {formula} from {name}. {stress}. Per cent of the positive eigenvalues; the "
            f"signs of the axes mean nothing.{without}",
        ),
    }  # fmt: skip


def save_figures(found: Reanalysis, folder: str | Path, formats: tuple[str, ...] = ("png", "svg")) -> list[Path]:
    """Write the figures.

    Args:
        found: the result.
        folder: made where it is not there.
        formats: of ``png``, ``svg`` and ``pdf``.

    Returns:
        The files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, figure in published_figures(found).items():
        for kind in formats:
            files.append(folder / f"{name}.{kind}")
            figure.savefig(files[-1], metadata={"Date": None} if kind == "svg" else None)
    return files
