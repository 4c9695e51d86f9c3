"""Attention Rollout."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from ..core.devices import to_float64
from ..evidence import AttentionEvidence
from .registry import method


@method(
    "attention-rollout", reads=AttentionEvidence, sign="magnitude",
    reference="Abnar and Zuidema 2020, arXiv:2005.00928", channels="heads fused",
)  # fmt: skip
def attention_rollout(
    evidence: AttentionEvidence,
    *,
    fusion: Annotated[
        Literal["mean", "max", "min"],
        Field(description="how the heads of a layer become one; the paper takes the mean"),
    ] = "mean",
    discard: Annotated[
        float,
        Field(ge=0, lt=1, description="share of each layer's attention, the lowest, that is set to 0; 0 in the paper"),
    ] = 0.0,
) -> Tensor:
    """Attention of all layers multiplied, with the residual connections: the same map for every class.

    Source: section 3: ``A_l = (W_l + I) / 2`` with normalised rows, W_l being the attention averaged over heads, and
    the rollout ``A_L ... A_1``; the map is the class token's row. Maximum, minimum and discarding are common practice
    beside the paper. Extensions: the row is the mean over all tokens that the head reads, such as the patches
    under average pooling or both tokens of a distilled DeiT. Class-attention as in CaiT computes its class token's
    row alone; the other tokens stay as they are, so their rows are the identity.

    Misleads:
        * It knows no class: every class has the same map, so it cannot say why this one and not another (Chefer, Gur
          and Wolf 2021, arXiv:2012.09838).
        * It counts who is attended and not what is passed on: a token with a small value vector adds little however
          much attention it gets (Kobayashi et al. 2020, arXiv:2004.10102).
        * Heads differ in what they are worth, and their plain mean blurs those that matter with those that do not
          (Chefer, Gur and Wolf 2021, arXiv:2103.15679).
        * Large vision transformers keep global information in tokens of plain background, which draw attention from
          everywhere (Darcet et al. 2023, arXiv:2309.16588).
    """
    path = evidence.path
    relevance = path.read(to_float64(evidence.attentions[0][:, 0]))
    for heads in reversed(evidence.attentions):
        step = discarded(to_float64(fused(heads, fusion)), discard)
        step = step + path.residual(step)
        relevance = path.back(relevance, step / step.sum(dim=-1, keepdim=True))
    return path.to_map(relevance).to(evidence.attentions[0])


def fused(heads: Tensor, fusion: str) -> Tensor:
    """One matrix ``[b, q, k]`` for the heads ``[b, heads, q, k]`` of a layer: their mean, maximum or minimum."""
    match fusion:
        case "max":
            return heads.amax(dim=1)
        case "min":
            return heads.amin(dim=1)
        case _:
            return heads.mean(dim=1)


def discarded(attention: Tensor, share: float) -> Tensor:
    """Attention ``[b, q, k]`` with that share of every image's entries, the lowest, set to 0; ties at the edge stay."""
    count = int(share * attention[0].numel())
    if not count:
        return attention
    edge = attention.flatten(1).kthvalue(count + 1, keepdim=True).values
    return attention * (attention >= edge[:, :, None])
