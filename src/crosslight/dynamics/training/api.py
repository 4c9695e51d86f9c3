"""Training a classifier, from its name and a folder of pictures to weights, a history and a study."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from ...core.devices import resolve_device
from ...core.errors import InputError
from ...core.progress import Progress, Silent
from ...core.seeds import digest
from ...models.sources import check_model_name, source_of
from ...models.sources.class_names import read_classes
from ...store.durable import make_folder
from .. import layout
from ..recorder import Recorder
from . import checkpoints, result
from .data import Part, Pictures, as_facts, open_pictures
from .fit import BEST, LAST, Course, fit, judge
from .head import folded_normalisations
from .module import lightning
from .network import Start, build_network
from .pixels import Pixels, decode_part, drop_scratch
from .recipe import Recipe, make_recipe
from .result import Trained

#: folder for decoded pictures that do not fit into memory
SCRATCH = "pixels"


def train(
    model: str,
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    validation: str | os.PathLike[str] | float | None = None,
    test: str | os.PathLike[str] | None = None,
    weights: str = "pretrained",
    options: Mapping[str, Any] | None = None,
    preprocess: Mapping[str, Any] | None = None,
    size: int | None = None,
    classes: str | Path | Sequence[str] | None = None,
    limit: int | None = None,
    label: str | None = None,
    device: str = "auto",
    record: bool = True,
    progress: Progress | None = None,
    decoding: Progress | None = None,
    **recipe: Any,
) -> Trained:
    """Train a classifier, and record what it says of every validation picture after every epoch.

    The same call goes on where an earlier one stopped; on a CPU it comes to the same, bit by bit.

    Args:
        model: as for `load_model`: ``timm/...``, ``torchvision/...``, ``hf/...``, ``python:FILE.py:FUNCTION``.
        images: the training pictures, see `open_pictures`.
        out: folder for ``best.safetensors``, ``last.safetensors``, ``classes.txt``, ``study.toml``, ``training.json``
            and ``history/``.
        validation: pictures, or the share of the training pictures that is held out.
        test: pictures that are looked at once, when all is done.
        weights: ``pretrained`` or a file, to fine-tune; ``none``, to train from scratch.
        options: for the constructor of the model.
        preprocess: overrides of its preprocessing.
        size: height and width of its input.
        classes: names in the order of the outputs; by default the labels of the training pictures, sorted.
        limit: at most so many training pictures, of all classes alike.
        label: how reports call the classifier.
        device: where to train, see `resolve_device`.
        record: whether to record the history.
        progress: told of every step.
        decoding: told of every picture that is decoded.
        recipe: attributes of `Recipe`; what is not given suits the task, see `make_recipe`.

    Raises:
        InputError: something is not valid; nothing was written.
        StoreError: the folder holds another training.
        ModelError: the classifier cannot be built, or its loss is no longer a number.
    """
    lightning()
    out, progress, place = Path(out), progress or Silent(), resolve_device(device)
    check_model_name(model)
    own = source_of(model) == "python" and weights in ("pretrained", "none")
    finetune = weights != "none" and not own
    chosen = make_recipe(finetune=finetune, **recipe)
    if chosen.precision == "16" and place.type == "cpu":
        raise InputError("precision 16 needs a GPU; a CPU trains in fp32 or bf16")
    names = read_classes(classes) if classes is not None else None
    pictures = open_pictures(images, validation, test, classes=names, limit=limit, seed=chosen.seed)
    request = _request(model, weights, options, preprocess, size, chosen, pictures, record)
    account = result.read_account(out)
    if account is not None and account.get("status") != "done" and checkpoints.last_state(out) is None:
        shutil.rmtree(out / layout.FOLDER, ignore_errors=True)  # of a training that did not finish an epoch
        account = None
    elif account is not None:
        result.check_same(request, account, out)
        if account.get("status") == "done":
            progress.message(f"{out}: trained already")
            return _of_account(account, out)
    elif out.is_dir() and any(out.iterdir()):
        raise InputError(f"{out} holds something else; name an empty folder, or one that is not there yet")
    start = build_network(
        model,
        len(pictures.classes),
        weights=weights,
        options=options,
        preprocess=preprocess,
        size=size,
        seed=chosen.seed,
    )
    still = folded_normalisations(start.network, len(pictures.classes)) if finetune else frozenset()
    make_folder(out)
    if account is None:
        account = {"status": "running", "request": request, "versions": result.versions()}
        result.write_account(out, account)
    pixels, bad = _decode(pictures, start, out, decoding or Silent())
    label = label or (model.rpartition(":")[2] if model.startswith("python:") else model.partition("/")[2])
    facts = {"label": label, "model": model, "weights": weights}
    history = _recorder(out, facts, chosen, pictures, pixels["validation"]) if record else nullcontext()
    with history as recorder:
        course = fit(
            start.network,
            start.preprocess,
            chosen,
            pixels["train"],
            pixels["validation"],
            out,
            classes=len(pictures.classes),
            still=still,
            recorder=recorder,
            device=place,
            progress=progress,
        )
    tested = _test(out, start, chosen, pixels.get("test"), place)
    result.write_study(out, label, start, pictures, chosen.seed)
    skipped = [*pictures.skipped, *bad]
    account |= _account(course, start, pictures, skipped, tested, place, record)
    if still:
        what = "batch normalisation" + "s" * (len(still) > 1)
        account["remarks"].append(
            f"the statistics of {len(still)} {what} are folded into the weights and were not measured anew"
        )
    result.write_account(out, account)
    checkpoints.drop_states(out)
    drop_scratch(out / SCRATCH)
    return _of_account(account, out)


def _request(
    model: str,
    weights: str,
    options: Mapping[str, Any] | None,
    preprocess: Mapping[str, Any] | None,
    size: int | None,
    recipe: Recipe,
    pictures: Pictures,
    record: bool,
) -> dict[str, Any]:
    """Everything that decides what a training comes to."""
    return {
        "model": model,
        "weights": weights,
        "options": dict(options or {}),
        "preprocess": dict(preprocess or {}),
        "size": size,
        "recipe": recipe.as_dict(),
        "classes": list(pictures.classes),
        "pictures": {name: _digest(part) for name, part in pictures.parts.items()},
        "record": record,
    }


def _digest(part: Part) -> str:
    return digest([list(part.identities), part.labels.tolist()], 16)


def _decode(
    pictures: Pictures, start: Start, out: Path, progress: Progress
) -> tuple[dict[str, Pixels], list[dict[str, str]]]:
    pixels: dict[str, Pixels] = {}
    bad: list[dict[str, str]] = []
    for name, part in pictures.parts.items():
        pixels[name], failed = decode_part(part, start.preprocess, name=name, scratch=out / SCRATCH, progress=progress)
        bad += failed
    if len(set(pixels["train"].labels.tolist())) < 2:
        raise InputError("fewer than two classes have a training picture that can be read")
    return pixels, bad


def _recorder(out: Path, facts: dict[str, Any], recipe: Recipe, pictures: Pictures, validation: Pixels) -> Recorder:
    facts |= {
        "recipe": recipe.as_dict(),
        "part": "validation",
        "split": pictures.split,
        "pictures": as_facts(pictures),
    }
    source = pictures.validation.source
    ids, labels = validation.ids, validation.labels
    return Recorder(out, pictures.classes, ids=ids, labels=labels, images=source, facts=facts)


def _test(
    out: Path, start: Start, recipe: Recipe, pixels: Pixels | None, device: torch.device
) -> dict[str, dict[str, float]]:
    if pixels is None:
        return {}
    found = {}
    for name, file in (("last", LAST), ("best", BEST)):
        start.network.load_state_dict(load_file(out / file))
        found[name] = judge(start.network, start.preprocess, pixels, recipe, device)
    return found


def _account(
    course: Course,
    start: Start,
    pictures: Pictures,
    skipped: list[dict[str, str]],
    tested: dict[str, dict[str, float]],
    device: torch.device,
    record: bool,
) -> dict[str, Any]:
    files = {"best": BEST, "last": LAST, "classes": result.CLASSES, "study": result.STUDY, "account": result.ACCOUNT}
    remarks = list(pictures.remarks)
    if skipped:
        were = "picture was" if len(skipped) == 1 else "pictures were"
        remarks.append(f"{len(skipped):,} {were} left out; training.json says why")
    if course.stopped_early:
        remarks.append(f"stopped after {len(course.rows)} epochs without a better one")
    return {
        "status": "done",
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": str(device),
        "classes": list(pictures.classes),
        "pictures": as_facts(pictures),
        "parameters": sum(p.numel() for p in start.network.parameters()),
        "options": dict(start.options),
        "preprocess": dict(start.overrides),
        "epochs": len(course.rows),
        "best": course.best,
        "resumed": course.resumed,
        "metrics": list(course.rows),
        "seconds": round(sum(row["seconds"] for row in course.rows), 1),
        "test": tested,
        "skipped": skipped,
        "remarks": remarks,
        "files": files | ({"history": "history"} if record else {}),
    }


def _of_account(account: Mapping[str, Any], out: Path) -> Trained:
    return Trained(
        out=str(out),
        model=account["request"]["model"],
        classes=tuple(account["classes"]),
        epochs=account["epochs"],
        best=account["best"],
        metrics=tuple(account["metrics"]),
        test=account["test"],
        parameters=account["parameters"],
        skipped=tuple(account["skipped"]),
        remarks=tuple(account["remarks"]),
        files=account["files"],
        seconds=account["seconds"],
    )
