"""Eigen-CAM."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ..core.devices import to_float64
from ..evidence import FeatureEvidence
from .registry import method


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
    The component is found by power iteration on the smaller of the two Gram matrices, refined in float64.

    Misleads:
        * It knows no class: the map is the same whatever is explained, so it cannot say why this class and not another
          (Muhammad and Yeasin 2020, arXiv:2008.00299).
        * It reads activations alone: a randomised head leaves the map as it is, which fails the randomisation test for
          that layer (the test: Adebayo et al. 2018, arXiv:1810.03292).
        * Without centring, the first component lies close to the mean feature: it shows where features are strong, used
          or not (Cadima and Jolliffe 2009, on uncentred components).
        * Large vision transformers put tokens of outlying norm into plain background, and such tokens can take the
          first component (the tokens: Darcet et al. 2023, arXiv:2309.16588).
    """
    cells = evidence.activations.flatten(2).transpose(1, 2)  # [b, cells, channels]
    strength = cells.abs().sum(dim=2)
    if centre:
        cells = cells - cells.mean(dim=1, keepdim=True)
        strength = strength - strength.mean(dim=1, keepdim=True)
    projected = first_component(cells).to(strength)
    sign = torch.sign((projected * strength).sum(dim=1, keepdim=True))
    projected = projected * torch.where(sign == 0, 1, sign)
    return projected.reshape(-1, *evidence.activations.shape[2:]).to(evidence.activations.dtype)


def first_component(cells: Tensor) -> Tensor:
    """Matrices times their first right singular vector, whose sign is left open.

    Args:
        cells: float ``[b, rows, columns]``.

    Returns:
        float64 ``[b, rows]``.
    """
    tall = cells.shape[1] > cells.shape[2]
    narrow = cells.transpose(1, 2) if tall else cells
    vector, settled = power_iteration(to_float64(narrow @ narrow.transpose(1, 2)))
    # The Gram matrix is formed in the features' own precision, which is what costs; one step in float64 through the
    # matrix itself takes its rounding out again.
    exact = to_float64(narrow)
    vector = (exact @ (exact.transpose(1, 2) @ vector[..., None]))[..., 0]
    if not bool(settled.all()):
        again = exact[~settled]
        vector[~settled] = torch.linalg.eigh(again @ again.transpose(1, 2)).eigenvectors[..., -1]
    vector = vector / vector.norm(dim=1, keepdim=True).clamp_min(1e-300)
    down = (exact.transpose(1, 2) @ vector[..., None])[..., 0]
    # A v_1 is A^T u_1 of the transposed matrix, or else s_1 u_1 with s_1 = |A^T u_1|
    return down if tall else vector * down.norm(dim=1, keepdim=True)


def power_iteration(matrices: Tensor, iterations: int = 64, tolerance: float = 1e-9) -> tuple[Tensor, Tensor]:
    """The first eigenvector of positive semi-definite matrices, where one component stands out.

    Args:
        matrices: float64 ``[b, n, n]``, symmetric.
        iterations: most products.
        tolerance: on the residual ``|Mv - lv|``, relative to the eigenvalue l.

    Returns:
        Unit vectors ``[b, n]``, and which of them have settled: bool ``[b]``. Those that have not belong to matrices
        whose two largest eigenvalues are nearly the same.
    """
    # The row of the largest diagonal entry is never orthogonal to the first eigenvector unless all is zero.
    start = matrices.diagonal(dim1=1, dim2=2).argmax(dim=1)
    vector = matrices[torch.arange(len(matrices), device=matrices.device), start]
    vector = vector / vector.norm(dim=1, keepdim=True).clamp_min(1e-300)
    for _ in range(iterations):
        product = (matrices @ vector[..., None])[..., 0]
        value = (vector * product).sum(dim=1)
        settled = (product - value[:, None] * vector).norm(dim=1) <= tolerance * value
        if bool(settled.all()):
            break
        vector = product / product.norm(dim=1, keepdim=True).clamp_min(1e-300)
    return vector, settled
