"""Recording in a training loop of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...core.errors import InputError
from ..history import UNKNOWN
from ..recorder import Recorder
from .batches import INPUTS, LABELS, found_in, ids_of, logits_in

if TYPE_CHECKING:
    from torch import nn


def record_loop(
    recorder: Recorder,
    model: nn.Module,
    loader: Any,
    epoch: int,
    *,
    ids: Sequence[Any] | None = None,
    device: Any = None,
) -> dict[str, float]:
    """Evaluate a network on all batches of a loader and record what it says, as one epoch.

    Args:
        recorder: where to.
        model: from images to logits ``[b, classes]``, or an object with ``logits``; afterwards in the mode it was in.
        loader: gives ``(image, label)``, ``(image, label, id)`` or dictionaries with ``image``, ``label`` and ``id``.
        epoch: its number.
        ids: of the whole data set in its order, where batches have none; numbers from 0 if None. Then the loader must
            not shuffle.
        device: where the network is; that of its first parameter if None.

    Returns:
        ``validation/loss``, the mean cross-entropy in nats, and ``validation/accuracy``, over the images with labels,
        which are recorded, too; nothing where there is no label.

    Raises:
        InputError: batches are none of these, or which images they are of cannot be known.
    """
    import torch
    from torch.nn import functional

    if device is None:
        device = next((p.device for p in model.parameters()), torch.device("cpu"))
    loss, right, labelled, seen = 0.0, 0, 0, 0
    with _evaluating(model), torch.no_grad():
        for batch in loader:
            inputs, labels = found_in(batch, INPUTS, 0), found_in(batch, LABELS, 1)
            if inputs is None:
                raise InputError("a batch is (image, label), (image, label, id), or a dictionary with these names")
            logits = logits_in(model(inputs.to(device))).float().cpu()
            recorder.log(epoch, ids_of(batch, None, loader, seen, len(logits), ids), logits, labels)
            seen += len(logits)
            if labels is not None:
                known = torch.as_tensor(labels).cpu().long()
                some = known != UNKNOWN
                loss += float(functional.cross_entropy(logits[some], known[some], reduction="sum"))
                right += int((logits[some].argmax(1) == known[some]).sum())
                labelled += int(some.sum())
    recorder.end_epoch(epoch)
    if not labelled:
        return {}
    metrics = {"validation/loss": loss / labelled, "validation/accuracy": right / labelled}
    recorder.log_metrics(epoch, metrics)
    return metrics


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode; afterwards every part is in the mode it was in."""
    before = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in before.items():
            module.training = mode
