"""What a study found, in a few sentences with their numbers: the first screen of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from ..agreement import Agreement
from ..agreement.analysis import MethodAnalysis
from ..core.maps import Status
from ..evaluation.baselines import CHANCE
from .agreement.found import families, methods_matter, places, relatives
from .contents import Contents
from .finding import Finding
from .right import BASELINE_WORDS, Right
from .summary import STATUS_WORDS, pairs_of
from .units import Units
from .units_words import unit_finding

__all__ = ["Finding", "findings", "main_method"]

#: findings of a report, without the one that warns of odd maps
MOST = 6

#: methods that one finding names at most
NAMED = 3

#: from this share of odd maps on, in the whole study or in one set of maps, they are worth a second look
ODD, ODD_IN_A_SET = 0.01, 0.5


def findings(
    contents: Contents,
    agreements: Mapping[str, Agreement],
    right: Right | None = None,
    methods: Mapping[str, MethodAnalysis] | None = None,
    units: Units | None = None,
) -> tuple[Finding, ...]:
    """What was found, as far as there is something to find: six sentences, what units detect, a warning of odd maps.

    Args:
        contents: with the status of every map.
        agreements: by method label, for methods with maps of two models or more.
        right: scores of the maps, where the truth is known.
        methods: what else is known of each method, by its label.
        units: what the units of classifiers detect, where they were dissected.
    """
    pairs = {label: known for label, agreement in agreements.items() if (known := pairs_of(agreement))}
    found: list[Finding | None] = [_accuracy(contents)]
    if pairs:
        main = main_method(contents, pairs)
        first, measure = (methods or {}).get(main), agreements[main].measure_label
        found += [places(main, pairs[main], measure), relatives(main, first)]
        found += [families(main, contents, agreements[main], first), methods_matter(pairs, measure)]
    found += [_truth(right), _same_class(contents)]
    kept = [finding for finding in found if finding is not None][:MOST]
    detected = unit_finding(units) if units is not None else None
    kept += [detected] if detected is not None else []
    odd = _odd(contents)
    return (*kept, odd) if odd.warns or len(kept) < MOST else tuple(kept)


def main_method(contents: Contents, known: Mapping[str, object]) -> str:
    """The method that stands for the others: Grad-CAM where there is one, else the first."""
    for group in contents.methods:
        if group.first.method == "grad-cam" and group.label in known:
            return group.label
    return next(iter(known))


def _accuracy(contents: Contents) -> Finding | None:
    judged = [model for model in contents.models if model.judged.any()]
    if not judged:
        return None
    common = np.logical_and.reduce([model.judged for model in judged])
    number = int(common.sum())
    if not number:
        return None
    scores = sorted(((int(model.right[common].sum()), model.label) for model in judged), key=lambda score: -score[0])
    (best, first), (worst, last) = scores[0], scores[-1]
    if len(judged) == 1:
        text = f"{first} names the labelled class in {_share(best, number)}."
    else:
        every = int(np.logical_and.reduce([model.right[common] for model in judged]).sum())
        text = f"{_all(len(judged))} classifiers name the labelled class in {_share(every, number)}"
        if best > worst:
            text += f"; {first} does so in {_of(best, number)}, {last} in {_of(worst, number)}"
        elif best > every:
            text += f"; each of them does so in {_of(best, number)}"
        text += "."
    return Finding("Who is right", text)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} images ({_percent(part / whole)})"


def _all(number: int) -> str:
    return "Both" if number == 2 else f"All {number}"


def _of(part: int, whole: int) -> str:
    return f"{part} ({_percent(part / whole)})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _same_class(contents: Contents) -> Finding | None:
    spoken = [m.spoken for m in contents.models if (m.top[:, 0] >= 0).any()]
    if len(spoken) < 2:
        return None
    rows = [row for row in zip(*spoken, strict=True) if all(row)]
    if not rows:
        return None
    same = sum(len(set(row)) == 1 for row in rows)
    pairs = [a == b for row in rows for a, b in combinations(row, 2)]
    return Finding(
        "The same answer",
        f"{_all(len(spoken))} classifiers name the same class in {_share(same, len(rows))}"
        + (f"; two of them do so in {_percent(float(np.mean(pairs)))} on average." if len(spoken) > 2 else "."),
    )


def _truth(right: Right | None) -> Finding | None:
    """What of the maps' energy lies on the evidence, averaged over models; chance is the better of its baselines.

    The best and the worst method are looked for among those with scores on the most models.
    """
    table = next((table for table in right.tables if table.metric == "energy"), None) if right is not None else None
    if table is None:
        return None
    scored = {row.label: [c.mean for c in row.cells if np.isfinite(c.mean)] for row in table.rows if not row.baseline}
    every = max(map(len, scored.values()), default=0)
    means = {label: _mean(known) for label, known in scored.items() if len(known) == every > 0}
    chance = {row.label: _mean([cell.mean for cell in row.cells]) for row in table.rows if row.label in CHANCE}
    if not means or not chance:
        return None
    ranked = sorted(means, key=lambda label: -means[label])
    text = f"{ranked[0]} puts {_percent(means[ranked[0]])} of its maps on the evidence"
    if len(ranked) > 1:
        text += f", {ranked[-1]} {_percent(means[ranked[-1]])}"
    nothing = max(chance, key=lambda name: chance[name])
    text += f"; {BASELINE_WORDS[nothing]} would put {_percent(chance[nothing])}."
    failing = sorted(table.no_better.items(), key=lambda item: -len(item[1]))
    hopeless = all(len(table.no_better.get(label, ())) == len(table.models) for label in means)
    if hopeless:
        text += " No method does better than chance on any classifier."
    elif failing:
        shown = [f"{label} ({_on(len(models), len(table.models))})" for label, models in failing[:NAMED]]
        more = f" and {len(failing) - NAMED} more" if len(failing) > NAMED else ""
        text += f" No better than chance: {', '.join(shown)}{more}."
    elif len(ranked) > 1:
        text += f" All {len(ranked)} methods do better than chance on every classifier."
    return Finding("Are maps right", text, warns=hopeless)


def _on(some: int, all_: int) -> str:
    return "on all classifiers" if some == all_ else f"on {some} of {all_} classifiers"


def _mean(values: Sequence[float]) -> float:
    """The mean of those that are known."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _odd(contents: Contents) -> Finding:
    counts = contents.counts()
    strange = (Status.ZERO, Status.CONSTANT, Status.NONFINITE, Status.FAILED)
    parts = [f"{counts[s.name]:,} {STATUS_WORDS[s]}" for s in strange if counts[s.name]]
    total = counts.total() - counts[Status.PENDING.name] - counts[Status.SKIPPED.name]
    loads = sum(f.stage == "load" for f in contents.failures)
    if emptied := sum(int(known.sum()) for known in contents.emptied.values()):
        parts.append(f"{emptied:,} zero after the method's final step")
    if not parts and not loads:
        return Finding("Nothing odd", f"All {total:,} maps are finite, and none is zero or constant.")
    text, warns = "", loads > 0
    if parts:
        odd = {key: int(np.isin(status, strange).sum()) for key, status in contents.statuses.items()}
        odd = {key: number + int(contents.emptied[key].sum()) for key, number in odd.items()}
        most = max(odd, key=lambda key: odd[key])
        text = f"Of {total:,} maps, {_listed(parts)}. "
        if len(odd) > 1 and odd[most] > 1:
            text += f"{most[1]} on {most[0]} has the most, {odd[most]:,}. "
        text += "They are left out of every comparison. "
        crowded = any(odd[key] >= ODD_IN_A_SET * made for key, made in _made(contents))
        warns = warns or crowded or sum(odd.values()) >= ODD * total
        warns = warns or counts[Status.NONFINITE.name] + counts[Status.FAILED.name] > 0
    if loads:
        text += f"{loads} model{'s' if loads > 1 else ''} would not load."
    return Finding("Worth a second look" if warns else "Hardly anything odd", text.strip(), warns)


def _made(contents: Contents) -> Iterator[tuple[tuple[str, str], int]]:
    """Each set of maps, with the number of maps that were asked of it and tried."""
    for key, status in contents.statuses.items():
        yield key, int((~np.isin(status, (Status.PENDING, Status.SKIPPED))).sum())


def _listed(parts: list[str]) -> str:
    """``40 are all zero, 3 constant and 1 failed``."""
    first, *rest = parts
    number, _, what = first.partition(" ")
    first = f"{number} {'is' if number == '1' else 'are'} {what}"
    return first if not rest else f"{', '.join([first, *rest[:-1]])} and {rest[-1]}"
