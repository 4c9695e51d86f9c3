"""Dissections of networks that are not there: every kind of unit, and names that try to be HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from crosslight.dissection.records import CANDIDATES, NONE, TOP, Dissection, Labelling, UnitLayer
from crosslight.images import ImageSet, open_images

#: names and categories
CONCEPTS = (
    ("sea", "scene"),
    ("seas", "scene"),
    ("meadow", "scene"),
    ("sail", "part"),
    ("fish", "object"),
    ("blue", "color"),
    ("red", "color"),
    ("sand", "material"),
    ("<img src=x onerror=alert(1)>", "object"),
    ("møller i tåge 海", "scene"),
)
#: by layer: units, grid, the label of each unit by name (empty: none)
LAYERS = {
    "stage1": ((6, 6), ("blue", "blue", "red", "sand", "", "")),
    "stage2": ((3, 4), ("sea", "seas", "fish", "sail", "sea", "", "meadow", "<img src=x onerror=alert(1)>")),
}
DEAD, UNSTABLE, POLYSEMANTIC, TWINS = ("stage1", 5), ("stage1", 4), ("stage2", 2), ("stage2", 0, 4)
PREPROCESS = {"size": [40, 40], "resize": 50, "crop": "center", "interpolation": "bilinear",
              "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}  # fmt: skip


def write_photographs(folder: Path, count: int = 14) -> ImageSet:
    """Pictures of 60 x 50 pixels, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    for i in range(count):
        pixels = rng.integers(0, 255, (5, 6, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        Image.fromarray(pixels).save(folder / f"photo{i}.png")
    return open_images(folder)


def made_up_dissection(
    model: str,
    images: ImageSet,
    layers: Mapping[str, tuple[tuple[int, int], Sequence[str]]] = LAYERS,
    *,
    scores: Sequence[str] = ("iou", "soft-wpmi"),
    facts: Mapping[str, Any] | None = None,
) -> Dissection:
    """A dissection whose units have the labels that are asked for; the last image could not be read."""
    built = [_layer(name, grid, len(labels), len(images), at, len(layers))
             for at, (name, (grid, labels)) in enumerate(layers.items())]  # fmt: skip
    labellings = [_labelling(name, labels, score) for name, (_, labels) in layers.items() for score in scores]
    return Dissection(
        model,
        tuple(record.name for record in images),
        images.identities,
        tuple(built),
        tuple(labellings),
        {len(images) - 1: "the file is <b>broken</b>"},
        {
            "images": {"source": images.source},
            "settings": {"model": "made/up", "preprocess": PREPROCESS, "pooling": "mean"},
            "seconds": 1.5,
        }
        | dict(facts or {}),
    )


def _layer(name: str, grid: tuple[int, int], units: int, images: int, at: int, of: int) -> UnitLayer:
    rng = np.random.default_rng(at)
    maps = rng.random((images, units, *grid)).astype(np.float32)
    if name == DEAD[0]:
        maps[:, DEAD[1]] = 0
    activations = maps.mean(axis=(2, 3))
    activations[-1] = np.nan
    top = np.full((units, TOP), NONE, np.int32)
    order = np.argsort(-activations[:-1], axis=0, kind="stable").T[:, :TOP]
    top[:, : order.shape[1]] = order
    chosen = maps[top, np.arange(units)[:, None]]
    thresholds = np.quantile(maps[:-1], 0.8, axis=(0, 2, 3)).astype(np.float32)
    dead = np.nanmax(activations, axis=0) == np.nanmin(activations, axis=0)
    return UnitLayer(name, (at + 1) / of, grid, activations, thresholds, top, chosen.astype(np.float16), dead)


def _labelling(layer: str, labels: Sequence[str], score: str) -> Labelling:
    names, units = [name for name, _ in CONCEPTS], len(labels)
    best = np.array([names.index(label) if label else NONE for label in labels], np.int32)
    candidates = np.tile(np.arange(CANDIDATES, dtype=np.int32), (units, 1))
    candidates[:, 0] = np.where(best == NONE, 0, best)
    scores = (0.4 - 0.05 * np.arange(CANDIDATES) - 0.01 * np.arange(units)[:, None]).astype(np.float32)
    why = ["" if label else ("dead" if (layer, unit) == DEAD else "unstable") for unit, label in enumerate(labels)]
    twin = np.full(units, NONE, np.int32)
    clusters = np.ones(units, np.int32)
    if layer == TWINS[0] and units > TWINS[2]:
        twin[TWINS[1]], twin[TWINS[2]] = TWINS[2], TWINS[1]
        clusters[POLYSEMANTIC[1]] = 2
    q = np.where(best == NONE, 0.6, 0.001 * (1 + np.arange(units)))
    return Labelling(
        layer, score, tuple(names), tuple(category for _, category in CONCEPTS), best, candidates, scores, tuple(why),
        np.where(best == NONE, 0.51, 0.9), q / 2, q, clusters, twin, {"threshold": 0.04},
    )  # fmt: skip
