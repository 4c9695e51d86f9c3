"""The rules of the house: which room may import which, and what no file may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "crosslight"

RANK = {
    "__about__": -1,
    "core": 0,
    "scenes": 1,  # below images and models, so that both can offer them
    "images": 2,
    "models": 2,
    "evidence": 3,
    "methods": 4,
    "store": 4,
    "study": 5,
    "agreement": 6,
    "evaluation": 6,
    "dissection": 6,
    "dynamics": 6,
    "report": 7,
    "viewer": 8,  # serves the report
    "cli": 9,
    "__main__": 10,
    "__init__": 11,  # the public interface, which names of every room are re-exported from
}
LONGEST = 400
HOOKS = (
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_prehook",
    "register_full_backward_hook",
    "register_full_backward_pre_hook",
    "register_module_forward_hook",
)
RUNS_USER_FILES = {"models/sources/python_source.py"}  # python:FILE.py:FUNCTION asks for just that
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def room_of(file: Path, package: Path) -> str:
    """The room a file belongs to: the first folder, or the file's own name at the top."""
    return file.relative_to(package).parts[0].removesuffix(".py")


def imports(tree: ast.AST, file: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything a file imports, wherever in the file that stands."""
    parents = (package.name, *file.relative_to(package).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level + 1] if node.level else ()
            stem = [*base, *([node.module] if node.module else [])]
            for alias in node.names:
                yield node.lineno, ".".join([*stem, alias.name])


def wrong_arrows(package: Path) -> list[str]:
    """Every import that reaches up or sideways."""
    found = []
    for file in sorted(package.rglob("*.py")):
        here = room_of(file, package)
        if here not in RANK:
            found.append(f"{file.relative_to(package)}: the room {here!r} has no rank")
            continue
        for line, name in imports(ast.parse(file.read_text(encoding="utf-8")), file, package):
            root, *rest = name.split(".")
            if root != package.name:
                continue
            there = rest[0] if rest else "__init__"
            if there == "__version__":
                there = "__about__"
            rank = RANK.get(there, RANK["__init__"])  # any other name comes from the public interface
            if there != here and rank >= RANK[here]:
                found.append(f"{file.relative_to(package)}:{line}: {here} must not import {name}")
    return found


def forbidden(package: Path) -> list[str]:
    """Everything else that no file may do."""
    found = []
    for file in sorted(package.rglob("*.py")):
        path = file.relative_to(package).as_posix()
        text = file.read_text(encoding="utf-8")
        if file.name in ("utils.py", "util.py", "helpers.py", "misc.py"):
            found.append(f"{path}: a file is named after what it is about")
        if (count := len(text.splitlines())) > LONGEST:
            found.append(f"{path}: {count} lines are two ideas")
        if not path.startswith("models/taps"):
            found += [f"{path}: {hook} belongs in models/taps" for hook in HOOKS if hook in text]
        tree = ast.parse(text)
        for line, name in imports(tree, file, package):
            if PICKLES & set(name.split(".")) and not only_caught(name, tree):
                found.append(f"{path}:{line}: {name} can run code from a file")
            if name == "torch.load":
                found.append(f"{path}:{line}: write torch.load out, so that its call can be checked")
        for call in calls(tree):
            why = unsafe(call)
            if why and not (why.startswith("exec") and path in RUNS_USER_FILES):
                found.append(f"{path}:{call.lineno}: {why}")
    return found


def only_caught(name: str, tree: ast.AST) -> bool:
    """Whether an import of pickle serves only to catch its error, which loading a bad file of weights raises."""
    if name != "pickle":
        return name == "pickle.UnpicklingError"
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and named(node.value, name)}
    return used == {"UnpicklingError"}


def named(node: ast.AST, name: str) -> bool:
    """Whether an expression is just that name."""
    return isinstance(node, ast.Name) and node.id == name


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in a file."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def unsafe(call: ast.Call) -> str:
    """Why a call is not allowed, or nothing."""
    name = ast.unparse(call.func)
    given = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
    if name in ("eval", "exec", "builtins.eval", "builtins.exec"):
        return f"{name} runs text as code"
    if name == "torch.load" and given.get("weights_only") is not True:
        return "torch.load needs weights_only=True"
    if given.get("allow_pickle") is True:
        return "allow_pickle=True can run code from a file"
    return ""


def write(package: Path, **files: str) -> Path:
    """A small tree of files; ``__`` in a name stands for a folder."""
    for name, text in files.items():
        path = package.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return tmp_path / "crosslight"


def test_rooms_import_downwards_only() -> None:
    assert wrong_arrows(PACKAGE) == []


def test_nothing_forbidden() -> None:
    assert forbidden(PACKAGE) == []


def test_there_is_something_to_check() -> None:
    rooms = {room_of(file, PACKAGE) for file in PACKAGE.rglob("*.py")}
    assert {"core", "images", "models", "evidence", "methods", "store", "study", "cli"} <= rooms


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("core__a", "import crosslight.models"),
        ("core__a", "from crosslight.images import ImageSet"),
        ("core__a", "from crosslight import study"),
        ("core__a", "from crosslight import load_model"),
        ("core__a", "import crosslight"),
        ("core__a", "from ..methods.grad_cam import grad_cam"),
        ("core__a", "from .. import cli"),
        ("core__deep__a", "from ...evidence import features"),
        ("core__deep__a", "from ... import evidence"),
        ("images__a", "from ..models import load_model"),
        ("models__a", "from ..images import open_images"),
        ("store__a", "def f():\n    from ..methods import method\n"),
        ("methods__a", "class A:\n    def f(self):\n        import crosslight.store as s\n"),
        ("evidence__a", "if TYPE_CHECKING:\n    from ..methods import method\n"),
        ("agreement__a", "from ..report import page"),
        ("attic__a", "import os"),
    ],
)
def test_an_arrow_upwards_is_found(package: Path, file: str, text: str) -> None:
    assert len(wrong_arrows(write(package, **{file: text}))) == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("core__a", "from .b import c\nfrom . import d\nimport torch\nfrom crosslight.core.e import f"),
        ("core__deep__a", "from ..b import c\nfrom .. import d"),
        ("core__a", "from ..__about__ import __version__\nfrom crosslight import __version__"),
        ("images__a", "from ..core.errors import ImageError"),
        ("cli__a", "from ..core.errors import InputError\nfrom crosslight.study import Study"),
        ("study__a", "def f():\n    from ..store import Store\n    from ..methods import method\n"),
        ("__main__", "from .cli import main"),
        ("core__a", "from crosslight_extra.study import x\nimport crosslighter.models"),
    ],
)
def test_an_arrow_downwards_is_fine(package: Path, file: str, text: str) -> None:
    file = file.replace("__main__", "MAIN")
    write(package, **{file: text})
    if file == "MAIN":
        (package / "MAIN.py").rename(package / "__main__.py")
    assert wrong_arrows(package) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("core__utils", ""),
        ("core__a", "x = 1\n" * 401),
        ("evidence__a", "layer.register_forward_hook(f)"),
        ("models__a", "h = layer.register_forward_pre_hook"),
        ("methods__a", "node.register_prehook(f)"),
        ("models__a", "layer.register_full_backward_hook(f)"),
        ("store__a", "import pickle"),
        ("store__a", "from pickle import loads"),
        ("store__a", "import pickle\ntry:\n    pickle.load(f)\nexcept pickle.UnpicklingError:\n    pass"),
        ("store__a", "import torch\nfrom joblib import load"),
        ("models__sources__python_source", "eval(x)"),
        ("store__a", "def f(x):\n    return eval(x)"),
        ("store__a", "exec('1')"),
        ("models__a", "torch.load(path)"),
        ("models__a", "torch.load(path, weights_only=False)"),
        ("models__a", "torch.load(path, weights_only=flag)"),
        ("models__a", "from torch import load"),
        ("store__a", "np.load(path, allow_pickle=True)"),
    ],
)
def test_a_forbidden_thing_is_found(package: Path, file: str, text: str) -> None:
    assert len(forbidden(write(package, **{file: text}))) == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("models__taps", "layer.register_forward_hook(f)"),
        ("models__taps__tail", "layer.register_forward_pre_hook(f)"),
        ("models__a", "network.eval()"),
        ("models__a", "torch.load(path, weights_only=True)"),
        ("models__a", '"""A pickle is refused."""'),
        ("models__a", "from pickle import UnpicklingError"),
        ("models__a", "import pickle\ntry:\n    f()\nexcept pickle.UnpicklingError:\n    pass"),
        ("models__sources__python_source", "exec(code, module.__dict__)"),
        ("core__a", "x = 1\n" * 400),
    ],
)
def test_what_is_allowed_is_not_found(package: Path, file: str, text: str) -> None:
    assert forbidden(write(package, **{file: text})) == []
