"""Files of parameters: settings of single images, checked as a whole before any work.

Such a file is a JSON object from names of images to their parameters, as the lime package takes them:

```
{"goldfish": {"num_samples": 500, "hide_color": 0}, "racer": {"num_samples": 1000, "segmentation_fn": null}}
```
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from ..core.errors import InputError, Problem, StudyError, suggestion
from ..core.seeds import digest

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..methods import MethodSpec
    from ..models import Classifier
    from .spec import MapTask

#: problems of a file that are told; there may be thousands of images
TOLD = 20
#: what the files of ImageNet's pictures begin with, and people leave out
_SYNSET = re.compile(r"^n\d{8}_(?=.)")


@dataclass(frozen=True)
class Parameters:
    """A checked file of parameters.

    Attributes:
        digest: of what the file says, whatever it is called.
        file: its name.
        given: what it says of each image.
        settings: all settings of each image.
    """

    digest: str
    file: str = field(compare=False)
    given: Mapping[str, Mapping[str, Any]] = field(compare=False, repr=False)
    settings: Mapping[str, BaseModel] = field(compare=False, repr=False)

    def named(self, image: str) -> str | None:
        """What the file calls an image: its file's name without folder and ending; None where it does not name it.

        Args:
            image: path of the image, relative to its source. ImageNet's ``n01443537_`` in front may be left out.
        """
        stem = PurePosixPath(image).stem
        return next((name for name in (stem, _SYNSET.sub("", stem)) if name in self.settings), None)


def read_parameters(path: Path, method: MethodSpec, others: Mapping[str, Any], policy: TargetPolicy) -> Parameters:
    """Read and check a file of parameters.

    Args:
        path: a JSON file. Pickles are not read: they can run code.
        method: whose settings they are.
        others: settings for what the file leaves out.
        policy: which class is explained.

    Raises:
        InputError: the method takes no such files, or this one cannot be read.
        StudyError: with everything that is wrong in it, by image and parameter.
    """
    if method.parameters is None:
        raise InputError(f"{method.name} takes no file of parameters; lime does")
    given = _load(path)
    problems: list[Problem] = []
    settings: dict[str, BaseModel] = {}
    for name, entry in given.items():
        if not isinstance(entry, dict):
            problems.append(Problem(f"image {name!r}", "must be an object of parameters"))
            continue
        try:
            settings[name] = method.settings(**method.parameters(entry, others, policy))
        except StudyError as error:
            problems += [replace(one, where=f"image {name!r}: {one.where}") for one in error.problems]
        except ValidationError as error:
            problems += _invalid(error, name, entry, list(method.settings.model_fields))
    if problems:
        raise StudyError(_some(problems), str(path))
    return Parameters(digest(given), path.name, given, settings)


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"the file of parameters {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(
            f"the file of parameters {path} is not JSON text; pickles are not read, because they can run code: write "
            "the same object as JSON"
        ) from None
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the file of parameters {path} is not valid JSON: {error}") from None
    if not isinstance(found, dict) or not found:
        raise InputError(f"the file of parameters {path} must hold a JSON object from names of images to parameters")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} stands there twice")
        found[key] = value
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _invalid(error: ValidationError, name: str, entry: Mapping[str, Any], known: list[str]) -> list[Problem]:
    problems = []
    for item in error.errors():
        key = str(item["loc"][0]) if item["loc"] else ""
        if item["type"] == "extra_forbidden":
            what = f"unknown parameter{suggestion(key, known)}"
        else:
            what = f"{item['msg'].lower().replace('input ', '')}, not {entry.get(key, item['input'])!r}"
        problems.append(Problem(f"image {name!r}: {key}", what))
    return problems


def _some(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= TOLD:
        return problems
    return [*problems[:TOLD], Problem("further images", f"{len(problems) - TOLD} more problems like these")]


def settings_of(task: MapTask, image: str) -> BaseModel:
    """The settings of an image: from the file of parameters where it names the image, else those of the task.

    Args:
        task: a set of maps.
        image: path of the image, relative to its source.
    """
    name = task.parameters.named(image) if task.parameters is not None else None
    return task.settings if task.parameters is None or name is None else task.parameters.settings[name]


def by_settings(task: MapTask, images: Sequence[str]) -> list[tuple[MapTask, list[int]]]:
    """A task with a file of parameters as tasks without one, each with the positions of its images.

    Args:
        task: a set of maps.
        images: paths of the images, relative to their source.
    """
    found: dict[BaseModel, list[int]] = {}
    for at, image in enumerate(images):
        found.setdefault(settings_of(task, image), []).append(at)
    return [(replace(task, settings=settings, parameters=None), rows) for settings, rows in found.items()]


def passes_of(task: MapTask, images: Sequence[str], classifier: Classifier) -> int:
    """Passes per image for the evidence that a task reads, on average where images have settings of their own.

    Args:
        task: a set of maps.
        images: paths of the images, relative to their source.
        classifier: what is explained.
    """
    if task.parameters is None or not images:
        return task.method.evaluations(task.settings, classifier)
    parts = by_settings(task, images[: task.limit])
    total = sum(len(rows) * part.method.evaluations(part.settings, classifier) for part, rows in parts)
    return ceil(total / len(images[: task.limit]))


def notes_on(tasks: Sequence[MapTask], images: Sequence[str]) -> list[str]:
    """What a person should know of images that files of parameters do not name.

    Args:
        tasks: sets of maps.
        images: paths of the images, relative to their source.
    """
    found = []
    for task in tasks:
        if task.parameters is None:
            continue
        wanted = images[: task.limit]
        others = sum(task.parameters.named(image) is None for image in wanted)
        if others:
            found.append(
                f"{task.label}: {task.parameters.file} does not name {others} of {len(wanted)} images; they have the "
                "method's other settings"
            )
    return found
