"""What ``crosslight agree --matrix`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .console import count, print_table, say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..agreement.published import Correlation, Family, Reanalysis, Structure
    from ..agreement.published.matrix import Published


def print_reanalysis(found: Reanalysis) -> None:
    """Tables on standard output, the most quotable last; notes on standard error."""
    for part in (found.case.matrix, found.case.other, found.case.groups):
        if part is not None:
            for note in part.notes:
                say(f"{part.file}: {note}")
    _matrix(found.case.matrix, found.case.dropped)
    _structure(found.structure, found.case.groups.groups if found.case.groups is not None else None)
    if found.correlation is not None:
        _correlation(found.correlation, found.case.matrix)
    if found.family is not None:
        _family(found.family)


def _matrix(matrix: Published, dropped: Sequence[str]) -> None:
    pairs = matrix.pairs
    scaled = f", divided by {matrix.scale:g}" if matrix.scale != 1 else ""
    print(f"{matrix.file}: {matrix.kind} of {len(matrix.sets)} sets, {len(pairs)} pairs{scaled}")
    print(f"between pairs: lowest {pairs.min():.6f}, mean {pairs.mean():.6f}, highest {pairs.max():.6f}")
    odd = [
        f"{label} {value:.4f}"
        for label, value in zip(matrix.sets, matrix.similarity.diagonal(), strict=True)
        if abs(value - 1) > 1e-4
    ]
    if odd:
        print(f"with themselves less than 1, as maps of zeros have it: {', '.join(odd)}")
    if dropped:
        print(f"left out: {', '.join(dropped)}")
    print()


def _structure(structure: Structure, groups: Sequence[str] | None) -> None:
    from ..agreement.published.structure import NO_SUPPORT, ROWS

    rows = []
    for name, choice in structure.choices.items():
        number = int(choice.partition.max()) + 1
        tree = structure.trees.get(name)
        joins = "-" if tree is None or tree.cophenetic is None else f"{tree.cophenetic:.3f}"
        starts = f"{choice.share:.0%}" if tree is None else "-"
        rand = "-" if choice.adjusted_rand is None else f"{choice.adjusted_rand:.2f}"
        score = f"{choice.scores[choice.numbers.index(number)]:.3f}"
        rows.append([name, joins, str(number), score, starts, rand, _clusters(structure.sets, choice.partition)])
    tree, own = structure.trees[ROWS], structure.cuts[ROWS]
    joins = "-" if tree.cophenetic is None else f"{tree.cophenetic:.3f}"
    rows.append([ROWS, joins, str(int(own.max()) + 1), "-", "-", "-", _clusters(structure.sets, own)])
    if structure.of_rows is not None:
        own = structure.of_rows.partition
        starts = f"{structure.of_rows.share:.0%}"
        rows.append(["kmeans of rows", "-", str(int(own.max()) + 1), "-", starts, "-", _clusters(structure.sets, own)])
    heads = ["", "cophenetic r", "clusters", "silhouette", "starts", "Rand index", "members"]
    print_table(rows, heads, title="Trees and clusters", right=range(1, 6))
    print(f"{NO_SUPPORT}.")
    if "kmeans" in structure.choices:
        print(structure.choices["kmeans"].caution)
    noise = structure.noise
    found = _clusters(structure.sets, noise.partition)
    print(f"DBSCAN of rows (radius {noise.radius:.4g}, {noise.neighbours} sets): {found}")
    print(_communities(structure) + "\n")
    heads = ["", "PC 1", "PC 2", "PCo 1", "PCo 2", *(["group"] if groups else [])]
    rows = [
        [label, *(f"{value:.4f}" for value in (*one, *two)), *([groups[i]] if groups else [])]
        for i, (label, one, two) in enumerate(
            zip(structure.sets, structure.pca.points, structure.pcoa.points, strict=True)
        )
    ]
    shares = [
        f"{what} {' + '.join(f'{100 * share:.1f}' for share in own.explained)} %, stress {own.stress:.2f}"
        for what, own in (("principal components of rows", structure.pca), ("principal coordinates", structure.pcoa))
    ]
    print_table(rows, heads, title=f"Maps: {'; '.join(shares)}", right=range(1, 5))
    for name, reason in structure.skipped.items():
        say(f"left out: {name}: {reason}")
    print()


def _communities(structure: Structure) -> str:
    found = structure.communities
    if found is None:
        return "Louvain: not made"
    longest = found.longest
    if longest is None:
        return (
            f"Louvain ({count(found.seeds, 'seed')}): no partition of two communities holds over seeds and resolutions"
        )
    clusters = _clusters(structure.sets, longest.partition)
    return (
        f"Louvain ({count(found.seeds, 'seed')}): {clusters}; at {longest.resolutions} of "
        f"{count(len(found.resolutions), 'resolution')} "
        f"({longest.low:.3f} to {longest.high:.3f}), by at least {longest.share:.0%} of the seeds"
    )


def _correlation(found: Correlation, matrix: Published) -> None:
    from ..agreement.published.correlation import TRAP

    rows = [
        ["pairs above the diagonal", str(found.pairs), f"{found.pearson:.6f}", f"{found.spearman:.6f}",
         f"{found.pearson_p:.4f}", f"{found.spearman_p:.4f}"],
        ["all entries, diagonal included, as some publications do", str(found.entries), f"{found.pearson_all:.6f}",
         f"{found.spearman_all:.6f}", "-", "-"],
    ]  # fmt: skip
    heads = ["over", "numbers", "Pearson", "Spearman", "Mantel p", "Mantel p (ranks)"]
    print_table(rows, heads, title=f"{matrix.file} with {found.file}", right=range(1, 6))
    print(f"{TRAP}.\n")


def _family(family: Family) -> None:
    answer = family.answer
    sizes = ", ".join(f"{number} {name}" for name, number in answer.groups.items())
    kind = "exact" if answer.anosim.exact else "sampled"
    rows = [
        ["ANOSIM", f"R = {answer.anosim.statistic:.3f}", _p(answer.anosim.p), _p(answer.adjusted["anosim"])],
        ["PERMANOVA", f"R2 = {answer.permanova.r2:.3f}", _p(answer.permanova.p), _p(answer.adjusted["permanova"])],
        ["PERMDISP (spread)", f"F = {answer.permdisp.statistic:.3f}", _p(answer.permdisp.p), "-"],
    ]
    moved = "by lineage" if family.by_lineage else "singly"
    title = f"Groups: {sizes}; {kind}, {answer.anosim.count:,} labelings, labels move {moved}"
    print_table(rows, ["test", "statistic", "p", "p (Holm)"], title=title, right=(1, 2, 3))
    if family.blocks is not None and not family.by_lineage:
        own = family.blocks
        print(
            f"with labels that move by lineage: ANOSIM p = {_p(own.anosim)}, PERMANOVA p = {_p(own.permanova)} "
            f"({own.count:,} labelings)"
        )
    print()
    rows = [
        [one.name, f"{one.tests.r:.3f}", _p(one.tests.anosim), _p(one.tests.permanova), "yes" if one.changes else ""]
        if one.tests
        else [one.name, "-", "-", "-", one.reason]
        for one in answer.without.without
    ]
    heads = ["without", "R", "ANOSIM p", "PERMANOVA p", "changes the conclusion"]
    print_table(rows, heads, title="Left out", right=(1, 2, 3))
    print()
    if answer.regression is not None:
        rows = [
            [name, f"{own.standardised:.3f}", _p(own.p), f"{own.inflation:.1f}"]
            for name, own in answer.regression.coefficients.items()
        ]
        title = f"Regression on distance matrices (MRM), R2 = {answer.regression.r2:.3f}"
        print_table(rows, ["", "standardised", "p", "inflation"], title=title, right=(1, 2, 3))
        print()
    if answer.confounders:
        rows = [
            [name, f"{own.dissimilarity.statistic:.3f}", _p(own.dissimilarity.p), f"{own.groups.statistic:.3f}",
             _p(own.groups.p)]
            for name, own in answer.confounders.items()
        ]  # fmt: skip
        heads = ["confounder", "r with dissimilarity", "p", "r with groups", "p"]
        print_table(rows, heads, title="Mantel tests", right=range(1, 5))
        print()
    for name, reason in answer.skipped.items():
        say(f"left out: confounder {name}: {reason}")
    shifts = ", ".join(
        f"{share:.2f} at {shift:g}" for shift, share in zip(answer.power.shifts, answer.power.found, strict=True)
    )
    print(f"power for shifts in standard deviations ({answer.power.simulations} simulations): {shifts}\n")
    print(answer.sentence)


def _p(value: float) -> str:
    return "-" if value != value else f"{value:.4f}"


def _clusters(sets: Sequence[str], partition: NDArray[np.int64]) -> str:
    """The labels in each cluster; one that holds more than half of the sets is not spelt out."""
    from ..agreement.published.structure import members

    outside = [label for label, own in zip(sets, partition.tolist(), strict=True) if own < 0]
    texts = [
        f"the other {len(one)}" if 2 * len(one) > len(sets) else ", ".join(one) for one in members(sets, partition)
    ]
    texts.sort(key=lambda text: text.startswith("the other"))
    return " | ".join(texts + ([f"noise: {', '.join(outside)}"] if outside else []))
