"""Make the picture of a hundred scenes with their masks: ``python docs/make_scenes_sheet.py``.

Beside each picture stand its labels: the parts of the thing in strong colours, other objects in faint ones.
"""

from __future__ import annotations

from colorsys import hsv_to_rgb
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from crosslight.scenes import CLASSES, CONCEPTS, Scene, label_of, scene

OUT = Path(__file__).resolve().parent / "pictures" / "scenes.png"
CELL, GAP, PAIRS = 80, 3, 10


def colours() -> NDArray[np.uint8]:
    """A colour for each concept: strong for parts, faint for objects."""
    table = np.zeros((len(CONCEPTS) + 1, 3))
    for concept in CONCEPTS:
        hue = concept.number * 0.381966 % 1  # golden angle: neighbours differ
        strong = concept.category == "part"
        table[concept.number] = hsv_to_rgb(hue, 0.62 if strong else 0.10, 0.86 if strong else 0.94)
        table[concept.number] *= 255
    return table.astype(np.uint8)


def mask_of(made: Scene, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The parts of the thing, and the objects around it."""
    part, around = np.asarray(made.labels["part"]), np.asarray(made.labels["object"])
    return table[np.where(part > 0, part, around)]


def main() -> None:
    """Ten rows of ten: a column for each class."""
    table, step = colours(), 2 * CELL + 1 + 2 * GAP
    sheet = Image.new("RGB", (PAIRS * step + GAP, 10 * (CELL + GAP) + GAP), "white")
    for column in range(len(CLASSES)):
        chosen = [index for index in range(100) if label_of(index, "test") == column]
        for row, index in enumerate(chosen):
            made = scene(index, split="test")
            left, top = GAP + column * step, GAP + row * (CELL + GAP)
            picture = Image.fromarray(made.image).resize((CELL, CELL), Image.Resampling.LANCZOS)
            mask = Image.fromarray(mask_of(made, table)).resize((CELL, CELL), Image.Resampling.NEAREST)
            sheet.paste(picture, (left, top))
            sheet.paste(mask, (left + CELL + 1, top))
    thumbnail = sheet.resize((sheet.width // 3, sheet.height // 3), Image.Resampling.NEAREST)
    palette = thumbnail.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=2)
    small = sheet.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    small.save(OUT, optimize=True)
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB, {sheet.width} x {sheet.height}")


if __name__ == "__main__":
    main()
