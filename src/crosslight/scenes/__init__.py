"""Scenes: a small world of pictures whose truth is known, made from an index and a seed."""

from __future__ import annotations

from .concepts import CATEGORIES, CLASSES, CONCEPTS, PARTS, SCENES, Concept, concepts_of, number_of
from .render import Facts, Scene, SceneBatch, scene, scenes
from .world import SPLITS, VARIANTS, label_of

__all__ = [
    "CATEGORIES",
    "CLASSES",
    "CONCEPTS",
    "PARTS",
    "SCENES",
    "SPLITS",
    "VARIANTS",
    "Concept",
    "Facts",
    "Scene",
    "SceneBatch",
    "concepts_of",
    "label_of",
    "number_of",
    "scene",
    "scenes",
]
