"""Make the picture and the listings of the page on models: ``python docs/make_models.py``.

Classifiers and picture come from scenes, so nothing is fetched. One scene is explained by a trained classifier of each
family that is among them, at four depths; what the command line prints is kept as it is printed. The numbers of the
sweep are counted from ``models.csv``.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

import crosslight
from crosslight.models import Classifier
from crosslight.report.overlay import overlay_map
from crosslight.scenes import scene

DOCS = Path(__file__).resolve().parent

#: the picture, by its number in the test split of scenes, and the name it goes by in the listing
INDEX, PHOTO, PIXELS = 37, "lighthouse.png", 384
#: a trained classifier of each family that scenes has, and what it is called
MODELS = {"scenes/regnet": "RegNetY", "scenes/vit": "ViT", "scenes/levit": "LeViT"}
METHODS = {"grad-cam": "Grad-CAM", "layer-cam": "LayerCAM"}
DEPTHS = (0.25, 0.5, 0.75, 1.0)

#: listings by the name of their file: what is typed after ``crosslight``
LISTINGS: Mapping[str, tuple[str, ...]] = {
    "layers-regnet": ("layers", "scenes/regnet"),
    "layers-vit": ("layers", "scenes/vit"),
    "layers-mixer": ("layers", "timm/mixer_s32_224", "--weights", "none"),
    "layers-efficientvim": ("layers", "timm/efficientvim_m1", "--weights", "none"),
    "explain-families": (
        *("explain", PHOTO, "--out", "look", "--set", "depth=0.5"),
        *(word for model in MODELS for word in ("-m", model)),
        *(word for method in METHODS for word in ("-x", method)),
    ),
}


#: what the sweep looked for, as ``models.csv`` names it where it was missed, and in words
TARGETS: Mapping[str, str] = {
    "gradient there, finite": "a gradient at the last features that is finite",
    "tail equals the network": "a tail with the network's own logits and gradients, to 1e-5",
    "tail runs nothing before": "a tail that runs nothing before the features again",
    "site beyond 70 % of the depth": "the last features beyond 70 % of the depth",
    "true cut of the patches": "all paths of the patches through the last features",
}
EXAMPLES = (
    *("resnet50", "convnext_tiny", "efficientnet_b0", "vit_base_patch16_224", "swin_tiny_patch4_window7_224"),
    *("coatnet_0_224", "mixer_b16_224", "efficientvim_m1"),
)


@dataclass(frozen=True)
class Sheet:
    """The measures of the picture in pixels: two rows of tiles for each classifier."""

    tile: int = 172
    gap: int = 8
    strip: int = 30  # the names of the methods, upright
    head: int = 34
    caption: int = 40
    between: int = 14  # classifiers

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        width = (1 + len(DEPTHS)) * self.tile + self.strip + (len(DEPTHS) - 1) * self.gap
        return width, self.top(len(MODELS), 0) - self.between

    def left(self, column: int) -> int:
        """Where a column of maps begins; -1 is the picture's."""
        return 0 if column < 0 else self.tile + self.strip + column * (self.tile + self.gap)

    def top(self, model: int, method: int) -> int:
        """Where a row of tiles begins."""
        group = len(METHODS) * (self.tile + self.caption) + self.between
        return self.head + model * group + method * (self.tile + self.caption)


def label(method: str, depth: float) -> str:
    """What the maps of a method at a depth are called."""
    return f"{method} {depth}"


def explained(picture: Image.Image, models: Sequence[Classifier]) -> crosslight.Explanations:
    """The picture by every classifier, method and depth; features and gradients are gathered once for both methods."""
    tables = [{"name": method, "depth": depth, "label": label(method, depth)} for method in METHODS for depth in DEPTHS]
    return crosslight.explain(list(models), picture, tables)


def drawn(picture: Image.Image, sheet: Sheet) -> Image.Image:
    """Classifiers and methods by depths, each map with the layer that was read."""
    models = [crosslight.load_model(name, label=title) for name, title in MODELS.items()]
    found = explained(picture, models)
    page = Image.new("RGB", sheet.size, "white")
    draw = ImageDraw.Draw(page)
    for column, depth in enumerate(DEPTHS):
        middle = sheet.left(column) + sheet.tile // 2
        draw.text((middle, 6), f"depth {depth:g}", "#1a1a1a", font(15, bold=True), anchor="ma")
    for row, model in enumerate(models):
        top = sheet.top(row, 0)
        page.paste(fitted(picture, sheet.tile), (sheet.left(-1), top))
        table = found.predictions[model.label]
        best = int(table.top1[0])
        lines = (
            (model.label, font(18, bold=True), "#1a1a1a"),
            (model.facts.family if model.facts else "", font(14), "#1a1a1a"),
            (f"{table.classes[best]}  {100 * float(table.probabilities[0, best]):.0f} %", font(14), "#5c5c5c"),
        )
        for line, (text, face, colour) in enumerate(lines):
            draw.text((sheet.left(-1), top + sheet.tile + 10 + 25 * line), text, colour, face)
        for place, (method, title) in enumerate(METHODS.items()):
            top = sheet.top(row, place)
            upright(page, title, (sheet.tile, top), (sheet.strip, sheet.tile))
            for column, depth in enumerate(DEPTHS):
                shown = overlay_map(picture, found.maps[model.label, label(method, depth)], 0)
                page.paste(fitted(shown, sheet.tile), (sheet.left(column), top))
                site = model.site(depth)
                cells = " × ".join(map(str, site.resolution))
                where = (sheet.left(column), top + sheet.tile + 4)
                draw.text(where, f"{site.name}\n{100 * site.depth:.0f} %, {cells}", "#5c5c5c", font(12), spacing=2)
    return page


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """A square picture at that size."""
    return picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def upright(page: Image.Image, text: str, where: tuple[int, int], size: tuple[int, int]) -> None:
    """Write text from bottom to top in the middle of a box."""
    strip = Image.new("RGB", size[::-1], "white")
    ImageDraw.Draw(strip).text((size[1] // 2, size[0] // 2), text, "#1a1a1a", font(14), anchor="mm")
    page.paste(strip.rotate(90, expand=True), where)


@cache
def font(points: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The type that comes with Matplotlib."""
    properties = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return ImageFont.truetype(font_manager.findfont(properties), points)


def printed(arguments: Sequence[str], folder: Path) -> str:
    """What a command prints, after the line that was typed."""
    command = [sys.executable, "-m", "crosslight", *arguments]
    source = str(DOCS.parent / "src")
    known = os.environ | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "PYTHONPATH": source, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, cwd=folder, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=True
    )
    return typed(arguments) + "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def typed(arguments: Sequence[str], width: int = 88) -> str:
    """The line that was typed, broken before an option where it is too long."""
    lines = ["$ crosslight"]
    for word in arguments:
        if word.startswith("-") and len(lines[-1]) > width - 30:
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f" {word}"
    return "".join(f"{line}\n" for line in lines)


def sweep_rows() -> list[dict[str, str]]:
    """The table of every architecture."""
    with (DOCS / "models.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sweep_page(rows: Sequence[Mapping[str, str]]) -> str:
    """What the sweep found, as reStructuredText: how many meet each target, which do not, and some examples."""
    checked = [row for row in rows if not row["left_out"]]
    sources = {
        source: [row for row in checked if row["source"] == source]
        for source in ("timm", "torchvision", "transformers")
    }
    headings = ["", *(f"{source}, {len(own):,}" for source, own in sources.items()), f"all {len(checked):,}"]
    table = [
        [words, *(share(missing, own) for own in (*sources.values(), checked))] for missing, words in TARGETS.items()
    ]
    elsewhere = Counter(kind_of(row) for row in checked if "true cut of the patches" in row["missed"])
    early = Counter(kind_of(row) for row in checked if "site beyond 70 % of the depth" in row["missed"])
    passes = sorted(float(row["passes"]) for row in checked if row["passes"])
    known = {row["name"]: row for row in checked if row["source"] == "timm"}
    examples = [
        [
            f"``{name}``",
            f"{int(row['parameters']) / 1e6:.1f} M",
            f"``{row['site']}``",
            f"{row['height']} x {row['width']}",
            f"{float(row['depth']):.3f}",
            row["kind"],
        ]
        for name in EXAMPLES
        if (row := known.get(name))
    ]
    return "\n".join(
        [
            ".. Written by ``docs/make_models.py`` from ``models.csv``; do not edit.\n",
            list_table(headings, table),
            f"Finding the layers took as long as {median(passes):.1f} forward passes (median; 95 % of the classifiers "
            f"took {passes[int(0.95 * (len(passes) - 1))]:.1f} at most). "
            f"The last features are not at a place that all paths run through in {counted(elsewhere)}, and come before "
            f"70 % of the depth in {counted(early)}.\n",
            "The last features of some, for the sizes of input that were checked:\n",
            list_table(["timm", "parameters", "last layer", "cells", "depth", "kind"], examples),
        ]
    )


def share(missing: str, rows: Sequence[Mapping[str, str]]) -> str:
    """The share of rows that meet a target; 100 % where all do."""
    met = sum(missing not in row["missed"] for row in rows)
    return "100 %" if met == len(rows) else f"{min(99.9, 100 * met / len(rows)):.1f} %"


def kind_of(row: Mapping[str, str]) -> str:
    """What to call a group of architectures: the name of their class."""
    name = row["architecture"].rpartition(".")[2]
    return name.partition("ForImage")[0] or row["name"]


def counted(groups: Mapping[str, int]) -> str:
    """Groups with their sizes, in words."""
    return ", ".join(f"{name} ({count})" for name, count in sorted(groups.items())) or "none"


def list_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (headings, *rows):
        lines += [f"   {'*' if not column else ' '} - {cell}".rstrip() for column, cell in enumerate(row)]
    return "\n".join([*lines, ""])


def main() -> None:
    """The picture, the numbers of the sweep, then the listings."""
    picture = Image.fromarray(scene(INDEX, split="test", size=PIXELS).image)
    page = drawn(picture, Sheet())
    file = DOCS / "pictures" / "models-families.png"
    page.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1).save(file, optimize=True)
    print(f"{file.relative_to(DOCS.parent)}: {page.width} x {page.height}, {file.stat().st_size // 1000} kB")
    (DOCS / "tables" / "models-sweep.inc").write_text(sweep_page(sweep_rows()), encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        picture.save(Path(scratch) / PHOTO)
        for name, arguments in LISTINGS.items():
            (DOCS / "tables" / f"{name}.txt").write_text(printed(arguments, Path(scratch)), encoding="utf-8")


if __name__ == "__main__":
    main()
