"""Eigen-CAM."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ..evidence import FeatureEvidence
from .base import method


@method(
    "eigen-cam", reads=FeatureEvidence, reference="Muhammad and Yeasin 2020, arXiv:2008.00299",
    channels="first principal component",
)  # fmt: skip
def eigen_cam(
    evidence: FeatureEvidence,
    *,
    centre: Annotated[
        bool,
        Field(description="subtract each channel's mean first, as the grad-cam package does; the paper does not"),
    ] = False,
) -> Tensor:
    """Activations projected onto their first principal component: the same map for every class.

    Source: ``A = U S V^T`` with cells as rows and channels as columns, ``L = A v_1``. Deviation: the sign of
    ``v_1``, which a decomposition leaves open, is chosen so that cells with more activation get larger values.
    The component is found in float64 from the smaller of the two Gram matrices.
    """
    cells = evidence.activations.flatten(2).transpose(1, 2).double()  # [b, cells, channels]
    strength = cells.abs().sum(dim=2)
    if centre:
        cells = cells - cells.mean(dim=1, keepdim=True)
        strength = strength - strength.mean(dim=1, keepdim=True)
    if cells.shape[1] <= cells.shape[2]:
        values, vectors = torch.linalg.eigh(cells @ cells.transpose(1, 2))
        # A v_1 = s_1 u_1, with s_1^2 the largest eigenvalue
        projected = vectors[..., -1] * values[:, -1:].clamp_min(0).sqrt()
    else:
        _, vectors = torch.linalg.eigh(cells.transpose(1, 2) @ cells)
        projected = (cells @ vectors[..., -1:])[..., 0]
    sign = torch.sign((projected * strength).sum(dim=1, keepdim=True))
    projected = projected * torch.where(sign == 0, 1, sign)
    return projected.reshape(-1, *evidence.activations.shape[2:]).to(evidence.activations.dtype)
