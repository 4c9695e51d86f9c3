"""Gradient-weighted Attention Rollout."""

from torch import Tensor

from ..core.devices import to_float64
from ..evidence import AttentionGradients
from .registry import method


@method(
    "gradient-attention-rollout", reads=AttentionGradients, sign="magnitude",
    reference="Chefer, Gur and Wolf 2021, arXiv:2103.15679", channels="mean of the heads' positive parts",
)  # fmt: skip
def gradient_attention_rollout(evidence: AttentionGradients) -> Tensor:
    """Attention that speaks for the class, gathered over all layers with the residual connections.

    Source: eqs. 5 and 6, the rule for self-attention: ``R = R + E_h[(grad A * A)^+] R``, from ``R = I`` and the first
    layer on; the map is the class token's row. Extensions: the row is the mean over all tokens that the head
    reads, as in Attention Rollout, and the identity that R began with is subtracted, because under average
    pooling it would add the same constant to all patches; in a class token's row it has no part.

    Misleads:
        * Only positive products of attention and gradient are kept, so the map has no evidence against the class
          (Chefer, Gur and Wolf 2021, arXiv:2103.15679).
        * Relevance is passed on by attention and residual connections alone, as if MLPs and normalisations left tokens
          as they are (Chefer, Gur and Wolf 2021, arXiv:2103.15679).
        * Gradients are taken at one point: where the score has saturated, attention that matters can get 0 (on
          saturation: Sundararajan et al. 2017, arXiv:1703.01365).
        * Large vision transformers keep global information in tokens of plain background; where the class is read from
          there, background lights up (the tokens: Darcet et al. 2023, arXiv:2309.16588).
    """
    path = evidence.path
    relevance = path.read(to_float64(evidence.attentions[0][:, 0]))
    start = relevance[:, -path.tokens :]
    for heads, gradients in zip(reversed(evidence.attentions), reversed(evidence.gradients), strict=True):
        step = to_float64((gradients * heads).clamp_min(0).mean(dim=1))
        relevance = path.back(relevance, step + path.residual(step))
    return path.to_map(relevance - start).to(evidence.attentions[0])
