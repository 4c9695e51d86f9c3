"""Peak memory: of a study over few and many images, and of Score-CAM beyond a forward pass.

Each is measured in a process of its own, which is ``python -m benchmarks.memory WORK ARGUMENT...``.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from .networks import PHOTOGRAPHS
from .rows import Row

COLUMNS = ("base MiB", "peak MiB", "ratio", "above MiB")
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
BATCH = 8


def memory_rows(images: tuple[int, int] = (60, 600), model: str = "resnet50") -> Iterator[Row]:
    """A study must not grow with its images, nor Score-CAM with its channels."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_study(count, Path(folder)) for count in images)
    values = {"base MiB": few, "peak MiB": many, "ratio": many / few, "above MiB": many - few}
    yield Row("mobilenetv1", f"study, {images[0]} / {images[1]} images", values, {"ratio": "<= 1.1"})
    plain, full = (_worker(work, model) for work in ("forward", "score-cam"))
    values = {"base MiB": plain, "peak MiB": full, "ratio": full / plain, "above MiB": full - plain}
    note = f"all channels, beyond one forward pass, both of {BATCH} images at once"
    yield Row(model, "score-cam / one pass", values, {"above MiB": "<= 300"}, note)


def write_images(folder: Path, count: int) -> None:
    """Photographs, each as often as needed with one pixel changed; noise where there are none."""
    folder.mkdir()
    paths = sorted(PHOTOGRAPHS.glob("*.JPEG"))[:60]
    rng = np.random.default_rng(0)
    for number in range(count):
        if paths:
            picture = np.array(Image.open(paths[number % len(paths)]).convert("RGB"))
        else:
            picture = rng.integers(0, 256, (375, 500, 3), np.uint8)
        picture[0, 0] = number % 256, number // 256, 0
        Image.fromarray(picture).save(folder / f"{number:04}.png", compress_level=1)


def _study(count: int, folder: Path) -> float:
    """Peak resident memory in MiB of a study over so many images."""
    place = folder / str(count)
    place.mkdir()
    write_images(place / "images", count)
    methods = "\n".join(f'[[methods]]\nname = "{name}"' for name in METHODS)
    (place / "study.toml").write_text(STUDY.format(methods=methods))
    return _worker("study", str(place))


def _worker(*arguments: str) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.strip().splitlines()[-1])


def peak() -> float:
    """Peak resident memory of this process in MiB.

    The kernel's own figure for a process that was started by a large one (`ru_maxrss`) is at least as large as that.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return float(lines["VmHWM"].split()[0]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def work(what: str, argument: str) -> float:
    """What a measured process does: it returns its own peak."""
    import torch

    torch.set_num_threads(1)
    if what == "study":
        from crosslight.study import Study

        Study.from_file(Path(argument) / "study.toml", ["study.threads=1"]).run(Path(argument) / "out")
        return peak()
    from .networks import classifier, photographs
    from .passes import Bench, explained

    network = classifier(argument)
    batch = photographs(network, 1)
    if what == "forward":
        with torch.no_grad():
            network.logits(batch.inputs.repeat(BATCH, 1, 1, 1))
    else:
        explained(Bench(network).gathering(batch, BATCH), "score-cam")
    return peak()


if __name__ == "__main__":
    print(work(*sys.argv[1:]))
