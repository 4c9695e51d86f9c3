"""Tuning: the settings of a method searched for score and time on some images, and judged on others."""

from __future__ import annotations

from .objective import Objective, find_objective, objectives
from .space import Dimension, Space, space_of
from .split import split
from .trials import Trial, front
from .tune import tune
from .tuned import Point, Tuned, to_toml

__all__ = [
    "Dimension",
    "Objective",
    "Point",
    "Space",
    "Trial",
    "Tuned",
    "find_objective",
    "front",
    "objectives",
    "space_of",
    "split",
    "to_toml",
    "tune",
]
