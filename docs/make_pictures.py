"""Make the pictures of the README and of these pages: real photographs, real classifiers, real maps.

The photographs come with scikit-image; each is CC0 or in the public domain, see `PHOTOGRAPHS`.
The classifiers are those of ``studies/imagenet-sample.toml``; the folder with their weights is named by an
environment variable, as for that study::

    CROSSLIGHT_DATA=/path/to/data python docs/make_pictures.py

It takes some minutes on two cores. With a folder as argument the study is kept there, with its report, which
``make_screens.py`` photographs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from skimage import data

import crosslight
from crosslight.agreement import Agreement, agree_store
from crosslight.report import build_report
from crosslight.report.figures import dendrogram_figure, matrix_figure
from crosslight.report.overlay import overlay_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOCS = Path(__file__).resolve().parent
STUDY = DOCS.parent / "studies" / "imagenet-sample.toml"
WIDTH = 1200  # pixels of every picture

#: file name: what scikit-image calls the photograph; the comment says whose it is
PHOTOGRAPHS = {
    "cat.png": "chelsea",  # Stefan van der Walt, CC0
    "coffee.png": "coffee",  # Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0
    "photographer.png": "camera",  # Lav Varshney, CC0
    "rocket.png": "rocket",  # SpaceX, public domain
    "spacesuit.png": "astronaut",  # NASA, public domain
    "wall-clock.png": "clock",  # Stefan van der Walt, public domain
}

METHODS = [
    {"name": "grad-cam", "label": "Grad-CAM"},
    {"name": "layer-cam", "label": "LayerCAM"},
    {"name": "smoothgrad", "label": "SmoothGrad", "samples": 16},
    {"name": "integrated-gradients", "label": "Integrated Gradients", "steps": 16},
]


@dataclass(frozen=True)
class Grid:
    """What the grid of overlays shows, and its measures in pixels."""

    photographs: tuple[str, ...] = ("cat.png", "coffee.png", "rocket.png")
    models: tuple[str, ...] = ("MobileNetV1 0.25", "MobileNetV2 (TF2)", "SqueezeNet 1.1")
    methods: tuple[str, ...] = ("Grad-CAM", "SmoothGrad")
    margin: int = 20
    gap: int = 5  # within a group
    between: int = 22  # groups
    head: int = 62
    caption: int = 40

    @property
    def groups(self) -> int:
        """The photograph, then one group per model."""
        return 1 + len(self.models)

    @property
    def tile(self) -> int:
        """Side of a tile."""
        tiles = 1 + len(self.models) * len(self.methods)
        gaps = len(self.models) * (self.between + (len(self.methods) - 1) * self.gap)
        return (WIDTH - 2 * self.margin - gaps) // tiles

    def left(self, model: int, method: int) -> int:
        """Where a tile begins; model -1 is the photograph."""
        if model < 0:
            return self.margin
        group = len(self.methods) * (self.tile + self.gap) - self.gap + self.between
        return self.margin + self.tile + self.between + model * group + method * (self.tile + self.gap)

    def top(self, row: int) -> int:
        """Where a row of tiles begins."""
        return self.head + row * (self.tile + self.caption)


def write_photographs(folder: Path) -> None:
    """The photographs as files, as somebody's folder of pictures would hold them."""
    for name, attribute in PHOTOGRAPHS.items():
        Image.fromarray(getattr(data, attribute)()).save(folder / name)


def run_study(photographs: Path, out: Path) -> crosslight.Store:
    """The eight classifiers, three methods and these photographs."""
    tables = tomllib.loads(STUDY.read_text("utf-8"))
    tables["study"]["name"] = "licence-free-photographs"
    tables["images"] = {"source": str(photographs)}
    tables["methods"] = METHODS
    return crosslight.Study.from_dict(tables, base=STUDY.parent).run(out)


def overlay_grid(store: crosslight.Store, photographs: Path, grid: Grid) -> Image.Image:
    """Photographs x models x methods, with what each model predicts."""
    height = grid.top(len(grid.photographs)) + 8
    sheet = Image.new("RGB", (WIDTH, height), "white")
    draw = ImageDraw.Draw(sheet)
    names = [image.name for image in store.manifest.images]
    for column, model in enumerate(grid.models):
        middle = (grid.left(column, 0) + grid.left(column, len(grid.methods) - 1) + grid.tile) // 2
        draw.text((middle, 10), model, "#1a1a1a", font(19, bold=True), anchor="ma")
        for place, method in enumerate(grid.methods):
            draw.text((grid.left(column, place) + grid.tile // 2, 37), method, "#5c5c5c", font(14), anchor="ma")
    for row, name in enumerate(grid.photographs):
        at = names.index(name)
        picture = Image.open(photographs / name).convert("RGB")
        sheet.paste(square(picture, grid.tile), (grid.left(-1, 0), grid.top(row)))
        for column, model in enumerate(grid.models):
            for place, method in enumerate(grid.methods):
                shown = overlay_map(picture, store.maps(model, method), at)
                sheet.paste(square(shown, grid.tile), (grid.left(column, place), grid.top(row)))
            table = store.predictions(model)
            top = int(table.top1[at])
            text = table.classes[top].split(",")[0]
            words = f"{text}  {100 * float(table.probabilities[at, top]):.0f} %"
            draw.text((grid.left(column, 0), grid.top(row) + grid.tile + 6), words, "#1a1a1a", font(16))
    return sheet


def square(picture: Image.Image, side: int) -> Image.Image:
    """The middle of a picture, which is what the classifiers see."""
    short = min(picture.size)
    left, top = (picture.width - short) // 2, (picture.height - short) // 2
    cut = picture.crop((left, top, left + short, top + short))
    return cut.resize((side, side), Image.Resampling.LANCZOS)


def agreement_picture(agreement: Agreement) -> Image.Image:
    """The matrix, and the dendrogram beside it."""
    matrix, tree = drawn(matrix_figure(agreement)), drawn(dendrogram_figure(agreement))
    gap = 60
    sheet = Image.new("RGB", (matrix.width + gap + tree.width, max(matrix.height, tree.height)), "white")
    sheet.paste(matrix, (0, 0))
    sheet.paste(tree, (matrix.width + gap, 0))
    return sheet.resize((WIDTH, round(sheet.height * WIDTH / sheet.width)), Image.Resampling.LANCZOS)


def drawn(figure: Figure) -> Image.Image:
    """A figure as a picture."""
    file = BytesIO()
    figure.savefig(file, format="png")
    return Image.open(file).convert("RGB")


def save(picture: Image.Image, name: str, colours: int = 256, dither: bool = True) -> None:
    """Write a small PNG; drawings do better without dithering."""
    file = DOCS / "pictures" / name
    file.parent.mkdir(exist_ok=True)
    palette = picture.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=1)
    values = palette.getpalette() or []
    for at in range(0, len(values), 3):
        if min(values[at : at + 3]) >= 248:
            values[at : at + 3] = [255] * 3  # paper stays white
    palette.putpalette(values)
    how = Image.Dither.FLOYDSTEINBERG if dither else Image.Dither.NONE
    picture.quantize(palette=palette, dither=how).save(file, optimize=True)
    print(f"{file.relative_to(DOCS.parent)}: {picture.width} x {picture.height}, {file.stat().st_size // 1000} kB")


@cache
def font(points: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The type that comes with Matplotlib."""
    properties = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return ImageFont.truetype(font_manager.findfont(properties), points)


def main(arguments: Sequence[str]) -> None:
    """Make all pictures; with a folder as argument the study is kept there."""
    if "CROSSLIGHT_DATA" not in os.environ:
        sys.exit("name the folder with the weights in CROSSLIGHT_DATA; see studies/imagenet-sample.toml")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(arguments[0] if arguments else scratch)
        photographs = folder / "photos"
        photographs.mkdir(parents=True, exist_ok=True)
        write_photographs(photographs)
        store = run_study(photographs, folder / "results")
        save(overlay_grid(store, photographs, Grid()), "overlays.png")
        save(agreement_picture(agree_store(store, "Grad-CAM")["Grad-CAM"]), "agreement.png", colours=96, dither=False)
        if arguments:
            build_report(store)  # which make_screens.py looks at


if __name__ == "__main__":
    main(sys.argv[1:])
