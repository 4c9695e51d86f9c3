"""A user's own network: ``python:FILE.py:FUNCTION``."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from ...core.classes import Classes
from ...core.devices import is_out_of_memory
from ...core.errors import CrosslightError, ModelError, UnknownNameError, suggestion
from ..classifier import Classifier
from ..facts import count_outputs
from ..wrappers import unwrapped
from .built import Built, unknown_option
from .class_names import imagenet_classes
from .preprocessing import as_values, of_network

PREFIX = "python:"


def split(name: str, base: Path | None = None) -> tuple[Path, str]:
    """The file and the function that a name stands for.

    Args:
        name: ``python:FILE.py:FUNCTION``.
        base: folder that a relative file starts from.

    Raises:
        ModelError: the name has another form, or there is no such file.
    """
    file, _, function = name.removeprefix(PREFIX).rpartition(":")
    if not file.endswith(".py") or not function.isidentifier():
        raise ModelError(f"{name!r}: write python:FILE.py:FUNCTION")
    path = (base or Path()) / Path(file).expanduser()
    if not path.is_file():
        folder = path.parent
        near = suggestion(path.name, [p.name for p in folder.glob("*.py")]) if folder.is_dir() else ""
        raise ModelError(f"{name}: there is no file {path}" + (near if near.startswith("; did") else ""))
    return path.resolve(), function


def check(name: str, base: Path | None = None) -> None:
    """Raise unless the file is there, can be parsed and defines the function; nothing in it runs."""
    path, function = split(name, base)
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        raise _failed(name, path, error) from error
    defined = set(_top_level_names(tree))
    if function not in defined and "*" not in defined:
        raise UnknownNameError(f"function in {path.name}", function, _functions(tree) or defined)


def load(name: str, *, pretrained: bool, options: Mapping[str, Any], base: Path | None = None) -> Built | Classifier:
    """Call a user's function for a network.

    Args:
        name: ``python:FILE.py:FUNCTION``.
        pretrained: not used: the function decides on its weights.
        options: the function's arguments.
        base: folder that a relative file starts from.

    Raises:
        ModelError: the file or the function failed, with its place, or it returned no network.
        UnknownNameError: the file has no such function.
    """
    path, function = split(name, base)
    with _importable(path.parent):
        try:
            module = _import(path)
            made = _call(name, path, module, function, options)
        except CrosslightError:
            raise
        except (Exception, SystemExit) as error:
            if is_out_of_memory(error):
                raise
            raise _failed(name, path, error) from error
    if isinstance(made, Classifier):
        return made
    if not isinstance(made, nn.Module):
        raise ModelError(f"{name} returned a {type(made).__name__}; a torch.nn.Module or a Classifier is needed")
    return from_module(made)


def from_module(network: nn.Module) -> Built:
    """What a network itself says of its preprocessing, classes and prefix tokens, as timm's networks do."""
    network = unwrapped(network)
    config = getattr(network, "pretrained_cfg", None) or getattr(network, "default_cfg", None)
    outputs = count_outputs(network)
    classes: Classes | None = None
    if isinstance(config, Mapping) and outputs is not None and config.get("num_classes") == outputs:
        classes = imagenet_classes(outputs)
    return Built(network, of_network(network), classes, getattr(network, "num_prefix_tokens", None))


def base_of(classifier: Classifier) -> Built:
    """A classifier as a source's result, so that a user's settings can be put on top."""
    return Built(
        classifier.network,
        as_values(classifier.preprocess),
        classifier.classes,
        classifier.prefix_tokens,
        multi_label=classifier.multi_label,
    )


def _import(path: Path) -> ModuleType:
    """Run a file as a module of its own name; again each time, since it may have been edited."""
    name = f"crosslight_user_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module  # dataclasses and pickling look their module up
    try:
        # compiled from source, not from a cache: an edit within the same second would be missed
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    return module


def _call(name: str, path: Path, module: ModuleType, function: str, options: Mapping[str, Any]) -> Any:
    made: Callable[..., Any] | None = getattr(module, function, None)
    if made is None or not callable(made):
        known = [k for k, v in vars(module).items() if callable(v) and getattr(v, "__module__", "") == module.__name__]
        raise UnknownNameError(f"function in {path.name}", function, known)
    wrong = unknown_option(name, made, options)
    if wrong is not None:
        raise wrong
    return made(**options)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a user's file import its neighbours, as it could if it were run by itself."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _failed(name: str, path: Path, error: BaseException) -> ModelError:
    """One line with the kind of error, its message and the last place in the user's own file."""
    text = (str(error).strip() or "no message").splitlines()[0][:200]
    line = None
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line, text = error.lineno, error.msg
    else:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
    place = f"{path}, line {line}" if line else str(path)
    return ModelError(f"{name} failed at {place}: {type(error).__name__}: {text}")


def _top_level_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _functions(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
