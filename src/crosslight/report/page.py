"""The page itself: what templates and scripts are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..agreement import Agreement
from ..core.maps import Status
from ..store import left_out
from .agreement import Overview, Panel
from .class_maps import Classes
from .contents import Contents, MethodGroup, ModelColumn, is_signed_method
from .finding import Finding
from .how import absent, digests_of, failures_of, seconds_by_method, settings_of, trouble_of, work_of
from .learning.runs import Learned
from .method_cards import method_cards
from .model_table import model_row
from .overlay import FINE
from .pictures import Pictured
from .policy import POLICY
from .right import BASELINE_WORDS, Probes, Right
from .summary import STATUS_WORDS, per_image_agreement
from .template import environment
from .tiles import CELLS, PHOTOGRAPHS, SMALL, chunk_of
from .units import Units
from .units_words import units_context
from .views import views_of
from .words import question, target_words


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
        "superpixels": "segmentation" in (attributes.get("settings") or {}),
        "chunk": chunk_of(group),
        "cells": {model: list(one.shape) for model, one in group.sets.items()},
        "target": target_words(str(attributes.get("target", ""))),
        "finish": attributes.get("finish", "none"),
        "limit": attributes.get("limit"),
        "sites": {model: one.attributes.get("site") for model, one in group.sets.items()},
        "score": [round(s, 4) if np.isfinite(s) else None for s in score],
    }


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
    probes: Probes | None,
    shown: Pictured,
    classes: Classes | None,
    study_text: str,
    units: Units | None = None,
    learned: Learned | None = None,
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
        right: scores against masks, where there are any.
        probes: what trying maps out on their classifiers showed, where that was done.
        shown: the pictures of the first screen.
        classes: of the images, where they are known.
        study_text: the study file.
        units: what units detect, where classifiers were dissected.
        learned: how classifiers learned, where that was recorded.
    """
    counts = contents.counts()
    targets = [str(group.first.attributes.get("target", "")) for group in contents.methods]
    context = {
        "name": contents.store.manifest.name,
        "question": question(len(contents.models), len(contents.methods), targets),
        "assets": assets,
        "policy": POLICY,
        "models": contents.models,
        "known": [model_row(model) for model in contents.models],
        "methods": contents.methods,
        "images": contents.images,
        "counts": {status: counts[status.name] for status in Status},
        "asked": sum(counts.values()) - counts[Status.SKIPPED.name],
        "status": Status,
        "words": STATUS_WORDS,
        "absent": absent(contents),
        "findings": found,
        "pictured": shown,
        "photographs": sum(photographs),
        "gone": gone,
        "cells": CELLS,
        "panels": panels,
        "over": over,
        "classes": classes,
        "right": right,
        "probes": probes,
        "baseline_words": BASELINE_WORDS,
        "labelled": any(model.judged.any() for model in contents.models),
        "failures": failures_of(contents),
        "failure_count": sum(not failure.left_out for failure in contents.failures),
        "left_out": left_out(contents.failures),
        "loads": [failure for failure in contents.failures if failure.stage == "load"],
        "trouble": trouble_of(contents),
        "unmapped": {model.label: model.unmapped for model in contents.models if model.unmapped},
        "settings": [settings_of(group) for group in contents.methods],
        "work": work_of(contents),
        "seconds": seconds_by_method(contents),
        "digests": digests_of(contents),
        "cards": method_cards(contents),
        "facts": contents.facts,
        "seed": contents.store.manifest.seed,
        "block": contents.store.manifest.block,
        "study_text": study_text,
        **units_context(units),
        "learned": learned,
        "command": contents.facts.get("command") or "crosslight run study.toml --out OUT",
    }
    return environment().get_template("index.html.jinja").render(context, views=views_of(context))
