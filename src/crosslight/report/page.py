"""The page itself: what templates and scripts are given."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..agreement import Agreement
from ..core.maps import Status
from ..store import left_out
from .agreement import Overview, Panel
from .contents import Contents, MethodGroup, ModelColumn
from .findings import Finding
from .model_table import model_row
from .overlay import FINE
from .right import BASELINE_WORDS, Right
from .summary import STATUS_WORDS, per_image_agreement
from .template import environment
from .tiles import CELLS, PHOTOGRAPHS, SMALL, chunk_of
from .words import question, reference_link, settings_words, target_words

#: failures listed on the page; the rest is counted
LISTED = 300


def page_data(
    contents: Contents,
    agreements: Mapping[str, Agreement],
    photographs: Sequence[bool],
    parts: Sequence[str] = (),
) -> dict[str, Any]:
    """What the page is about, as JSON; maps, photographs and panels are parts of their own, loaded when looked at.

    Args:
        contents: with the status of every map.
        agreements: by method label.
        photographs: for each image, whether there is a picture.
        parts: names of parts that are not in every report.
    """
    lists = list(dict.fromkeys(model.classes for model in contents.models))  # mostly one for all
    sizes = [size[::-1] if size[0] > 0 else None for size in contents.sizes.tolist()]
    return {
        "name": contents.store.manifest.name,
        "classes": lists,
        "images": [
            {"name": image.name, "label": image.label, "id": image.identity, "photo": photo, "size": size,
             "large": photo and size is not None and max(size) > SMALL}
            for image, photo, size in zip(contents.images, photographs, sizes, strict=True)
        ],
        "models": [_model_data(contents, model, lists) for model in contents.models],
        "methods": [_method_data(group, agreements) for group in contents.methods],
        "status": {int(status): words for status, words in STATUS_WORDS.items()},
        "agree": _same_classes(contents),
        "photographs": PHOTOGRAPHS,
        "parts": list(parts),
    }  # fmt: skip


def _model_data(contents: Contents, model: ModelColumn, lists: list[tuple[str, ...]]) -> dict[str, Any]:
    return {
        "label": model.label,
        "family": contents.families.get(model.label, ""),
        "facts": _model_facts(model),
        "classes": lists.index(model.classes),
        "top": model.top.tolist(),
        "p": [[None if np.isnan(p) else round(p, 4) for p in row] for row in model.probabilities.tolist()],
        "truth": model.truth.tolist(),
        "why": {
            row: reason
            for row, image in enumerate(contents.images)
            if model.top[row, 0] < 0 and (reason := contents.reason(image.identity, model.label, ""))
        },
    }


def _model_facts(model: ModelColumn) -> dict[str, Any]:
    """By which models may be put in order."""
    row = model_row(model)
    return {
        "parameters": row.parameters or None,
        "accuracy here": round(row.measured.right / row.measured.of, 4) if row.measured else None,
        "published accuracy": row.published,
        "input size": max(row.input_size, default=0) or None,
    }


def _method_data(group: MethodGroup, agreements: Mapping[str, Agreement]) -> dict[str, Any]:
    attributes = group.first.attributes
    agreement = agreements.get(group.label)
    score = per_image_agreement(agreement).tolist() if agreement is not None else []
    return {
        "label": group.label,
        "measure": agreement.measure_label if agreement is not None else "",
        "signed": is_signed_method(group),
        "fine": min(group.first.shape) > FINE,
        "superpixels": "superpixels" in (attributes.get("settings") or {}),
        "chunk": chunk_of(group),
        "cells": {model: list(one.shape) for model, one in group.sets.items()},
        "target": target_words(str(attributes.get("target", ""))),
        "finish": attributes.get("finish", "none"),
        "limit": attributes.get("limit"),
        "sites": {model: one.attributes.get("site") for model, one in group.sets.items()},
        "score": [round(s, 4) if np.isfinite(s) else None for s in score],
    }


def is_signed_method(group: MethodGroup) -> bool:
    """As `overlay.is_signed`, before any map is read."""
    attributes = group.first.attributes
    return attributes.get("sign", "signed") == "signed" and attributes.get("finish", "none") == "none"


def _same_classes(contents: Contents) -> list[int]:
    """For each image the number of different classes that the models name."""
    spoken = [model.spoken for model in contents.models]
    return [len({name for name in row if name}) for row in zip(*spoken, strict=True)] if spoken else []


def page_text(
    contents: Contents,
    *,
    assets: str,
    photographs: Sequence[bool],
    gone: str,
    found: Sequence[Finding],
    panels: Sequence[Panel],
    over: Overview,
    right: Right | None,
    study_text: str,
) -> str:
    """The page as HTML; every value in it is escaped.

    Args:
        contents: with the status of every map.
        assets: address of the assets, relative to the page.
        photographs: for each image, whether there is a file.
        gone: why photographs are missing, or empty.
        found: what stands on the first screen.
        panels: of the methods that were compared.
        over: what is said of all methods together.
        right: scores, where there are any.
        study_text: the study file.
    """
    counts = contents.counts()
    asked = sum(counts.values()) - counts[Status.SKIPPED.name]
    return (
        environment()
        .get_template("index.html.jinja")
        .render(
            name=contents.store.manifest.name,
            question=question(
                len(contents.models),
                len(contents.methods),
                [str(group.first.attributes.get("target", "")) for group in contents.methods],
            ),
            assets=assets,
            models=contents.models,
            known=[model_row(model) for model in contents.models],
            methods=contents.methods,
            images=contents.images,
            counts={status: counts[status.name] for status in Status},
            asked=asked,
            status=Status,
            words=STATUS_WORDS,
            absent=_absent(contents),
            findings=found,
            photographs=sum(photographs),
            gone=gone,
            signed=[is_signed_method(group) for group in contents.methods],
            cells=CELLS,
            panels=panels,
            over=over,
            right=right,
            baseline_words=BASELINE_WORDS,
            labelled=any(model.judged.any() for model in contents.models),
            failures=_failures(contents),
            failure_count=sum(not failure.left_out for failure in contents.failures),
            left_out=left_out(contents.failures),
            loads=[failure for failure in contents.failures if failure.stage == "load"],
            trouble=_trouble(contents),
            unmapped={model.label: model.unmapped for model in contents.models if model.unmapped},
            settings=[_settings(group) for group in contents.methods],
            work=_work(contents),
            facts=contents.facts,
            seed=contents.store.manifest.seed,
            block=contents.store.manifest.block,
            study_text=study_text,
            command=contents.facts.get("command") or "crosslight run study.toml --out OUT",
        )
    )


def _absent(contents: Contents) -> list[str]:
    """Models of the study of which there is nothing yet, not even a failure."""
    entries = (contents.facts.get("spec") or {}).get("models") or []
    there = {model.label for model in contents.models} | {f.model for f in contents.failures}
    return [label for entry in entries if (label := str(entry.get("label") or entry.get("name"))) not in there]


def _failures(contents: Contents) -> list[dict[str, str]]:
    names = {image.identity: image.name for image in contents.images}
    failures = [failure for failure in contents.failures if not failure.left_out]
    return [
        {"image": names.get(f.image, f.image), "model": f.model, "stage": _stage(f.stage), "reason": f.reason}
        for f in sorted(failures, key=lambda f: (f.stage != "load", f.model, f.stage, f.image))[:LISTED]
    ]


def _stage(stage: str) -> str:
    words = {"load": "loading the model", "decode": "reading the image", "predict": "predicting"}
    return words.get(stage, stage.removeprefix("method:"))


def _trouble(contents: Contents) -> dict[str, dict[str, Counter[str] | None]]:
    """By model and method the counts of maps that are not plainly usable, None where there are no maps at all.

    Models and methods without any are left out; maps that the study did not ask for are no trouble.
    """
    plain = (Status.OK, Status.SKIPPED)
    found: dict[str, dict[str, Counter[str] | None]] = {}
    for model in contents.models:
        row: dict[str, Counter[str] | None] = {}
        for group in contents.methods:
            key = (model.label, group.label)
            row[group.label] = None
            if key in contents.statuses:
                odd = Counter(STATUS_WORDS[Status(int(s))] for s in contents.statuses[key] if s not in plain)
                if emptied := int(contents.emptied[key].sum()):
                    odd[f"zero after {group.first.attributes.get('finish')}"] = emptied
                row[group.label] = odd
        if any(row.values()):
            found[model.label] = row
    odd_methods = {label for row in found.values() for label, odd in row.items() if odd}
    return {model: {key: odd for key, odd in row.items() if key in odd_methods} for model, row in found.items()}


def _settings(group: MethodGroup) -> dict[str, Any]:
    attributes = group.first.attributes
    sites = [str(one.attributes.get("site") or "") for one in group.sets.values()]
    reference = str(attributes.get("reference") or "")
    return {
        "label": group.label,
        "method": group.first.method,
        "settings": settings_words(attributes.get("settings") or {}),
        "target": target_words(str(attributes.get("target", ""))),
        "limit": attributes.get("limit"),
        "finish": str(attributes.get("finish", "none")),
        "sign": str(attributes.get("sign", "")),
        "sites": dict(zip(group.sets, sites, strict=True)) if any(sites) else {},
        "shapes": sorted({one.shape for one in group.sets.values()}),
        "reference": reference,
        "link": reference_link(reference),
    }


def _work(contents: Contents) -> dict[str, dict[str, Any]]:
    """By model: seconds, evaluations, and the smallest batch where memory ran out."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: {"seconds": 0.0, "evaluations": 0, "halved": None})
    for note in contents.store.notes():
        entry = found[note["model"]]
        entry["seconds"] += float(note.get("seconds") or 0)
        entry["evaluations"] += int(note.get("evaluations") or 0)
        if note.get("halved_batch"):
            entry["halved"] = min(entry["halved"] or note["halved_batch"], note["halved_batch"])
    return {model.label: found[model.label] for model in contents.models}
