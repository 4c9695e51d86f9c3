"""Peak memory of a study over few and over many images: it must not grow with their number.

``python -m benchmarks.memory [--images 60 600] [--json]`` runs each study in a process of its own and compares the
peaks of its resident memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from .networks import SHARED

STUDY = """
[study]
name = "memory"
[images]
source = "images"
sample = "first"
[[models]]
name = "timm/mobilenetv1_100"
weights = "none"
{methods}
"""
METHODS = ("grad-cam", "saliency")


def write_images(folder: Path, count: int) -> None:
    """Photographs, each as often as needed with one pixel changed; noise where there are none."""
    folder.mkdir()
    paths = sorted((SHARED / "data" / "imagenet-sample").glob("*.JPEG"))[:60]
    rng = np.random.default_rng(0)
    for number in range(count):
        if paths:
            picture = np.array(Image.open(paths[number % len(paths)]).convert("RGB"))
        else:
            picture = rng.integers(0, 256, (375, 500, 3), np.uint8)
        picture[0, 0] = number % 256, number // 256, 0
        Image.fromarray(picture).save(folder / f"{number:04}.png", compress_level=1)


def peak(count: int, folder: Path) -> float:
    """Peak resident memory in MiB of a study over so many images."""
    place = folder / str(count)
    place.mkdir()
    write_images(place / "images", count)
    methods = "\n".join(f'[[methods]]\nname = "{name}"' for name in METHODS)
    (place / "study.toml").write_text(STUDY.format(methods=methods))
    command = [sys.executable, "-m", "benchmarks.memory", "--worker", str(place)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.strip().splitlines()[-1])


def work(place: Path) -> None:
    """The measured process: run the study, print the peak."""
    import torch

    from crosslight.study import Study

    torch.set_num_threads(1)
    Study.from_file(place / "study.toml", ["study.threads=1"]).run(place / "out")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", nargs=2, type=int, default=[60, 600])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        work(options.worker)
        return 0
    few, many = options.images
    with tempfile.TemporaryDirectory() as folder:
        peaks = {count: peak(count, Path(folder)) for count in (few, many)}
    ratio = peaks[many] / peaks[few]
    if options.json:
        print(json.dumps({"images": options.images, "peak_mib": list(peaks.values()), "ratio": ratio}))
        return 0
    print(f"peak memory: {peaks[few]:.0f} MiB over {few} images, {peaks[many]:.0f} MiB over {many}")
    print(f"ratio {ratio:.3f}   <= 1.1   {'met' if ratio <= 1.1 else 'MISSED'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
