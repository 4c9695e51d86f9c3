"""What stands where pixels are removed."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import AfterValidator
from torch import Tensor

from ...core.seeds import seed_for
from ...evidence.fills import make_fill
from ...evidence.masking import check_whole_fill
from .subject import Subject


def check_probe_fill(fill: str) -> str:
    """A fill in its one valid spelling: what `evidence.fills.check_fill` knows without superpixels, or ``noise``.

    Raises:
        ValueError: it is none.
    """
    text = fill.strip().lower()
    return text if text == "noise" else check_whole_fill(text)


#: The type of a setting that names what stands where pixels are removed.
ProbeFill = Annotated[str, AfterValidator(check_probe_fill)]


def fillings(subject: Subject, fill: str) -> list[Tensor]:
    """What every pixel would be if it were removed, made once for each image.

    Args:
        subject: whose images.
        fill: see `check_probe_fill`; ``noise`` is Gaussian around the mean colour of the classifier's training images,
            with their standard deviation, as its preprocessing has them.

    Returns:
        For each map ``[c, h, w]``, normalised; not to be written into.
    """
    keys = [("fill", fill, subject.seed if fill == "noise" else 0, identity) for identity in subject.identities]
    missing = {key: row for row, key in enumerate(keys) if key not in subject.memory}
    if missing:
        rows = list(missing.values())
        made = _noise(subject, rows) if fill == "noise" else _made(subject, rows, fill)
        subject.memory.update(zip(missing, made.unbind(), strict=True))
    return [subject.memory[key] for key in keys]


def _made(subject: Subject, rows: list[int], fill: str) -> Tensor:
    preprocess = subject.gathering.batch.preprocess or subject.gathering.classifier.preprocess
    return make_fill(subject.inputs[rows], None, fill, preprocess)


def _noise(subject: Subject, rows: list[int]) -> Tensor:
    inputs = subject.inputs
    made = []
    for row in rows:
        chance = torch.Generator().manual_seed(seed_for(subject.seed, subject.identities[row], "noise fill"))
        made.append(torch.randn(inputs.shape[1:], generator=chance))
    return torch.stack(made).to(inputs.dtype).to(inputs.device)
