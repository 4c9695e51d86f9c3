"""Occlusion."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ..evidence import WindowOutcomes
from ..evidence.outcomes import Output, score_of
from .registry import method


@method(
    "occlusion", reads=WindowOutcomes, reference="Zeiler and Fergus 2014, arXiv:1311.2901",
    channels="hidden together",
)  # fmt: skip
def occlusion(
    evidence: WindowOutcomes,
    *,
    output: Annotated[Output, Field(description="what drops: the explained logit, or its probability")] = "logit",
) -> Tensor:
    """By how much the score drops, on average, when a window that covers the pixel is hidden.

    Source: section 4.2, where a grey square slides over the image. As in captum's ``Occlusion``, a pixel gets the mean
    over the windows that cover it, here weighted by the share of it that they cover; 0 where the input shows nothing of
    the picture. Deviations: windows are shares of the picture and not of the input; drops and not scores are shown.

    Misleads:
        * Where either of two causes is enough, hiding one changes nothing, and both can get 0 (Shrikumar et al. 2017,
          arXiv:1704.02685).
        * The window's size decides what can be found: what is hidden together gets one drop, and another size gives
          another map (Ancona et al. 2018, arXiv:1711.06104).
        * The fill is seen, too: a grey square brings edges of its own, and its drop is partly the network's answer to
          them (Fong and Vedaldi 2017, arXiv:1704.03296).
    """
    start = score_of(evidence.logits, evidence.targets, output)
    maps = []
    for image, scores in enumerate(evidence.outcomes.scores(evidence.targets, output)):
        rows, columns = (part[image].to(scores.device) for part in (evidence.rows, evidence.columns))
        drops = (start[image] - scores).reshape(len(rows), len(columns))
        covered = torch.outer(rows.sum(dim=0), columns.sum(dim=0))
        maps.append(rows.T @ drops @ columns / covered.clamp_min(torch.finfo(covered.dtype).tiny))
    return torch.stack(maps).to(evidence.logits.dtype)
