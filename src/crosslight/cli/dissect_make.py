"""Where ``crosslight dissect`` has its dissections from: networks, stored features, or folders and tables of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import InputError, StoreError, UnknownNameError
from .console import say
from .progress import listener

if TYPE_CHECKING:
    from ..dissection import Dissection
    from ..dissection.compare import NamedUnits
    from ..images import ImageSet
    from ..models import Classifier


@dataclass(frozen=True)
class Asked:
    """What a person asked for; see the options of `crosslight.cli.dissect.dissect`."""

    models: tuple[str, ...]
    only: tuple[str, ...]
    layers: tuple[str, ...]
    images: str | None
    limit: int | None
    masks: str | None
    legend: str | None
    concepts: str | None
    encoder: str | None
    score: str | None
    form: str
    settings: Mapping[str, Any]
    pooling: str
    view: str
    share: float
    threshold: float
    batch: int
    block: int
    seed: int
    weights: str | None
    device: str | None
    precision: str | None
    out: Path | None
    command: str


@dataclass(frozen=True)
class Made:
    """What a command works on.

    Attributes:
        dissections: those that were made or opened.
        folders: of each; None where it has none.
        sides: what is compared: those, and tables that were published.
        images: the pictures by model, where they are at hand.
        notes: what the person and the page are told on top.
    """

    dissections: tuple[Dissection, ...] = ()
    folders: tuple[Path | None, ...] = ()
    sides: tuple[NamedUnits, ...] = ()
    images: Mapping[str, ImageSet] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def make(asked: Asked) -> Made:
    """Dissect networks.

    Raises:
        InputError: something is missing, or does not go together.
    """
    _check(asked)
    from ..dissection.folders import folder_of
    from ..images import open_images

    assert asked.out is not None
    images = open_images(str(asked.images), limit=asked.limit, sample="first", seed=asked.seed)
    classifiers = _classifiers(asked)
    several = len(classifiers) > 1
    folders = [folder_of(asked.out, one.label, several) for one in classifiers]
    if len(set(folders)) < len(folders):
        raise InputError("two of the models would have one folder: give them other labels in a study file")
    if several and (asked.out / "dissection.json").exists():
        raise StoreError(f"{asked.out} holds the dissection of one model: choose another folder for several")
    dissections = [_dissect(one, images, asked, folder) for one, folder in zip(classifiers, folders, strict=True)]
    known = {one.model: images for one in dissections}
    return Made(
        tuple(dissections), tuple(folders), sides_of(dissections, asked.score or ""), known, _notes(dissections)
    )


def _check(asked: Asked) -> None:
    """Everything that can be said before a network is loaded."""
    if not asked.models:
        raise InputError("name a classifier with --model, stored features with --activations, or finished dissections")
    if not asked.images:
        raise InputError("name the images with --images: a folder, a list, or scenes")
    if asked.out is None:
        raise InputError("name a folder for the results with --out")
    if asked.masks is None and asked.concepts is None:
        raise InputError("say what units may detect: --masks for concepts with masks, --concepts for words, or both")
    if asked.concepts is not None:
        if asked.encoder is None:
            raise InputError(
                "words need an encoder of images and texts: --encoder scenes, or one of open_clip such as "
                "--encoder open_clip/ViT-B-16:openai; features computed elsewhere are taken by --activations"
            )
        _concepts(asked.concepts)  # a list that cannot be read is told before anything is computed
    if asked.encoder is not None and asked.concepts is None:
        raise InputError("--encoder is for words: name them with --concepts")


def _concepts(given: str) -> Any:
    """A list of concepts, with what was left out of it told."""
    from ..dissection.words.concepts import read_concepts, scene_concepts

    return scene_concepts() if given == "scenes" and not Path(given).exists() else read_concepts(given)


def _classifiers(asked: Asked) -> list[Classifier]:
    from ..core.devices import resolve_device
    from ..study.named import load_named

    found = load_named(asked.models, weights=asked.weights, precision=asked.precision, seed=asked.seed)
    for label in asked.only:
        if label not in [one.label for one in found]:
            raise UnknownNameError("model", label, [one.label for one in found])
    device = resolve_device(asked.device or "auto")
    return [one.to(device) for one in found if not asked.only or one.label in asked.only]


def _dissect(classifier: Classifier, images: ImageSet, asked: Asked, folder: Path) -> Dissection:
    from ..dissection.api import dissect
    from ..dissection.folders import remember

    words: dict[str, Any] = {}
    if asked.concepts is not None:
        words = {"concepts": _concepts(asked.concepts), "encoder": asked.encoder, "score": asked.score or "soft-wpmi"}
        words["word_settings"] = {"form": asked.form, **asked.settings}
    say(f"{classifier.label}: {len(images):,} images")
    found = dissect(
        classifier,
        images,
        [_layer(part) for given in asked.layers for part in given.split(",") if part.strip()] or None,
        masks=asked.masks,
        legend=asked.legend,
        out=folder,
        pooling=asked.pooling,
        view=asked.view,
        share=asked.share,
        threshold=asked.threshold,
        batch_size=asked.batch,
        block=asked.block,
        seed=asked.seed,
        progress=listener("images"),
        **words,
    )
    note = words["concepts"].note if words else ""
    return remember(
        found, folder, images=str(asked.images), limit=asked.limit, sample="first", seed=asked.seed,
        command=asked.command, concepts_note=note,
    )  # fmt: skip


def _layer(text: str) -> str | float:
    """A name, or a depth."""
    try:
        return float(text)
    except ValueError:
        return text.strip()


def from_features(
    asked: Asked, activations: Sequence[Path], image_features: Path | None, concept_features: Path | None
) -> Made:
    """Dissect by activations and features that were computed elsewhere.

    Raises:
        InputError: one of the files is missing or does not fit.
    """
    from ..dissection.words.from_files import dissect_features, read_activations, read_array

    parts = {
        "--activations": activations,
        "--image-features": image_features,
        "--concept-features": concept_features,
        "--concepts": asked.concepts,
    }
    missing = [name for name, value in parts.items() if not value]
    if missing:
        raise InputError(f"stored features need {', '.join(parts)}: {', '.join(missing)} missing")
    images, names = _names(asked.images)
    found = dissect_features(
        read_activations(list(activations)),
        read_array(Path(str(image_features))),
        read_array(Path(str(concept_features))),
        _lines(Path(str(asked.concepts))),
        images=names,
        model=asked.out.name if asked.out is not None else "features",
        score=asked.score or "soft-wpmi",
        form=asked.form,  # type: ignore[arg-type]
        seed=asked.seed,
        **asked.settings,
    )
    found = replace(found, facts={**found.facts, "command": asked.command})
    if asked.out is not None:
        from ..dissection.saved import save_dissection

        save_dissection(found, asked.out)
    known = {found.model: images} if images is not None else {}
    return Made((found,), (asked.out,), sides_of([found]), known, _notes([found]))


def _names(given: str | None) -> tuple[ImageSet | None, list[str] | None]:
    """The pictures behind stored features, and their names; of a text file the names alone, one a line."""
    if given is None:
        return None, None
    if given.endswith(".txt"):
        return None, Path(given).read_text("utf-8-sig").splitlines()
    from ..images import open_images

    images = open_images(given)
    return images, [record.name for record in images]


def _lines(path: Path) -> list[str]:
    """A list of concepts as it stands: every line has its row of features."""
    from ..dissection.words.concepts import read_concepts

    read_concepts(path)  # what is wrong with it is told as everywhere
    lines = path.read_text("utf-8-sig").splitlines()
    return lines


def opened(given: Sequence[str], score: str) -> Made:
    """Finished dissections, and tables that were published.

    Args:
        given: folders and files, each with ``NAME=`` before it or not.
        score: which way of labelling is compared; the first by default.

    Raises:
        InputError: one is neither.
    """
    from ..dissection.compare import units_of_table
    from ..dissection.folders import find_dissections
    from ..dissection.saved import open_dissection

    dissections: list[Dissection] = []
    folders: list[Path] = []
    sides: list[NamedUnits] = []
    tables = _table_names([one for one in given if _is_table(one)])
    for one in given:
        name, path = _split(one)
        if _is_table(one):
            sides.append(units_of_table(path, name or tables[path]))
            continue
        for folder in find_dissections([path]):
            found = open_dissection(folder)
            found = replace(found, model=name) if name else found
            dissections.append(found)
            folders.append(folder)
            sides += sides_of([found], score)
    return Made(tuple(dissections), tuple(folders), tuple(sides))


def _split(given: str) -> tuple[str, Path]:
    """``NAME=PATH``; a path that is there is one, whatever signs are in it."""
    name, equals, rest = given.partition("=")
    if equals and name and not Path(given).exists():
        return name, Path(rest)
    return "", Path(given)


def _is_table(given: str) -> bool:
    path = _split(given)[1]
    return path.suffix.lower() == ".csv" or path.is_file()


def _table_names(given: Sequence[str]) -> dict[Path, str]:
    """A name of each table: its file's, or where these are alike, with the folders above."""
    paths = [_split(one)[1] for one in given]
    for depth in range(1, 6):
        parts = [path.resolve().with_suffix("").parts for path in paths]
        names = [own[-1] if depth == 1 else "/".join(own[-depth:-1]) for own in parts]
        if len(set(names)) == len(set(paths)):
            return dict(zip(paths, names, strict=True))
    return {path: str(path) for path in paths}


def sides_of(dissections: Sequence[Dissection], score: str = "") -> tuple[NamedUnits, ...]:
    """What is compared of dissections; by masks and words, those that the score names, or the first that all have."""
    from ..dissection.compare import units_of

    labelled = [one for one in dissections if one.labellings]
    return tuple(units_of(one, score if score in {each.score for each in one.labellings} else "") for one in labelled)


def _notes(dissections: Sequence[Dissection]) -> tuple[str, ...]:
    """What a person is told of every dissection: images that could not be read, and what was merged in a list."""
    found = []
    for one in dissections:
        if one.failures:
            row, reason = next(iter(sorted(one.failures.items())))
            found.append(
                f"{one.model}: {len(one.failures):,} of {len(one.images):,} images could not be read, such as "
                f"{one.images[row]}: {reason}"
            )
        found += _out_of_reach(one)
        settings = [{**one.facts, **each.settings} for each in one.labellings]
        found += [str(each["concepts_note"]) for each in settings[:1] if each.get("concepts_note")]
    return tuple(dict.fromkeys(found))


def _out_of_reach(dissection: Dissection) -> list[str]:
    """Concepts that no unit can be a detector of, whatever it answers to; of the last layer that has such."""
    told = [
        f"{dissection.model}, {one.layer}: {one.settings['note']}"
        for one in dissection.labellings
        if one.score == "iou" and one.settings.get("note")
    ]
    return told[-1:]
