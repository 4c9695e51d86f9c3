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

    Misleads:
        * A pixel of the baseline's colour gets 0 however much it matters: with a black baseline, black objects vanish
          (Sturmfels et al. 2020, doi:10.23915/distill.00022).
        * Each baseline gives another map, and none is neutral; compare several before a map is believed (Sturmfels et
          al. 2020, doi:10.23915/distill.00022).
        * Noise of the gradients along the path gathers in the map, so that pixels light up which have no part in the
          class (Kapishnikov et al. 2021, arXiv:2106.09788).
        * The difference from the baseline is a factor, so maps resemble the picture even when weights are randomised
          (Adebayo et al. 2018, arXiv:1810.03292).
    """
    maps = ((evidence.inputs - evidence.baseline) * evidence.mean).sum(dim=1)
    difference = to_float64(evidence.scores - evidence.baseline_scores)
    gap = to_float64(maps).flatten(1).sum(1) - difference
    error = gap.abs() / difference.abs()  # NaN where both are 0: there is nothing to explain
    steps = torch.full_like(gap, evidence.steps)
    return maps, {"completeness_gap": gap, "completeness_error": error, "steps": steps}
