"""Make the gallery of figures: every kind that ``crosslight figure`` draws, from the embedded study.

::

    crosslight demo --out OUT
    python docs/make_figures.py OUT

It takes half a minute on one core. What is in the pictures was drawn by this toolkit, photographs included.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

import crosslight
from crosslight.report.figures import concept_histogram
from crosslight.report.figures.plots import Plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = Path(__file__).resolve().parent / "pictures"
DPI = 110
PHOTOGRAPHS = ("figure-overlays", "figure-segments", "figure-contour")
MODELS = ("ResNet", "EfficientNet", "ConvNeXt", "ViT", "Swin", "LeViT")
#: units of the embedded ResNet that detect each concept in a made-up dissection: what dissection gives is plain counts
UNITS = {
    "layer 3": {"sky": 14, "grass": 9, "sea": 6, "wall": 5, "wheel": 3, "sail": 1, "fin": 1, "roof": 2},
    "layer 4": {"sky": 6, "grass": 4, "wheel": 8, "sail": 7, "roof": 6, "wing": 5, "fin": 4, "spine": 2, "lamp": 1},
}


def figures(store: crosslight.Store) -> Mapping[str, Callable[[], Figure]]:
    """What is drawn, by the name of its file.

    Args:
        store: of the embedded study.
    """
    every, some = Plots(store), Plots(store, models=MODELS)
    return {
        "figure-overlays": lambda: some.overlays("Grad-CAM", limit=3),
        "figure-segments": lambda: some.overlays("KernelSHAP", limit=3, style="segments"),
        "figure-contour": lambda: some.overlays("Occlusion", limit=2, style="contour"),
        "figure-comparison": lambda: every.comparison(["Grad-CAM", "KernelSHAP"]),
        "figure-scorecard": lambda: some.scorecard("energy"),
        "figure-communities": lambda: every.communities("Saliency"),
        "figure-pairs": lambda: Plots(store, models=MODELS).pairs("Grad-CAM"),
        "figure-multiverse": lambda: every.multiverse("Grad-CAM"),
        "figure-concepts": lambda: concept_histogram(UNITS, minimum=2, title="Units by concept (made-up counts)"),
    }


def write(figure: Figure, file: Path, photographs: bool) -> None:
    """A small PNG of 256 colours.

    Args:
        figure: any.
        file: where it goes.
        photographs: whether there are some in it.
    """
    content = BytesIO()
    figure.savefig(content, format="png", dpi=DPI)
    picture = Image.open(content).convert("RGB")
    palette = picture.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1)
    dither = Image.Dither.FLOYDSTEINBERG if photographs else Image.Dither.NONE  # drawings do better without
    picture.quantize(palette=palette, dither=dither).save(file, optimize=True)
    print(f"{file.name}: {picture.width} x {picture.height}, {file.stat().st_size // 1000} kB")


def main() -> None:
    """Draw them all."""
    if len(sys.argv) != 2:
        sys.exit("name the folder that crosslight demo wrote")
    PICTURES.mkdir(exist_ok=True)
    for name, draw in figures(crosslight.Store.open(sys.argv[1])).items():
        write(draw(), PICTURES / f"{name}.png", name in PHOTOGRAPHS)


if __name__ == "__main__":
    main()
