"""Which methods work on one classifier."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from PIL import Image

from crosslight.core.errors import ModelError
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.images import Batch, make_batch
from crosslight.methods import METHODS, attribute
from crosslight.models import Classifier

from .build import build
from .inventory import Entry, first_line

IMAGES = 2
SIDE = 256
DEPTHS = (0.5, 0.25, 0.1)
PATIENCE = 15.0  # CPU seconds that a method may be expected to take


def apply(entry: Entry, side: int = 224) -> dict[str, Any]:
    """Put every method to a classifier, with its quick settings.

    Args:
        entry: the classifier.
        side: of the input, in pixels, where the network's own is larger and it takes this one.

    Returns:
        By the name of the method: ``works``, ``does not apply: ...``, ``left out: ...`` where it would take too
        long here, or ``fails: ...``.
    """
    try:
        classifier = build(entry, side).classifier
        batch = make_batch(_pictures(), classifier.preprocess)
        seconds = _pass(classifier, batch)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {first_line(error)}"}
    return {name: _outcome(name, classifier, batch, seconds) for name in METHODS}


def _outcome(name: str, classifier: Classifier, batch: Batch, seconds: float) -> str:
    spec = METHODS[name]
    settings = spec.settings(**spec.reads.quick)
    try:
        spec.reads.check(classifier, spec.evidence_settings(settings))
    except ModelError as error:
        return f"does not apply: {first_line(error).removeprefix(f'{classifier.label}: ')}"
    try:
        passes = spec.evaluations(settings, classifier) * IMAGES
        for depth in DEPTHS if hasattr(settings, "depth") else ():  # where there are fewer channels to mask
            if passes * seconds > PATIENCE:
                settings = settings.model_copy(update={"depth": depth})
                passes = spec.evaluations(settings, classifier) * IMAGES
        if passes * seconds > PATIENCE:
            return f"left out: {passes} passes"
        maps = attribute(Gathering(classifier, batch), spec, settings, TargetPolicy()).maps
    except Exception as error:
        return f"fails: {type(error).__name__}: {first_line(error)}"
    if not maps.isfinite().all():
        return "fails: a map is not finite"
    if (maps.flatten(1).amax(1) == maps.flatten(1).amin(1)).any():
        return "fails: a map is constant"
    return "works"


def _pictures() -> list[Image.Image]:
    """Pictures of coarse and fine noise."""
    generator = np.random.default_rng(0)
    pictures = []
    for _ in range(IMAGES):
        coarse = Image.fromarray(generator.integers(0, 256, (8, 8, 3), np.uint8)).resize((SIDE, SIDE))
        fine = Image.fromarray(generator.integers(0, 256, (SIDE, SIDE, 3), np.uint8))
        pictures.append(Image.blend(coarse, fine, 0.3))
    return pictures


def _pass(classifier: Classifier, batch: Batch) -> float:
    start = time.process_time()
    with torch.no_grad():
        classifier.logits(batch.inputs[:1])
    return time.process_time() - start
