"""Rules for the integral of a function over [0, 1]: where to look, and how much each look weighs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

RULES = ("gauss-legendre", "riemann-right", "riemann-left", "riemann-middle", "trapezoid")


def nodes_and_weights(rule: str, steps: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights of a quadrature rule.

    Args:
        rule: one of `RULES`. ``riemann-right`` is the sum of Sundararajan et al. 2017, eq. 3.
            ``gauss-legendre`` is exact for polynomials up to degree 2 x steps - 1.
        steps: number of nodes (``trapezoid`` with one step is the middle).

    Returns:
        Nodes in [0, 1] and weights that sum to 1, float64 ``[steps]`` each.

    Raises:
        ValueError: no such rule.
    """
    k = np.arange(steps)
    weights = np.full(steps, 1 / steps)
    match rule:
        case "gauss-legendre":
            nodes, weights = np.polynomial.legendre.leggauss(steps)
            nodes, weights = (nodes + 1) / 2, weights / 2
        case "riemann-right":
            nodes = (k + 1) / steps
        case "riemann-left":
            nodes = k / steps
        case "riemann-middle":
            nodes = (k + 0.5) / steps
        case "trapezoid" if steps > 1:
            nodes, weights = k / (steps - 1), np.full(steps, 1 / (steps - 1))
            weights[[0, -1]] /= 2
        case "trapezoid":
            nodes = np.array([0.5])
        case _:
            raise ValueError(f"no quadrature rule {rule!r}; there are {', '.join(RULES)}")
    return torch.from_numpy(np.ascontiguousarray(nodes)), torch.from_numpy(weights)
