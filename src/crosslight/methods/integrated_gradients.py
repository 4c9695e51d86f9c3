"""Integrated Gradients."""

import torch
from torch import Tensor

from ..core.devices import to_float64
from ..evidence import PathGradients
from .registry import method


@method(
    "integrated-gradients", reads=PathGradients, reference="Sundararajan et al. 2017, arXiv:1703.01365",
    diagnostics=["completeness_gap", "completeness_error", "steps"], tolerance="completeness_error",
)  # fmt: skip
def integrated_gradients(evidence: PathGradients) -> tuple[Tensor, dict[str, Tensor]]:
    """The input's difference from a baseline times the mean gradient on the path between them, summed over channels.

    Diagnostics: ``completeness_gap``, the map's sum less the score's difference between image and baseline, in
    units of the score; ``completeness_error``, its magnitude as a share of that difference; ``steps``.

    Source: eqs. 1 and 3. Deviation: Gauss-Legendre nodes by default; ``rule = "riemann-right"`` is eq. 3.
    """
    maps = ((evidence.inputs - evidence.baseline) * evidence.mean).sum(dim=1)
    difference = to_float64(evidence.scores - evidence.baseline_scores)
    gap = to_float64(maps).flatten(1).sum(1) - difference
    error = gap.abs() / difference.abs()  # NaN where both are 0: there is nothing to explain
    steps = torch.full_like(gap, evidence.steps)
    return maps, {"completeness_gap": gap, "completeness_error": error, "steps": steps}
