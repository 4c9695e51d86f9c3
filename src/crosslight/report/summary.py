"""What a study found, in a few sentences with their numbers, and the counts behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..agreement import Agreement
from ..core.maps import Status
from .contents import Contents
from .words import two_decimals

PERCENT = "\N{NO-BREAK SPACE}%"

#: what each status is called in tables
STATUS_WORDS = {
    Status.OK: "usable",
    Status.ZERO: "all zero",
    Status.CONSTANT: "constant",
    Status.NONFINITE: "not finite",
    Status.FAILED: "failed",
    Status.NO_TARGET: "no target",
    Status.SKIPPED: "beyond the limit",
    Status.PENDING: "not computed",
}


@dataclass(frozen=True)
class Finding:
    """One result in words.

    Attributes:
        head: a few words.
        text: one to three sentences with numbers.
        warns: whether it asks for a second look.
    """

    head: str
    text: str
    warns: bool = False


@dataclass(frozen=True)
class Pair:
    """Two models under one method: mean cosine, its interval, the chance floor, the images behind it."""

    first: str
    second: str
    mean: float
    low: float
    high: float
    sd: float
    median: float
    floor: float
    images: int

    @property
    def by_chance(self) -> bool:
        """Whether the interval does not lie above what maps of different images give."""
        return bool(self.low <= self.floor)

    def describe(self) -> str:
        """Mean, interval and floor."""
        interval = f", 95{PERCENT} interval {self.low:.2f} to {self.high:.2f}" if np.isfinite(self.low) else ""
        floor = f"; chance floor {two_decimals(self.floor)}" if np.isfinite(self.floor) else ""
        return f"mean cosine {two_decimals(self.mean)}{interval}{floor}"


def pairs_of(agreement: Agreement) -> list[Pair]:
    """Pairs with a mean, the most alike first."""
    rows, columns = np.triu_indices(len(agreement.sets), 1)
    found = [
        Pair(
            agreement.sets[i],
            agreement.sets[j],
            mean=float(agreement.mean[i, j]),
            low=float(agreement.low[i, j]),
            high=float(agreement.high[i, j]),
            sd=float(agreement.sd[i, j]),
            median=float(agreement.median[i, j]),
            floor=float(agreement.floor[i, j]),
            images=int(agreement.count[i, j]),
        )
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    return sorted((p for p in found if np.isfinite(p.mean)), key=lambda p: -p.mean)


def per_image_agreement(agreement: Agreement) -> NDArray[np.float64]:
    """``[image]``: mean cosine over all pairs of models; NaN where no two maps are usable."""
    rows, columns = np.triu_indices(len(agreement.sets), 1)
    values = agreement.per_image[:, rows, columns]
    known = np.isfinite(values)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, values, 0).sum(axis=1) / np.maximum(count, 1), np.nan)


def findings(contents: Contents, agreements: Mapping[str, Agreement]) -> list[Finding]:
    """Three to five findings, as far as there is something to find.

    Args:
        contents: with the status of every map.
        agreements: by method label, for methods with maps of two models or more.
    """
    found = [_accuracy(contents), _same_class(contents)]
    pairs = {label: pairs_of(agreement) for label, agreement in agreements.items()}
    pairs = {label: known for label, known in pairs.items() if known}
    if pairs:
        found += [_models_under(main_method(contents, pairs), pairs), _methods(pairs)]
    return [finding for finding in (*found, _odd(contents)) if finding is not None]


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
    if not common.any():
        return None
    number = int(common.sum())
    scores = sorted(((int(model.right[common].sum()), model.label) for model in judged), key=lambda score: -score[0])
    (best, first), (worst, last) = scores[0], scores[-1]
    text = f"{first} names the labelled class of {best} of {number} images ({_percent(best, number)})"
    if best > worst:
        text += f", {last} of {worst} ({_percent(worst, number)})"
    elif len(scores) > 1:
        text += ", as many as every other model"
    return Finding("Who is right", text + ".")


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}{PERCENT}"


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
        f"All {len(spoken)} models name the same class for {same} of {len(rows)} images "
        f"({_percent(same, len(rows))}); two of them do so for "
        f"{100 * float(np.mean(pairs)):.0f}{PERCENT} on average.",
    )


def _models_under(label: str, pairs: Mapping[str, list[Pair]]) -> Finding:
    known = pairs[label]
    most, least = known[0], known[-1]
    text = f"Under {label}, {most.first} and {most.second} look at the most similar places ({most.describe()})"
    text += f", {least.first} and {least.second} at the least similar ({least.describe()})." if least != most else "."
    chance = sum(pair.by_chance for pair in known)
    if len(known) == 1:
        text += " That is no more than chance gives." if chance else " That is above chance."
    elif chance:
        every = "None of the pairs" if chance == len(known) else f"{chance} of {len(known)} pairs do not"
        text += f" {every} agree{'s' if chance == len(known) else ''} more than maps of different images do."
    else:
        text += f" All {len(known)} pairs agree more than maps of different images do."
    return Finding("Where models look", text, warns=chance == len(known))


def _methods(pairs: Mapping[str, list[Pair]]) -> Finding | None:
    if len(pairs) < 2:
        return None
    means = {label: float(np.mean([p.mean for p in known])) for label, known in pairs.items()}
    floors = {label: float(np.mean([p.floor for p in known])) for label, known in pairs.items()}
    above = {label: means[label] - floors[label] for label in pairs}
    ranked = sorted(above, key=lambda label: -above[label] if np.isfinite(above[label]) else np.inf)
    most, least = ranked[0], ranked[-1]
    return Finding(
        "What the method changes",
        f"Measured above chance, models differ most under {least} (mean cosine {two_decimals(means[least])}, "
        f"floor {two_decimals(floors[least])}) and least under {most} ({two_decimals(means[most])}, "
        f"floor {two_decimals(floors[most])}).",
    )


def _odd(contents: Contents) -> Finding:
    counts = contents.counts()
    strange = (Status.ZERO, Status.CONSTANT, Status.NONFINITE, Status.FAILED)
    parts = [f"{counts[s.name]:,} {STATUS_WORDS[s]}" for s in strange if counts[s.name]]
    total = counts.total() - counts[Status.PENDING.name] - counts[Status.SKIPPED.name]
    loads = sum(f.stage == "load" for f in contents.failures)
    emptied = sum(int(known.sum()) for known in contents.emptied.values())
    if emptied:
        parts.append(f"{emptied:,} zero after the method's final step")
    if not parts and not loads:
        return Finding("Nothing odd", f"All {total:,} maps are finite, and none is zero or constant.")
    text = ""
    if parts:
        odd = {key: int(np.isin(status, strange).sum()) for key, status in contents.statuses.items()}
        odd = {key: number + int(contents.emptied[key].sum()) for key, number in odd.items()}
        most = max(odd, key=lambda key: odd[key])
        text = f"Of {total:,} maps, {_listed(parts)}. "
        if len(odd) > 1 and odd[most] > 1:
            text += f"{most[1]} on {most[0]} has the most, {odd[most]:,}. "
        text += "They are left out of every comparison. "
    if loads:
        text += f"{loads} model{'s' if loads > 1 else ''} would not load."
    return Finding("Worth a second look", text.strip(), warns=True)


def _listed(parts: list[str]) -> str:
    """``40 are all zero, 3 constant and 1 failed``."""
    first, *rest = parts
    number, _, what = first.partition(" ")
    first = f"{number} {'is' if number == '1' else 'are'} {what}"
    return first if not rest else f"{', '.join([first, *rest[:-1]])} and {rest[-1]}"
