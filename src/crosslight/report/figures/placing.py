"""Where labels of points go, so that they cover neither each other nor a point, and are not taken for another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: from here on, in inches, a line is drawn from the point to its label
FAR = 0.14
_DISTANCES = np.array([0.08, 0.12, 0.2, 0.3, 0.42, 0.56, 0.72, 0.9])
_ANGLES = np.arange(16) * np.pi / 8
_PASSES, _SAMPLES = 8, 32
_OUTSIDE, _LABELS, _MARKS, _LINES, _ANOTHERS, _LENGTH = 60.0, 300.0, 200.0, 1.0, 5.0, 1.2


@dataclass(frozen=True)
class Place:
    """Where a label is, in inches.

    Attributes:
        left, low: its lower left corner.
        end: where the line from the point meets it; None where it is so near that none is needed.
    """

    left: float
    low: float
    end: tuple[float, float] | None


def place_labels(
    points: Array, sizes: Sequence[tuple[float, float]], room: tuple[float, float], radius: float = 0.05
) -> list[Place]:
    """Choose a place for the label of every point: one after the other, over and over, each where it disturbs least.

    Args:
        points: ``[point, 2]`` in inches from the lower left corner of the room.
        sizes: width and height of each label in inches.
        room: width and height in which labels must stay.
        radius: of the points' marks, in inches.

    Returns:
        A place for each label, the same whenever the same is asked.
    """
    number = len(points)
    marks = np.concatenate([points - radius, points + radius], axis=1)
    candidates = [_candidates(point, size) for point, size in zip(points, sizes, strict=True)]
    lines = [_lines(point, boxes) for point, boxes in zip(points, candidates, strict=True)]
    fixed = [
        _LENGTH * np.repeat(_DISTANCES, len(_ANGLES))
        + 0.04 * np.tile(1 - np.cos(_ANGLES), len(_DISTANCES))
        + _OUTSIDE * _outside(candidates[i], room)
        + _MARKS * _overlap(candidates[i], marks).sum(axis=1)
        + _LINES * _inside(lines[i], np.delete(marks, i, axis=0)).any(axis=1).sum(axis=1)
        + _ANOTHERS * _anothers(candidates[i], points, i)
        for i in range(number)
    ]
    crowd = np.array([(np.abs(points - point) < (0.8, 0.3)).all(axis=1).sum() for point in points])
    chosen: dict[int, int] = {}
    for _ in range(_PASSES):
        before = dict(chosen)
        for i in np.lexsort((np.arange(number), -crowd)).tolist():
            others = [j for j in chosen if j != i]
            costs = fixed[i]
            if others:
                boxes = np.stack([candidates[j][chosen[j]] for j in others])
                theirs = np.stack([lines[j][chosen[j]] for j in others])
                costs = costs + _LABELS * _overlap(candidates[i], boxes).sum(axis=1)
                costs = costs + _LINES * _inside(lines[i], boxes).any(axis=1).sum(axis=1)
                costs = costs + _LINES * _inside(theirs, candidates[i]).any(axis=1).sum(axis=0)
            chosen[i] = int(np.argmin(costs))
        if chosen == before:
            break
    return [_place(candidates[i][chosen[i]], lines[i][chosen[i]], chosen[i] // len(_ANGLES)) for i in range(number)]


def _place(box: Array, line: Array, step: int) -> Place:
    end = (float(line[-1, 0]), float(line[-1, 1])) if _DISTANCES[step] > FAR else None
    return Place(float(box[0]), float(box[1]), end)


def _candidates(point: Array, size: tuple[float, float]) -> Array:
    """``[candidate, 4]``: boxes around a point, all angles at the first distance, then at the next."""
    way = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
    half = np.array(size) / 2
    middle = point + _DISTANCES[:, None, None] * way + np.clip(1.4 * way, -1, 1) * half
    boxes = np.concatenate([middle - half, middle + half], axis=2)
    return np.asarray(boxes.reshape(-1, 4))


def _lines(point: Array, boxes: Array) -> Array:
    """``[candidate, sample, 2]``: places along the line from a point to the nearest one of each box."""
    ends = np.clip(point, boxes[:, :2], boxes[:, 2:])
    steps = np.linspace(0, 1, _SAMPLES)[None, :, None]
    return np.asarray(point + steps * (ends - point)[:, None])


def _inside(lines: Array, boxes: Array) -> NDArray[np.bool_]:
    """``[line, sample, box]``: which samples of lines lie in boxes."""
    own = lines[:, :, None, :]
    return np.asarray(((own > boxes[:, :2]) & (own < boxes[:, 2:])).all(axis=3))


def _anothers(boxes: Array, points: Array, own: int) -> Array:
    """``[candidate]``: by how much another point is nearer to the label than its own."""
    near = np.clip(points, boxes[:, None, :2], boxes[:, None, 2:])
    away = np.linalg.norm(near - points, axis=2)
    others = np.delete(away, own, axis=1).min(axis=1, initial=np.inf)
    return np.asarray(np.clip(away[:, own] + 0.04 - others, 0, 0.3))


def _overlap(one: Array, other: Array) -> Array:
    """``[box, box]``: common areas."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0), axis=2))


def _outside(boxes: Array, room: tuple[float, float]) -> Array:
    """How far boxes stand out of the room."""
    out = np.maximum(-boxes[:, :2], 0) + np.maximum(boxes[:, 2:] - np.array(room), 0)
    return np.asarray(out.sum(axis=1))
