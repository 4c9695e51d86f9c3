from __future__ import annotations

import inspect
import re

import pytest

from crosslight.core import errors
from crosslight.core.errors import (
    CrosslightError,
    ImageError,
    InputError,
    Problem,
    StudyError,
    UnknownNameError,
    suggestion,
)


def documented() -> dict[str, str | None]:
    """Each error and its base, as the module's docstring draws them."""
    stack: list[tuple[int, str]] = []
    parents: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([│├└─ ]*)([A-Z]\w*Error)\b", line)
        if not found:
            continue
        depth, name = len(found[1]) // 4, found[2]
        while stack and stack[-1][0] >= depth:
            stack.pop()
        parents[name] = stack[-1][1] if stack else None
        stack.append((depth, name))
    return parents


def existing() -> dict[str, str | None]:
    """Each error and its base, as they are."""
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, CrosslightError)]
    return {c.__name__: None if c is CrosslightError else c.__bases__[0].__name__ for c in classes}


def test_the_documented_tree_is_the_tree() -> None:
    assert documented() == existing()
    assert documented()["UnknownNameError"] == "InputError"


def test_a_bad_picture_is_not_bad_input() -> None:
    assert not issubclass(ImageError, InputError)


def test_unknown_name_says_what_is_near() -> None:
    error = UnknownNameError("method", "grad-cma", ["saliency", "grad-cam", "layer-cam"])
    assert str(error).startswith("unknown method 'grad-cma'; did you mean 'grad-cam'")
    assert (error.kind, error.name, error.known) == (
        "method",
        "grad-cma",
        ("saliency", "grad-cam", "layer-cam"),
    )


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("Saliency", ["saliency", "occlusion"], "; did you mean 'saliency'?"),
        ("saliencey", ["Saliency"], "; did you mean 'Saliency'?"),
        ("zzz", ["b", "a"], "; known are: a, b"),
        ("zzz", [], ""),
        (
            "zzz",
            [f"n{i:02d}" for i in range(13)],
            "; known are: " + ", ".join(f"n{i:02d}" for i in range(12)) + ", ...",
        ),
    ],
)
def test_suggestion(name: str, known: list[str], said: str) -> None:
    assert suggestion(name, known) == said


def test_a_study_error_lists_every_problem() -> None:
    problems = [
        Problem("methods[2] (grad-cam): depth", "must be in (0, 1]", 14),
        Problem("models", "is empty"),
    ]
    error = StudyError(problems, "a.toml")
    assert str(error).splitlines() == [
        "a.toml: 2 problems",
        "  - line 14: methods[2] (grad-cam): depth: must be in (0, 1]",
        "  - models: is empty",
    ]
    assert error.problems == tuple(problems)
    assert str(StudyError(problems[:1])).startswith("study: 1 problem\n")
