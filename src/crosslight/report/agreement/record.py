"""What was compared and how, what else is to be said, and what could not be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...agreement.aggregate import describe_count
from ...agreement.analysis import MethodAnalysis
from ...agreement.structure import Communities, without_gaps
from ..words import between, number, p_value, settings_words

#: parts of an analysis as they are called on the page
PARTS = {
    "groups": "the question whether groups differ",
    "structure": "tree, map, communities, reliability and consensus",
    "tree": "support of the tree's branches",
    "map": "ellipses of the map",
    "communities": "communities",
    "reliability": "split-half reliability",
    "consensus": "similarity to the consensus",
    "predictions": "whether maps and predictions differ together",
    "choices": "every choice",
    "variance": "how the variation of maps splits",
}


def skipped_words(skipped: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What is not there, as names and reasons."""
    return tuple((PARTS.get(name, name), reason) for name, reason in skipped.items())


def recorded(method: MethodAnalysis) -> tuple[tuple[str, str], ...]:
    """What was compared and how, as terms and texts."""
    main = method.main
    drawn = main.bootstrap
    found = [("measure", main.measure_label + _in_brackets(settings_words(main.measure_settings)))]
    if main.steps:
        found.append(("steps", settings_words(main.steps)))
    found.append(("images", describe_count(main) + (f", filter {main.filter}" if main.filter else "")))
    if drawn and main.images:
        found.append(
            ("intervals", f"{100 * drawn.get('level', 0.95):.0f} % bootstrap over images, "
             f"{drawn.get('resamples', 0):,} resamples, seed {drawn.get('seed', 0)}"
             + (", stratified" if drawn.get("stratified") else ""))
        )  # fmt: skip
    behind = main.floor_pairs[np.triu_indices(len(main.sets), 1)]
    if behind.any():
        found.append(("floor", f"from {_span(behind.tolist())} pairs of maps of different images for each pair"))
    if np.isfinite(main.ceiling).any():
        found.append(("ceiling", "similarity of two seeds of one network"))
    needed = main.images_needed()[np.triu_indices(len(main.sets), 1)]
    if np.isfinite(needed).any():
        most = int(np.nanmax(needed))
        found.append(("images needed", f"up to {most:,} for intervals of ±0.02"))
    dropped = {label: reasons for label, reasons in main.dropped.items() if reasons}
    if dropped:
        text = "; ".join(f"{label}: " + ", ".join(f"{n} {_reason(r)}" for r, n in rs.items())
                         for label, rs in dropped.items())  # fmt: skip
        found.append(("maps left out", text))
    return tuple(found)


def remarks(method: MethodAnalysis) -> tuple[str, ...]:
    """Further sentences: reliability, communities, predictions."""
    found = []
    if (half := method.reliability) is not None and np.isfinite(half.reliability):
        found.append(
            f"With other images of this kind the pattern over pairs would come back: split-half reliability "
            f"{number(half.reliability)} ({between(half.low, half.high)} over splits, N = {half.images:,} images)."
            if half.reliability >= 0.8
            else f"With other images of this kind the pattern over pairs would change: split-half reliability "
            f"{number(half.reliability)} ({between(half.low, half.high)} over splits, N = {half.images:,} images)."
        )
    if method.communities is not None:
        found.append(_communities(method, method.communities))
    if (test := method.with_predictions) is not None and np.isfinite(test.statistic):
        head = "Models whose maps differ more"
        said = "also predict differently more often" if test.p <= 0.05 and test.statistic > 0 else (
            "predict differently less often" if test.p <= 0.05 else "are not shown to predict differently more often"
        )  # fmt: skip
        found.append(
            f"{head} {said} (Mantel r = {number(test.statistic)}, {p_value(test.p)}, {len(method.main.sets)} models)."
        )
    return tuple(found)


def _communities(method: MethodAnalysis, found: Communities) -> str:
    _, labels, _ = without_gaps(method.main.per_image, method.main.sets)
    steady = found.longest
    if steady is None:
        return (
            f"Louvain finds no two communities that hold over a range of resolutions ({found.seeds} seeds at each of "
            f"{len(found.resolutions)})."
        )
    parts = [
        _listed([label for label, own in zip(labels, steady.partition, strict=True) if own == community])
        for community in range(int(steady.partition.max()) + 1)
    ]
    return (
        f"The steadiest Louvain communities: {' | '.join(parts)} (at {steady.resolutions} of "
        f"{len(found.resolutions)} resolutions, {found.seeds} seeds at each)."
    )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{high:,}" if low == high else f"{low:,} to {high:,}"


def _reason(reason: str) -> str:
    return reason.lower().replace("_", " ")


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""
