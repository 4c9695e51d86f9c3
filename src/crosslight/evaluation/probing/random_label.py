"""The random-label test: whether a map depends on the class that it explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.seeds import seed_for
from .anew import maps_anew, original
from .likeness import centred_ranks, spearman, ssim
from .metric import probe_metric
from .subject import Subject


@probe_metric(
    "random-label",
    group="sanity",
    better="lower",
    needs="method",
    reference="Sixt et al. 2020, arXiv:1912.09818",
)
def random_label(
    subject: Subject,
    *,
    which: Literal["random", "next", "least"] = "random",
    similarity: Literal["spearman", "ssim"] = "spearman",
    absolute: bool = False,
) -> tuple[Tensor, Mapping[str, Tensor]]:
    """How alike maps of the same image are for the class explained and for another one.

    Args:
        subject: maps and the method that made them.
        which: the other class: ``random``, drawn for each image; ``next``, the most probable one beside those that are
            explained; ``least``, the least probable one.
        similarity: rank correlation at the maps' own resolution, or structural similarity at the input's; the
            diagnostics hold both.
        absolute: compare magnitudes. Maps of two classes often differ in their sign alone.

    Returns:
        float64 ``[b]`` in [-1, 1]; NaN where a map is constant or there is no other class. Diagnostics: ``spearman``,
        ``ssim``, and ``class``, the other one, -1 where there is none.

    Source: Sixt et al. 2020, "random logit"; Quantus' RandomLogit, which by default takes the structural similarity of
        maps laid out as one row. The random-label test of Adebayo et al. 2018 trains a network on random labels
        instead, which this does not.

    Cannot tell: whether either map is right. Methods that explain no class, such as attention rollout or Eigen-CAM,
        have 1 by construction. Where there is only one object in the picture, or two classes look alike, similar maps
        may be right.
    """
    other = other_classes(subject, which)
    valid = other >= 0
    targets = replace(subject.targets, classes=torch.where(valid, other, subject.targets.classes))
    first, second = original(subject), maps_anew(subject, subject.gathering.anew(), targets)
    if absolute:
        first, second = first.abs(), second.abs()
    height, width = subject.inputs.shape[2:]
    found = {
        "spearman": spearman(centred_ranks(first), centred_ranks(second)),
        "ssim": ssim(first, second, (height, width)),
    }
    missing = ~valid.cpu()
    for values in found.values():
        values[missing] = torch.nan
    return found[similarity], {**found, "class": other.cpu().double()}


def other_classes(subject: Subject, which: Literal["random", "next", "least"]) -> Tensor:
    """For each image a class that its map does not explain.

    Args:
        subject: the maps.
        which: as for the metric.

    Returns:
        int64 ``[b]``, -1 where there is none.

    Raises:
        InputError: the classifier has one output only.
    """
    logits, targets = subject.gathering.logits, subject.targets
    outputs = logits.shape[1]
    if outputs < 2:
        raise InputError("random-label needs a classifier with two classes or more")
    found = torch.full_like(targets.classes, -1)
    for row, identity in enumerate(subject.identities):
        explained = {int(targets.classes[row]), int(targets.against[row])}
        others = [index for index in logits[row].argsort(descending=True).tolist() if index not in explained]
        if not others or int(targets.classes[row]) < 0:
            continue
        if which == "random":
            others.sort()
            chance = torch.Generator().manual_seed(seed_for(subject.seed, identity, "random label"))
            found[row] = others[int(torch.randint(len(others), (1,), generator=chance))]
        else:
            found[row] = others[0 if which == "next" else -1]
    return found
