"""Infidelity: whether a map foretells how much the output falls where the input is changed."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from ...core.errors import InputError
from ...core.seeds import seed_for
from ...evidence.fills import Fill, make_fill
from ...evidence.outcomes import Output
from .metric import probe_metric
from .subject import Subject


@probe_metric("infidelity", group="faithfulness", better="lower", reference="Yeh et al. 2019, arXiv:1901.09392")
def infidelity(
    subject: Subject,
    *,
    kind: Literal["patches", "noise"] = "patches",
    size: Annotated[int, Field(ge=1)] = 16,
    fill: Fill = "black",
    cumulative: bool = False,
    samples: Annotated[int, Field(ge=1)] = 50,
    sigma: Annotated[float, Field(gt=0)] = 0.2,
    units: Literal["contribution", "slope"] = "contribution",
    scaled: bool = True,
    output: Output = "logit",
) -> Tensor:
    """The mean squared error of a map as a forecast of how much the output falls under changes of the input.

    Args:
        subject: the maps.
        kind: ``patches`` replaces each square of a grid by `fill`; ``noise`` subtracts Gaussian noise from all pixels.
        size: side of the squares in pixels of the input; those at the right and lower edge may be smaller.
        fill: what replaces a square, see `evidence.fills.check_fill`.
        cumulative: squares stay replaced, row by row from the top left, as in Quantus; otherwise one at a time.
        samples: how many times noise is drawn.
        sigma: standard deviation of the noise, in the normalised input.
        units: what a map's numbers are. ``contribution``: what its pixel adds to the output, so that the forecast of a
            square is the sum of the map over it (Integrated Gradients, LIME, SHAP, Grad-CAM). ``slope``: what the
            output gains per unit of the input, in all channels alike, so that the forecast is the sum of map times
            change (Saliency; the paper's and Quantus' reading).
        scaled: multiply every map by the number that makes its forecast best, as maps of most methods have no unit.
        output: what is forecast.

    Returns:
        float64 ``[b]`` in squared units of the output, 0 or more.

    Raises:
        InputError: noise removes nothing, so that contributions forecast nothing under it.

    Source: Yeh et al. 2019, the definition of infidelity, with its Gaussian noise and its removal of squares.
        Deviations: ``scaled`` is an addition. Quantus' Infidelity is ``cumulative``, ``units="slope"`` and not
        ``scaled``; its black is the least value of the normalised input, here it is black of the picture.

    Cannot tell: a poor map from a fill that the classifier takes for a thing of its own; and of maps of different units
        only the shape, since the scale is chosen for them. Values of classifiers with different logits do not compare.
    """
    if kind == "noise":
        if units == "contribution":
            raise InputError("infidelity: noise removes nothing, so a map is read under it with units='slope'")
        falls, forecasts = _noise(subject, samples, sigma, output)
    else:
        falls, forecasts = _patches(subject, size, fill, cumulative, units, output)
    if scaled:
        square = forecasts.square().sum(dim=1, keepdim=True)
        scale = (forecasts * falls).sum(dim=1, keepdim=True) / torch.where(square > 0, square, 1)
        forecasts = scale * forecasts
    return (falls - forecasts).square().mean(dim=1)


def _patches(
    subject: Subject, size: int, fill: str, cumulative: bool, units: str, output: Output
) -> tuple[Tensor, Tensor]:
    """Falls of the output and their forecasts, float64 ``[b, squares]``."""
    inputs, preprocess = subject.inputs, subject.gathering.classifier.preprocess
    if fill == "segment-mean":
        raise InputError("infidelity: squares are no superpixels; choose another fill than segment-mean")
    filled = make_fill(inputs, None, fill, preprocess)
    height, width = inputs.shape[2:]
    squares = [
        (slice(top, min(top + size, height)), slice(left, min(left + size, width)))
        for top in range(0, height, size)
        for left in range(0, width, size)
    ]

    def write(image: int, variants: range, out: Tensor) -> None:
        out.copy_(inputs[image].expand_as(out))
        for row, variant in zip(out, variants, strict=True):
            for down, across in squares[: variant + 1] if cumulative else squares[variant : variant + 1]:
                row[:, down, across] = filled[image, :, down, across]

    found = subject.scores([len(squares)] * len(inputs), write, output)
    parts = subject.maps.to(inputs.device)
    if units == "slope":
        parts = parts * (inputs.double() - filled.double()).sum(dim=1)
    forecasts = torch.stack([parts[:, down, across].sum(dim=(1, 2)) for down, across in squares], dim=1)
    falls = subject.untouched(output)[:, None] - torch.stack(found)
    return falls.cpu(), (forecasts.cumsum(dim=1) if cumulative else forecasts).cpu()


def _noise(subject: Subject, samples: int, sigma: float, output: Output) -> tuple[Tensor, Tensor]:
    """Falls of the output and their forecasts, float64 ``[b, samples]``."""
    inputs, maps = subject.inputs, subject.maps.cpu()
    forecasts = torch.zeros((len(inputs), samples), dtype=torch.float64)

    def write(image: int, variants: range, out: Tensor) -> None:
        for row, variant in zip(out, variants, strict=True):
            seed = seed_for(subject.seed, subject.identities[image], "infidelity", variant)
            noise = sigma * torch.randn(row.shape, generator=torch.Generator().manual_seed(seed))
            torch.sub(inputs[image], noise.to(row), out=row)
            forecasts[image, variant] = (maps[image] * noise.double().sum(dim=0)).sum()

    found = subject.scores([samples] * len(inputs), write, output)
    return (subject.untouched(output)[:, None] - torch.stack(found)).cpu(), forecasts
