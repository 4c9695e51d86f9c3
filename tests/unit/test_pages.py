"""The code on the pages of the docs runs as it stands, with random weights since there may be no network."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import crosslight
from crosslight.agreement import Agreement, aggregate
from crosslight.cli.app import app
from crosslight.methods import METHODS
from crosslight.study import api, plan

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROOMS = sorted(path.name for path in (DOCS / "rooms").glob("*.rst"))


def blocks(page: str, *languages: str) -> list[tuple[str, str]]:
    """Language and text of the code blocks of a page, in their order."""
    found = re.finditer(
        r"^\.\. code-block:: (\w+)\n\n((?:   .*\n|\n)+)", (DOCS / page).read_text("utf-8"), re.MULTILINE
    )
    return [(block[1], textwrap.dedent(block[2])) for block in found if block[1] in languages]


def call(command: str) -> str:
    """What a command line of the docs prints."""
    done = CliRunner().invoke(app, command.split()[1:], prog_name="crosslight")
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder where the tutorial was followed up to its study, with few steps on the path."""
    folder = tmp_path_factory.mktemp("pages")
    random = crosslight.load_model

    def load(name: Any, **settings: Any) -> Any:
        return random(name, **settings | ({"weights": "none"} if isinstance(name, str) else {}))

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for home in (crosslight, api, plan):
            patch.setattr(home, "load_model", load)
        exec(blocks("tutorial.rst", "python")[0][1], {})
        text = blocks("tutorial.rst", "toml")[0][1].replace("steps = 16", "steps = 2")
        (folder / "study.toml").write_text(text, encoding="utf-8")
        crosslight.Study.from_file("study.toml").run("results")
        yield folder
    for name in set(METHODS) & {"activation-norm"}:
        METHODS.remove(name)


def follow(page: str, name: str = "activation_norm.py") -> None:
    """Run the Python blocks of a page one after the other; a method goes into a file."""
    names: dict[str, Any] = {}
    for number, (_, text) in enumerate(blocks(page, "python")):
        if text.startswith("@method"):  # an excerpt of the code
            continue
        if "@method(" in text:
            Path(name).write_text(text, encoding="utf-8")
            continue
        if "agreement.structure" in text:  # which asks for more than two models and three images
            names |= {"agreement": of_seven_models(), "accuracies": [0.7, 0.72, 0.75, 0.71, 0.8, 0.78, 0.82]}
        text = text.replace('"steps": 8, "tolerance": 0.05', '"steps": 2, "tolerance": 1e9')
        exec(compile(text, f"{page}, block {number}", "exec"), names)


def of_seven_models() -> Agreement:
    """Maps of 12 images by seven models: something in common, and something of each one's own."""
    rng = np.random.default_rng(0)
    units = rng.standard_normal((12, 1, 30)) + rng.standard_normal((12, 7, 30))
    units /= np.linalg.norm(units, axis=2, keepdims=True)
    return aggregate(units @ units.transpose(0, 2, 1), list("ABCDEFG"))


@pytest.mark.parametrize("page", ROOMS)
def test_the_code_of_a_room_runs(place: Path, page: str) -> None:
    follow(f"rooms/{page}")


def test_the_tutorial_can_be_followed(place: Path) -> None:
    names: dict[str, Any] = {}
    tables = blocks("tutorial.rst", "toml")
    for _, text in blocks("tutorial.rst", "python"):
        if "@method(" in text:
            Path("activation_norm.py").write_text(text, encoding="utf-8")
            study = Path("study.toml").read_text(encoding="utf-8") + tables[1][1]
            Path("more.toml").write_text(study, encoding="utf-8")
            done = crosslight.Study.from_file("more.toml").plan("results")
            assert (done.evaluations, done.remaining) == (2 * 3 * (1 + 2), 6)
            continue
        if "agree_methods" in text:
            command = next(line for _, part in blocks("tutorial.rst", "console") for line in part.splitlines()
                           if line.startswith("$ crosslight import"))  # fmt: skip
            assert "3 maps of 14 x 14 cells" in call(command.removeprefix("$ "))
        exec(text, names)
    assert names["maps"].values.shape == (3, 7, 7)
    assert names["agreement"].sets[-1] == "Middle"


def test_studies_on_the_pages_are_valid(place: Path) -> None:
    for page in ("tutorial.rst", "rooms/study.rst"):
        text = blocks(page, "toml")[0][1]
        Path("check.toml").write_text(text, encoding="utf-8")
        assert len(crosslight.Study.from_file("check.toml").spec.models) == 2


def test_the_pages_have_code() -> None:
    assert sum(len(blocks(f"rooms/{page}", "python")) for page in ROOMS) >= 12
    assert len(blocks("tutorial.rst", "python")) >= 6
