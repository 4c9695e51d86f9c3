"""How a study was made: what the templates say of settings, models, work, failures and hashes."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from ..core.maps import Status
from .contents import Contents, MethodGroup
from .summary import STATUS_WORDS
from .words import settings_words, target_words

#: failures listed on the page; the rest is counted
LISTED = 300


def absent(contents: Contents) -> list[str]:
    """Models of the study of which there is nothing yet, not even a failure."""
    entries = (contents.facts.get("spec") or {}).get("models") or []
    there = {model.label for model in contents.models} | {f.model for f in contents.failures}
    return [label for entry in entries if (label := str(entry.get("label") or entry.get("name"))) not in there]


def failures_of(contents: Contents) -> list[dict[str, str]]:
    """The first failures, in words."""
    names = {image.identity: image.name for image in contents.images}
    failures = [failure for failure in contents.failures if not failure.left_out]
    return [
        {"image": names.get(f.image, f.image), "model": f.model, "stage": _stage(f.stage), "reason": f.reason}
        for f in sorted(failures, key=lambda f: (f.stage != "load", f.model, f.stage, f.image))[:LISTED]
    ]


def _stage(stage: str) -> str:
    words = {"load": "loading the model", "decode": "reading the image", "predict": "predicting"}
    return words.get(stage, stage.removeprefix("method:"))


def trouble_of(contents: Contents) -> dict[str, dict[str, Counter[str] | None]]:
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


def settings_of(group: MethodGroup) -> dict[str, Any]:
    """What the table of methods says of one."""
    from ..methods.cards import link_of  # loads torch

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
        "link": link_of(reference),
    }


def work_of(contents: Contents) -> dict[str, dict[str, Any]]:
    """By model: seconds, evaluations, and the smallest batch where memory ran out."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: {"seconds": 0.0, "evaluations": 0, "halved": None})
    for note in contents.store.notes():
        _add(found[note["model"]], note)
    return {model.label: found[model.label] for model in contents.models}


def seconds_by_method(contents: Contents) -> dict[str, float]:
    """By label the seconds of each method that was always computed by itself; methods that share passes have none."""
    seconds: dict[str, float] = defaultdict(float)
    shared: set[str] = set()
    for note in contents.store.notes():
        labels = note["labels"]
        if len(labels) == 1:
            seconds[labels[0]] += float(note.get("seconds") or 0)
        else:
            shared.update(labels)
    return {label: value for label, value in seconds.items() if label not in shared}


def _add(entry: dict[str, Any], note: Mapping[str, Any]) -> None:
    entry["seconds"] += float(note.get("seconds") or 0)
    entry["evaluations"] += int(note.get("evaluations") or 0)
    if note.get("halved_batch"):
        entry["halved"] = min(entry["halved"] or note["halved_batch"], note["halved_batch"])


def digests_of(contents: Contents) -> dict[str, str]:
    """What tells whether another run is of the same study, and of the same images: name and hexadecimal digits."""
    images = "\n".join(image.identity for image in contents.images)
    return {"study": contents.store.manifest.identity, "images": hashlib.sha256(images.encode()).hexdigest()[:32]}
