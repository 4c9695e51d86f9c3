"""What a search has found: the defaults and the settings that it proposes, judged on images that it did not see."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.plain import plain
from ..estimates import Estimate, estimate
from .objective import Better
from .trials import Trial

Floats = NDArray[np.float64]

#: what a point is
DEFAULT, BEST, FRONT = "default", "best", "front"


@dataclass(frozen=True)
class Point:
    """Some settings, judged.

    Attributes:
        label: ``default``, ``best`` (what is proposed) or ``front``.
        settings: of the method, but for defaults; empty where every image has its own.
        searched: score and evaluations per image on the images that were searched.
        scores: ``[image]``: of the images it is judged on, mean over classifiers.
        seconds: ``[image]``: of the processor for one map that shares nothing.
        evaluations: ``[image]``: passes for the same.
    """

    label: str
    settings: Mapping[str, Any]
    searched: tuple[float, float]
    scores: Floats = field(repr=False)
    seconds: Floats = field(repr=False)
    evaluations: Floats = field(repr=False)


@dataclass(frozen=True)
class Tuned:
    """The result of a search.

    Attributes:
        method: its name.
        objective: as it was asked for.
        better: whether ``higher`` or ``lower`` scores are better.
        models: labels of the classifiers.
        points: the default first, then the front from cheap to dear; one of them, perhaps the default, is the best.
        best: position of the settings that are proposed.
        trials: all that was tried.
        searched: identities of the images that were searched.
        judged: identities of the images that the points were judged on.
        held_out: whether those are others. Where each image was searched by itself they are the same, with other
            samples drawn.
        chosen: for each image by name, its own settings, where each was searched by itself.
        tables: of the study file, with the settings that are proposed.
        space: as JSON can hold it.
        notes: what a person should know.
    """

    method: str
    objective: str
    better: Better
    models: tuple[str, ...]
    points: tuple[Point, ...]
    best: int
    trials: tuple[Trial, ...] = field(repr=False)
    searched: tuple[str, ...] = field(repr=False)
    judged: tuple[str, ...] = field(repr=False)
    held_out: bool
    chosen: Mapping[str, Mapping[str, Any]] = field(repr=False)
    tables: Mapping[str, Any] = field(repr=False)
    space: Mapping[str, Any] = field(repr=False)
    seed: int = 0
    notes: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        """1 where larger scores are better, else -1."""
        return 1 if self.better == "higher" else -1

    def estimates(self, name: str, against_default: bool = False) -> Estimate:
        """Means of the points with 95 % bootstrap intervals over images.

        Args:
            name: ``scores``, ``seconds`` or ``evaluations``.
            against_default: of the differences from the default, image by image.
        """
        values = np.stack([getattr(point, name) for point in self.points])
        return estimate(values - values[:1] if against_default else values, seed=self.seed)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each point: avg_time in seconds, evaluations, and the mean score with its interval."""
        score, gain = self.estimates("scores"), self.estimates("scores", against_default=True)
        seconds, saved = self.estimates("seconds"), self.estimates("seconds", against_default=True)
        evaluations = self.estimates("evaluations")
        return [
            {
                "label": BEST if at == self.best and point.label != DEFAULT else point.label,
                "best": at == self.best,
                f"avg_{self.objective}": float(score.mean[at]),
                "interval": [float(score.low[at]), float(score.high[at])],
                "difference": float(gain.mean[at]),
                "difference_interval": [float(gain.low[at]), float(gain.high[at])],
                "avg_time": float(seconds.mean[at]),
                "time_interval": [float(seconds.low[at]), float(seconds.high[at])],
                "time_difference": float(saved.mean[at]),
                "time_difference_interval": [float(saved.low[at]), float(saved.high[at])],
                "evaluations": float(evaluations.mean[at]),
                "searched_score": point.searched[0],
                "searched_evaluations": point.searched[1],
                "settings": dict(point.settings),
            }
            for at, point in enumerate(self.points)
        ]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, NaN as None."""
        states = [trial.state for trial in self.trials]
        return dict(
            plain(
                {
                    "method": self.method,
                    "objective": self.objective,
                    "better": self.better,
                    "models": self.models,
                    "trials": {state: states.count(state) for state in ("done", "pruned", "failed")},
                    "images": {"searched": self.searched, "judged": self.judged, "held_out": self.held_out},
                    "points": self.rows(),
                    "best": self.best,
                    "per_image": self.chosen,
                    "space": self.space,
                    "notes": self.notes,
                }
            )
        )


def to_toml(tables: Mapping[str, Any]) -> str:
    """Tables of a study as a study file."""
    lines: list[str] = []
    for name, content in tables.items():
        for entry in content if isinstance(content, list) else [content]:
            lines += [f"[[{name}]]" if isinstance(content, list) else f"[{name}]"]
            lines += [f"{key} = {_value(value)}" for key, value in entry.items() if value is not None]
            lines.append("")
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = repr(value)
        return text if set(text) & set(".en") else f"{text}.0"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def settings_in_words(settings: Mapping[str, Any], leave: Sequence[str] = ()) -> str:
    """Settings in one line."""
    return ", ".join(f"{name} {value}" for name, value in settings.items() if name not in leave) or "as they are"
