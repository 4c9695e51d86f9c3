"""The contrast between texts that are true of a picture and texts that are false of it."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def contrast(logits: Tensor, holds: Tensor) -> Tensor:
    """The mean of the losses from pictures to texts and from texts to pictures.

    Each true text of a picture is told from all false ones, not from the other true ones; what is not known is left
    out; and the same the other way round.

    Source: InfoNCE (arXiv:1807.03748, equation 4), both ways (arXiv:2103.00020, figure 3). It differs in that a
    picture may have several true texts, of which each stands alone against the false ones.

    Args:
        logits: ``[pictures, texts]``, scaled similarities.
        holds: ``[pictures, texts]``: 1 true, -1 false, 0 not known.

    Returns:
        In nats, a scalar.
    """
    return (_one_way(logits, holds) + _one_way(logits.T, holds.T)) / 2


def _one_way(logits: Tensor, holds: Tensor) -> Tensor:
    """The mean over rows that have something true of the mean over what is true there."""
    true = holds > 0
    false = logits.masked_fill(holds >= 0, -1e4).logsumexp(dim=1, keepdim=True)
    losses = functional.softplus(false - logits) * true  # -log(e^l / (e^l + sum of e^false))
    count = true.sum(dim=1)
    return (losses.sum(dim=1) / count.clamp(min=1)).sum() / (count > 0).sum().clamp(min=1)
