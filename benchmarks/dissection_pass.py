"""Dissection by masks: CPU time of the whole beside decoding and forward passes alone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch

from crosslight.dissection.masks import SceneConcepts, label_layers
from crosslight.dissection.record import record
from crosslight.images import make_batch, open_images
from crosslight.models import load_model

from .rows import Row

COLUMNS = ("images", "units", "passes s", "recording s", "masks s", "recording", "whole")
#: networks with random weights, and the depths that are looked at
CASES = (("timm/resnet18", (1.0,)), ("timm/resnet18", (0.5, 0.75, 1.0)), ("timm/resnet50", (0.25, 0.5, 0.75, 1.0)))
TARGETS = {"whole": "<= 1.3"}
BATCH = 16


def pass_rows(quick: bool) -> Iterator[Row]:
    """Each network with its layers, on scenes and their masks.

    ``recording`` and ``whole`` are CPU time divided by that of decoding and forward passes in the same batches; the
    whole is recording, comparison with all masks, and the test against chance.
    """
    images = open_images("scenes", limit=16 if quick else 64, sample="first")
    masks = SceneConcepts()
    for record_ in images:
        record_.load()  # scenes are drawn when they are first read, which is no part of a data set's cost
    for name, layers in CASES[:1] if quick else CASES:
        classifier = load_model(name, weights="none")
        _ = classifier.sites
        start = time.process_time()
        for at in range(0, len(images), BATCH):
            batch = make_batch([one.load() for one in images[at : at + BATCH]], classifier.preprocess)
            with torch.no_grad():
                classifier.logits(batch.inputs)
        passes = time.process_time()
        found = record(classifier, images, layers, batch_size=BATCH)
        recorded = time.process_time()
        label_layers(found.dissection, list(found.regions.values()), masks)
        labelled = time.process_time()
        yield Row(
            name,
            f"{len(layers)} layers" if len(layers) > 1 else "1 layer",
            {
                "images": len(images),
                "units": sum(layer.units for layer in found.dissection.layers),
                "passes s": passes - start,
                "recording s": recorded - passes,
                "masks s": labelled - recorded,
                "recording": (recorded - passes) / (passes - start),
                "whole": (labelled - passes) / (passes - start),
            },
            targets=TARGETS,
        )
