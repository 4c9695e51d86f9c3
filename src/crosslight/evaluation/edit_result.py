"""What an edit did to predictions and maps: a row for each picture and classifier, and what the rows come to."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..core.bootstrap import mean_interval
from ..core.plain import plain
from ..core.share import Share

#: what is measured of a method's maps, in the order in which it is written
OF_MAPS = ("inside_before", "inside_after", "chance", "shift", "cosine")

#: what is averaged over pictures for each classifier
_AVERAGED = ("probability_before", "probability_after", "log_odds_change")

#: classifiers named in a sentence; the rest is counted
_NAMED = 8


@dataclass(frozen=True)
class EditRow:
    """One picture and one classifier.

    Attributes:
        image: its name.
        identity: of the image.
        label: what its source says it shows, or nothing.
        model: the classifier's label.
        asked: the class that is followed: its probability, its map.
        said_before: the class predicted before.
        said_after: the class predicted after.
        probability_before: of the class that is followed, in [0, 1].
        probability_after: of the same class after.
        log_odds_change: of the same class: after less before, in nats.
        share: of the picture that the region covers.
        how: ``by mask``, or what a generator has drawn.
        other: where a background is from, or nothing.
        maps: by the method's label, what is measured of its maps: see `OF_MAPS`; NaN where a map is not usable.
    """

    image: str
    identity: str
    label: str
    model: str
    asked: str
    said_before: str
    said_after: str
    probability_before: float
    probability_after: float
    log_odds_change: float
    share: float
    how: str
    other: str
    maps: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def said(self) -> bool:
        """Whether the class that is followed was predicted before: only then can it be kept."""
        return self.said_before == self.asked

    @property
    def kept(self) -> bool:
        """Whether it was predicted before, and still is."""
        return self.said and self.said_after == self.asked


@dataclass(frozen=True)
class EditSummary:
    """What the pictures of one classifier come to, all together or those of one class.

    Attributes:
        model: the classifier's label.
        asked: the class, or nothing for all.
        images: pictures.
        said: how many were predicted as the class that is followed before.
        kept: how many of these still are.
        means: by name of what is averaged, mean with the bounds of its 95 % bootstrap interval over pictures; NaN where
            there is none. Of maps, names are ``METHOD: inside_before`` and so on, and ``METHOD: inside_change``.
        others: of one class: pictures for which another class is followed, edited likewise.
        others_said: how many of these are called this class once they are edited. Where that is about as often as the
            class is kept, it is what the classifier says of pictures that show nothing.
    """

    model: str
    asked: str
    images: int
    said: int
    kept: int
    means: Mapping[str, tuple[float, float, float]]
    others: int = 0
    others_said: int = 0

    @property
    def others_share(self) -> float:
        """Share of the other edited pictures that are called so; NaN where there are none, or for all classes."""
        return self.others_said / self.others if self.others else float("nan")

    @property
    def kept_share(self) -> tuple[float, float, float]:
        """Share of those said before that still are, with its 95 % Wilson interval; NaN where none was."""
        if not self.said:
            return (float("nan"),) * 3
        share = Share(self.kept, self.said)
        return (share.value, *share.interval)


@dataclass(frozen=True)
class EditResult:
    """What an edit did.

    Attributes:
        rows: of each classifier, all pictures in order.
        does: the edit in words, such as ``the fish removed``.
        models: labels.
        methods: labels.
        floors: by model and method: the mean cosine of maps before and after of different pictures.
        skipped: images left out, by reason.
        failures: what could not be done: image, model, stage and reason.
        settings: of the edit and of the comparison.
    """

    rows: tuple[EditRow, ...]
    does: str
    models: tuple[str, ...]
    methods: tuple[str, ...]
    floors: Mapping[tuple[str, str], float]
    skipped: Mapping[str, int]
    failures: tuple[tuple[str, str, str, str], ...]
    settings: Mapping[str, Any]

    @property
    def images(self) -> tuple[str, ...]:
        """Names of the pictures."""
        return tuple(dict.fromkeys(row.image for row in self.rows))

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class that was followed, the most frequent first."""
        count: dict[str, int] = {}
        for row in self.rows:
            count[row.asked] = count.get(row.asked, 0) + 1
        return tuple(sorted(count, key=lambda name: (-count[name], name)))

    def summaries(self, by_class: bool = False) -> list[EditSummary]:
        """What each classifier's pictures come to; all together, or class by class."""
        found = []
        for model in self.models:
            own = [row for row in self.rows if row.model == model]
            groups = (
                [("", own)] if not by_class else [(name, [r for r in own if r.asked == name]) for name in self.classes]
            )
            for name, group in groups:
                rest = [row for row in own if name and row.asked != name]
                if group:
                    found.append(self._summary(model, name, group, rest))
        return found

    def _summary(self, model: str, asked: str, rows: Sequence[EditRow], rest: Sequence[EditRow]) -> EditSummary:
        columns: dict[str, list[float]] = {name: [getattr(row, name) for row in rows] for name in _AVERAGED}
        for method in self.methods:
            for name in OF_MAPS:
                columns[f"{method}: {name}"] = [row.maps.get(method, {}).get(name, np.nan) for row in rows]
            pairs = zip(columns[f"{method}: inside_before"], columns[f"{method}: inside_after"], strict=True)
            columns[f"{method}: inside_change"] = [after - before for before, after in pairs]
        values = np.array(list(columns.values()), np.float64).T
        seed = int(self.settings.get("seed", 0))
        low, high = mean_interval(values, resamples=2000, seed=seed)
        known = np.isfinite(values)
        mean = np.where(
            known.any(axis=0), np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan
        )
        means = {name: (float(mean[i]), float(low[i]), float(high[i])) for i, name in enumerate(columns)}
        said = sum(row.said for row in rows)
        kept, so_called = sum(row.kept for row in rows), sum(row.said_after == asked for row in rest)
        return EditSummary(model, asked, len(rows), said, kept, means, len(rest), so_called)

    def sentences(self) -> list[str]:
        """Which classifiers still say what they said, in words."""
        names = self.classes
        whole = self.summaries()
        lines = [_sentence(self.does, names[0] if len(names) == 1 else "the same class", whole)]
        if 1 < len(names) <= 12:
            by_class = self.summaries(by_class=True)
            for name in sorted(names):
                lines.append(_sentence(self.does, name, [one for one in by_class if one.asked == name]))
        return lines

    def to_dict(self, per_image: bool = False) -> dict[str, Any]:
        """All of it in JSON's own types; rows only where `per_image` is set."""
        result = {
            "does": self.does,
            "models": list(self.models),
            "methods": list(self.methods),
            "images": len(self.images),
            "classes": list(self.classes),
            "settings": dict(self.settings),
            "sentences": self.sentences(),
            "summary": [_summary_row(one) for one in self.summaries()],
            "by_class": [_summary_row(one) for one in self.summaries(by_class=True)],
            "floors": [
                {"model": model, "method": method, "cosine": value} for (model, method), value in self.floors.items()
            ],
            "skipped": dict(self.skipped),
            "failures": [
                dict(zip(("image", "model", "stage", "reason"), failure, strict=True)) for failure in self.failures
            ],
        }
        if per_image:
            result["rows"] = [{**asdict(row), "kept": row.kept} for row in self.rows]
        return dict(plain(result))

    def to_csv(self) -> str:
        """A line for each picture and classifier."""
        rows = []
        for row in self.rows:
            line = asdict(row) | {"kept": row.kept if row.said else ""}
            maps = line.pop("maps")
            rows.append(
                line
                | {f"{method}: {name}": maps.get(method, {}).get(name) for method in self.methods for name in OF_MAPS}
            )
        return _table(rows)

    def summary_to_csv(self) -> str:
        """A line for each classifier, and for each class of it; the class of a line on all is empty."""
        return _table([_flat(one) for one in (*self.summaries(), *self.summaries(by_class=True))])


def _sentence(does: str, said: str, summaries: Sequence[EditSummary]) -> str:
    """With the fish removed, 3 of 12 classifiers still say fish in more than half of the pictures: ..."""
    asked = [one for one in summaries if one.said]
    still = sorted((one for one in asked if 2 * one.kept > one.said), key=lambda one: (-one.kept / one.said, one.model))
    start = f"With {does}, "
    if not asked:
        return f"{start}there is nothing to keep: no classifier said {said} before."
    named = ", ".join(f"{one.model} ({_kept(one)})" for one in still[:_NAMED])
    more = f" and {len(still) - _NAMED} more" if len(still) > _NAMED else ""
    count = f"{len(still)} of {len(asked)}" if still else f"none of {len(asked)}"
    noun, verb = ("classifier", "says") if len(asked) == 1 else ("classifiers", "say")
    if len(still) == 1:
        verb = "says"
    where = "in more than half of the pictures" + (": " if named else "")
    return f"{start}{count} {noun} still {verb} {said} {where}{named}{more}."


def _kept(one: EditSummary) -> str:
    """How many are kept, beside how often other pictures are called so: ``6 of 6; 60 % of the others, too``."""
    too = f"; {100 * one.others_share:.0f} % of the others, too" if one.others_said else ""
    return f"{one.kept} of {one.said}{too}"


def _summary_row(one: EditSummary) -> dict[str, Any]:
    """As JSON holds it."""
    share = dict(zip(("kept_share", "kept_low", "kept_high"), one.kept_share, strict=True))
    means = {name: dict(zip(("mean", "low", "high"), bounds, strict=True)) for name, bounds in one.means.items()}
    return {
        "model": one.model, "class": one.asked, "images": one.images, "said": one.said, "kept": one.kept, **share,
        "others": one.others, "others_said": one.others_said,
        "means": means,
    }  # fmt: skip


def _flat(one: EditSummary) -> dict[str, Any]:
    """As a table holds it."""
    row = _summary_row(one)
    means = row.pop("means")
    for name, bounds in means.items():
        row |= {name: bounds["mean"], f"{name} low": bounds["low"], f"{name} high": bounds["high"]}
    return row


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    listed = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(listed[0]) if listed else [], lineterminator="\n")
    writer.writeheader()
    for row in listed:
        writer.writerow({key: "" if value is None or value != value else value for key, value in row.items()})
    return text.getvalue()
