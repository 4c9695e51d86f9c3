"""What is measured on one classifier."""

from __future__ import annotations

import time
from typing import Any

import torch

from crosslight.core.errors import ModelError
from crosslight.models import Classifier
from crosslight.models.taps import measure_tail, receptive_energy

from .build import build, images
from .inventory import Entry, architecture_of, first_line

BATCH = 2
STAGES = ("build", "run", "find", "tail", "place")
NEAR = 1.5  # cells around the middle that count as near


def check(entry: Entry, side: int = 224) -> dict[str, Any]:
    """Build a classifier, find its features and compare the tail with the network.

    Args:
        entry: from the inventory.
        side: of the input, as in `build`.

    Returns:
        Facts by name. Where something raised, ``stage`` and ``error`` say what and where, beside what was
        measured before.
    """
    row: dict[str, Any] = {}
    stage = iter(STAGES)
    try:
        row["stage"] = next(stage)
        ready = build(entry, side)
        classifier = ready.classifier
        row["note"] = ready.note
        row["architecture"] = architecture_of(classifier.network)
        row["parameters"] = sum(parameter.numel() for parameter in classifier.network.parameters())
        row["input"] = max(classifier.preprocess.size)
        row["stage"] = next(stage)
        row["forward_seconds"] = _forward(classifier)
        row["stage"] = next(stage)
        row |= _find(classifier, row["forward_seconds"])
        row["stage"] = next(stage)
        row |= _tail(classifier)
        row["stage"] = next(stage)
        row |= _place(classifier)
        row["stage"] = ""
    except ModelError as error:
        # What returns no class scores is no classifier; anywhere else the error is what is looked for.
        row["left_out" if row["stage"] == "run" else "error"] = first_line(error)
    except Exception as error:
        row["error"] = f"{type(error).__name__}: {first_line(error)}"
    return row


def _forward(classifier: Classifier) -> float:
    """CPU seconds of a pass of one image, the better of two."""
    x, seconds = images(classifier, 1), []
    for _ in range(2):
        start = time.process_time()
        with torch.no_grad():
            logits = classifier.logits(x)
        seconds.append(time.process_time() - start)
    if not logits.isfinite().all():
        raise ValueError("the logits are not finite with random weights")
    return min(seconds)


def _find(classifier: Classifier, forward: float) -> dict[str, Any]:
    start = time.process_time()
    sites = classifier.sites
    seconds = time.process_time() - start
    last = sites.last
    return {
        "find_seconds": seconds,
        "passes": seconds / forward,
        "site": last.name,
        "kind": last.kind,
        "cut": last.cut,
        "layout": last.layout.kind,
        "prefix": last.layout.prefix,
        "height": last.resolution[0],
        "width": last.resolution[1],
        "channels": last.channels,
        "depth": last.depth,
        "sites": len(sites.sites),
        "flops": sites.flops,
    }


def _tail(classifier: Classifier) -> dict[str, Any]:
    last, flops = classifier.sites.last, classifier.sites.flops
    with classifier.evaluating() as network:
        facts = measure_tail(network, last, images(classifier, BATCH, seed=2))
    return {
        "logits_error": facts.logits_error,
        "gradient_error": facts.gradient_error,
        "coverage": facts.coverage,
        "finite": facts.finite,
        "rerun": " ".join(facts.rerun),
        "tail_flops": facts.flops / (BATCH * flops) if flops else None,
    }


def _place(classifier: Classifier) -> dict[str, Any]:
    """Where the middle of the features looks at, in cells from the middle of the image, and how much of it is near.

    ``local`` is the share of the squared gradient within `NEAR` cells, over the share of the image that is; 1 where
    cells have no place.
    """
    last = classifier.sites.last
    (h, w), (height, width) = last.resolution, classifier.preprocess.size
    cells = list(dict.fromkeys([((h - 1) // 2, (w - 1) // 2), (h // 2, w // 2)]))
    with classifier.evaluating() as network:
        energy = receptive_energy(network, last, images(classifier, 1, seed=3), cells)[0]
    rows = ((torch.arange(height) + 0.5) / height - 0.5) * h
    columns = ((torch.arange(width) + 0.5) / width - 0.5) * w
    near = (rows.abs() <= NEAR)[:, None] & (columns.abs() <= NEAR)
    return {
        "shift_down": float((energy.sum(1) * rows).sum()),
        "shift_right": float((energy.sum(0) * columns).sum()),
        "local": float(energy[near].sum() / near.double().mean()),
    }
