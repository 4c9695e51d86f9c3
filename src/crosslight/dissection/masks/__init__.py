"""Concepts of units by masks: Network Dissection, with readers for labelled pictures."""

from __future__ import annotations

from .broden import BrodenConcepts, broden_images, read_broden
from .concept_masks import ConceptMasks, ImageLabels
from .files import LegendConcepts, ShapeConcepts, open_concepts, read_legend_concepts, read_shape_concepts
from .iou import Overlap, overlaps
from .label import label_layers, unique_detectors
from .scenes import SceneConcepts

__all__ = [
    "BrodenConcepts",
    "ConceptMasks",
    "ImageLabels",
    "LegendConcepts",
    "Overlap",
    "SceneConcepts",
    "ShapeConcepts",
    "broden_images",
    "label_layers",
    "open_concepts",
    "overlaps",
    "read_broden",
    "read_legend_concepts",
    "read_shape_concepts",
    "unique_detectors",
]
