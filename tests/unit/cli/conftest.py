"""A small study run once by the command line, and a way to call it in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

STUDY = """
[study]
name = "tiny"
block = 2

[images]
source = "photos"

[[models]]
name = "timm/test_resnet.r160_in1k"
weights = "none"
label = "Net A"

[[models]]
name = "timm/test_convnext.r160_in1k"
weights = "none"
label = "Net B"

[[methods]]
name = "grad-cam"

[[methods]]
name = "saliency"
label = "Gradient"
"""


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


Call = Callable[..., Result]


@pytest.fixture(scope="session")
def call() -> Call:
    """Run a command in this process: exit status, standard output, standard error."""

    def run(*arguments: object) -> Result:
        from crosslight.cli.app import app

        done = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="crosslight")
        return Result(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study file beside five photographs and one file that is none."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for i in range(5):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((96 + 4 * i, 80), Image.Resampling.BICUBIC).save(folder / f"photos/p{i}.png")
    (folder / "photos/text.jpg").write_text("no picture")
    (folder / "study.toml").write_text(STUDY)
    return folder / "study.toml"


@pytest.fixture(scope="session")
def finished(study: Path, call: Call, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the study; tests that write copy them."""
    out = tmp_path_factory.mktemp("results") / "out"
    result = call("run", study, "--out", out, "--no-report")
    assert result.status == 0, result.err
    return out
