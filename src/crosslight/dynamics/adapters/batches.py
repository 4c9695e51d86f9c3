"""What stands where in a batch of a data loader, and which images it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.errors import InputError

#: under which names dictionaries hold what is looked for
IDS, LABELS = ("id", "ids"), ("label", "labels", "target", "targets", "y")
INPUTS, LOGITS = ("image", "images", "pixel_values", "x", "inputs"), ("logits", "preds", "predictions", "outputs")

#: names of samplers that walk through the images in their order
SEQUENTIAL = ("SequentialSampler",)


def found_in(batch: Any, names: Sequence[str], place: int | None = None) -> Any:
    """A part of a batch by name, or by its place in a list; None where there is none."""
    if isinstance(batch, Mapping):
        return next((batch[name] for name in names if name in batch), None)
    if isinstance(batch, list | tuple) and place is not None and len(batch) > place:
        return batch[place]
    return None


def logits_in(outputs: Any) -> Any:
    """The logits among what a step returned, or a model's output.

    Raises:
        InputError: there are none.
    """
    if hasattr(outputs, "logits"):
        return outputs.logits
    found = found_in(outputs, LOGITS, 0) if not hasattr(outputs, "shape") else outputs
    if found is None or not hasattr(found, "shape") or len(found.shape) != 2:
        shape = f" of shape {tuple(found.shape)}" if hasattr(found, "shape") else ""
        raise InputError(
            f"no logits in {type(outputs).__name__}{shape}: return them, [b, classes], as they are or under the name "
            "'logits'"
        )
    return found


def places(loader: Any, start: int, count: int) -> list[int]:
    """Which images of its data set a loader gave, where it walks through them in their order.

    Args:
        loader: a data loader of PyTorch, or one with a ``sampler`` like its.
        start: how many images it gave before.
        count: how many it gave now.

    Returns:
        Their numbers; those with which a distributed sampler pads begin again from 0.

    Raises:
        InputError: the loader shuffles, or it cannot be known.
    """
    sampler = getattr(loader, "sampler", None)
    kind = type(sampler).__name__
    if kind in SEQUENTIAL:
        return list(range(start, start + count))
    replicas, rank = getattr(sampler, "num_replicas", None), getattr(sampler, "rank", None)
    if replicas is not None and rank is not None and getattr(sampler, "shuffle", None) is False:
        size = len(sampler.dataset)  # type: ignore[union-attr]
        return (((np.arange(start, start + count)) * replicas + rank) % size).tolist()
    raise InputError(
        f"which images a batch is of cannot be known from the order of {kind or 'this loader'}: let the data set give "
        "(image, label, id), or do not shuffle what is evaluated"
    )


def ids_of(batch: Any, outputs: Any, loader: Any, start: int, count: int, ids: Sequence[Any] | None) -> Any:
    """Ids of a batch: from what the step returned, from the batch, or from the order of the loader.

    Args:
        batch: ``(image, label, id)`` or a dictionary with ``id``.
        outputs: what a step returned; a dictionary may have ``ids``.
        loader: where the batch came from.
        start: how many images came before it.
        count: how many it has.
        ids: of the whole data set, in its order; numbers from 0 if None.

    Raises:
        InputError: they cannot be known, or there are fewer than images.
    """
    for given in (found_in(outputs, IDS), found_in(batch, IDS, 2)):
        if given is not None:
            return given
    at = places(loader, start, count)
    if ids is None:
        return at
    if at and max(at) >= len(ids):
        raise InputError(f"there are {len(ids)} ids, and the loader gives an image number {max(at)}")
    return [ids[place] for place in at]
