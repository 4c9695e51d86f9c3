"""Make the picture of maps that settle as their budget grows: ``python docs/make_convergence.py``.

A scene and a classifier that came with Crosslight, so that nothing else is needed. It takes some seconds.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from crosslight.images import open_images
from crosslight.report.convergence import convergence_figure
from crosslight.study import convergence

OUT = Path(__file__).resolve().parent / "pictures" / "convergence.png"
MODEL, SCENE, BUDGETS, WIDTH = "scenes/resnet", 5, (100, 200, 400, 800), 1000


def main() -> None:
    """KernelSHAP with 50 superpixels and growing numbers of samples."""
    images = open_images("scenes", limit=SCENE + 1, sample="first")[SCENE:]
    (record,) = images
    found = convergence(MODEL, images, "kernel-shap", BUDGETS, repeats=3, device="cpu")
    file = BytesIO()
    convergence_figure(found, record.load(), f"A {record.label}").savefig(file)
    sheet = Image.open(file).convert("RGB")
    sheet = sheet.resize((WIDTH, round(sheet.height * WIDTH / sheet.width)), Image.Resampling.LANCZOS)
    sheet.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE).save(OUT, optimize=True)
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB, {sheet.width} x {sheet.height}")
    for row in found.summary():
        print({name: round(value, 4) for name, value in row.items()})


if __name__ == "__main__":
    main()
