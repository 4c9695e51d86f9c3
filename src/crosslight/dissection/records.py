"""What is known of the units of a classifier: how they answer to the images, and which concepts they detect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: a unit's best images that are kept with the map of its activation
TOP = 10
#: concepts that are kept for each unit
CANDIDATES = 5
#: no concept
NONE = -1


@dataclass(frozen=True)
class UnitLayer:
    """The units of one layer, and how they answer to the images.

    Attributes:
        name: of the site, such as ``layer4`` or ``blocks.11``.
        depth: share of the network's FLOPs done when it is ready, in (0, 1].
        grid: rows and columns of its maps.
        activations: float32 ``[images, units]``: each unit's activation, pooled over the cells; NaN for images that
            could not be read.
        thresholds: float32 ``[units]``: the level that 0.5 % of all cells of all images exceed.
        top_images: int32 ``[units, TOP]``: rows of the images of highest pooled activation, best first; `NONE` fills.
        top_maps: float16 ``[units, TOP, rows, columns]``: the unit's activation on those images.
        dead: bool ``[units]``: the activation is the same on all images.
    """

    name: str
    depth: float
    grid: tuple[int, int]
    activations: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    top_images: NDArray[np.int32]
    top_maps: NDArray[np.float16]
    dead: NDArray[np.bool_]

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.thresholds)


@dataclass(frozen=True)
class Labelling:
    """The concepts of one layer's units, found in one way.

    Attributes:
        layer: name of the layer.
        score: ``iou``, ``soft-wpmi``, ``wpmi``, ``rank-reorder``, ``cosine`` or ``cosine-cubed``.
        concepts: all that were asked for.
        categories: the category of each, such as ``color``; empty words where concepts have none.
        best: int32 ``[units]``: the concept that is the unit's label; `NONE` where it has none.
        candidates: int32 ``[units, CANDIDATES]``: the concepts of highest score, best first; `NONE` fills.
        scores: float32 ``[units, CANDIDATES]``: theirs; NaN fills.
        why: for each unit why it has no label, such as ``dead`` or ``unstable``; empty where it has one.
        auc: float64 ``[units]``: on the images that the label was not chosen on, the area under the curve of the
            unit's activation as a detector of the concept's images; NaN where it was not tested.
        p: float64 ``[units]``: its one-sided p-value.
        q: float64 ``[units]``: the same after Benjamini and Hochberg's control of the false discovery rate.
        clusters: int32 ``[units]``: groups that the unit's best images fall into; more than one marks a
            polysemantic unit; 0 where it was not looked at.
        twin: int32 ``[units]``: another unit of the layer that answers in the same way; `NONE` where there is none.
        settings: what it was computed with.
    """

    layer: str
    score: str
    concepts: tuple[str, ...]
    categories: tuple[str, ...]
    best: NDArray[np.int32]
    candidates: NDArray[np.int32]
    scores: NDArray[np.float32]
    why: tuple[str, ...]
    auc: NDArray[np.float64]
    p: NDArray[np.float64]
    q: NDArray[np.float64]
    clusters: NDArray[np.int32]
    twin: NDArray[np.int32]
    settings: Mapping[str, Any]

    def label(self, unit: int) -> str | None:
        """The concept a unit detects, or None."""
        best = int(self.best[unit])
        return None if best == NONE else self.concepts[best]


@dataclass(frozen=True)
class Dissection:
    """A classifier taken apart.

    Attributes:
        model: how it is called in reports.
        images: names of the images, in the order of the rows.
        identities: theirs.
        layers: in execution order.
        labellings: of each layer and each way of labelling.
        failures: images that could not be read, with the reason, by row.
        facts: model name and digest, versions, settings, times; the images' source.
    """

    model: str
    images: tuple[str, ...]
    identities: tuple[str, ...]
    layers: tuple[UnitLayer, ...]
    labellings: tuple[Labelling, ...]
    failures: Mapping[int, str]
    facts: Mapping[str, Any]

    def layer(self, name: str) -> UnitLayer:
        """One of the layers.

        Raises:
            KeyError: there is none of that name.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)
