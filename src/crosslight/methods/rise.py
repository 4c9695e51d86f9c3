"""RISE."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ..evidence import RandomMaskOutcomes
from ..evidence.outcomes import Output
from .registry import method


@method(
    "rise", reads=RandomMaskOutcomes, reference="Petsiuk et al. 2018, arXiv:1806.07421", channels="hidden together",
    diagnostics=["standard_error", "masks"], tolerance="standard_error",
)  # fmt: skip
def rise(
    evidence: RandomMaskOutcomes,
    *,
    output: Annotated[
        Output, Field(description="what is measured: the explained logit, or its probability (published)")
    ] = "probability",
    centre: Annotated[
        bool,
        Field(
            description="subtract the mean score and the mean mask: on average the same map but for scale and offset, "
            "with less noise"
        ),
    ] = False,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The mean of random masks weighted by the score of the image seen through each.

    Diagnostics: ``standard_error`` of the map, averaged over its pixels, as a share of its range; ``masks``.

    Source: eq. 6, ``sum_i S_i M_i / (N p)``. ``N p`` is what the masks sum to at a pixel on average, so the map is
    unbiased; a pixel that was shown more often than that gets more of the mean score, which is most of the noise.
    ``centre`` gives ``sum_i (S_i - mean S) (M_i - p) / (N p (1 - p))``: on average the published map less the mean
    score, over ``1 - p``.

    Misleads:
        * Unless centred, a value is the mean score when the pixel is shown, and starts from the score of a half-hidden
          picture: only differences within a map speak (Petsiuk et al. 2018, arXiv:1806.07421).
        * With few masks noise looks like structure; 4000 to 8000 were published, and the diagnostic standard_error
          tells what is left at fewer (Petsiuk et al. 2018, arXiv:1806.07421).
        * Masks are smooth grids of 7 cells: what is smaller than a cell is blurred, and another number of cells gives
          another map (Petsiuk et al. 2018, arXiv:1806.07421).
        * Half-hidden pictures are unlike those the network was trained on; part of a lost score may come from that
          alone (on hidden pixels: Hooker et al. 2019, arXiv:1806.10758).
    """
    share, maps, errors = evidence.share, [], []
    for masks, measured in zip(evidence.masks, evidence.outcomes.scores(evidence.targets, output), strict=True):
        count = len(masks)
        scores, level, scale = measured[:count], 0.0, share
        if centre:
            scores, level, scale = scores - scores.mean(), share, share * (1 - share)
        # the mean over masks of X = scores (M - level) / scale, and of its square
        squares = scores.square()
        (first, weighted), (second,) = masks.sums(torch.stack([scores, squares]), squares[None])
        mean = (first - level * scores.sum()) / (count * scale)
        square = (second - 2 * level * weighted + level**2 * squares.sum()) / (count * scale**2)
        error = ((square - mean.square()).clamp_min(0) / (count - 1)).sqrt()
        maps.append(mean)
        errors.append(error.mean() / (mean.amax() - mean.amin()))
    found = torch.stack(maps)
    return found.float(), {
        "standard_error": torch.stack(errors),
        "masks": torch.full_like(errors[0], len(evidence.masks[0])).expand(len(maps)),
    }
