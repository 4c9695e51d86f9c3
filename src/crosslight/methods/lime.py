"""LIME."""

from typing import Annotated

import numpy as np
import torch
from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from torch import Tensor

from ..evidence import NeighbourhoodOutcomes
from ..evidence.local_models import (
    Distance,
    Regressor,
    Selection,
    distances,
    effective_samples,
    kernel_weights,
    local_model,
)
from ..evidence.outcomes import Output
from .lime_parameters import lime_parameters
from .registry import method


def _penalised(alpha: float | None, info: ValidationInfo) -> float | None:
    if alpha is not None and info.data.get("model_regressor") == "linear":
        raise PydanticCustomError("unread_setting", "must be left out with model_regressor 'linear', which has none")
    return alpha


@method(
    "lime", reads=NeighbourhoodOutcomes, reference="Ribeiro et al. 2016, arXiv:1602.04938", channels="hidden together",
    diagnostics=["standard_error", "score", "effective_samples", "evaluations", "superpixels"],
    tolerance="standard_error", parameters=lime_parameters,
)  # fmt: skip
def lime(
    evidence: NeighbourhoodOutcomes,
    *,
    num_features: Annotated[
        int, Field(ge=1, description="superpixels that the model may use at most; the others are 0 in the map")
    ] = 100_000,
    feature_selection: Annotated[
        Selection,
        Field(
            description="how they are chosen: forward_selection (the next that explains most), highest_weights (in a "
            "model of all), lasso_path, none (all of them), or auto (forward_selection up to 6, else highest_weights)"
        ),
    ] = "auto",
    distance_metric: Annotated[
        Distance, Field(description="how far a sample is from the untouched image, as scikit-learn calls it")
    ] = "cosine",
    kernel_width: Annotated[
        float, Field(gt=0, description="the distance at which a sample weighs exp(-1/2) = 0.61; the untouched image 1")
    ] = 0.25,
    model_regressor: Annotated[
        Regressor, Field(description="the local model: ridge (lime's own), lasso, or linear (least squares)")
    ] = "ridge",
    alpha: Annotated[
        float | None,
        Field(ge=0, description="penalty of ridge (by default 1, as in lime) or of lasso (by default 0.01)"),
        AfterValidator(_penalised),
    ] = None,
    output: Annotated[
        Output, Field(description="what is modelled: the explained probability (as published), or the logit")
    ] = "probability",
) -> tuple[Tensor, dict[str, Tensor]]:
    """Coefficients of a linear model that predicts the score from which superpixels are shown, close to the image.

    Every pixel of a superpixel shows its coefficient. Pixels of a superpixel that the model does not use, and of none,
    are 0.

    Diagnostics: ``standard_error``, the largest of an image's superpixels as a share of its largest coefficient
    (without sign), given which superpixels were chosen; infinite where samples are too few to tell. ``score``, the
    model's weighted R^2. ``effective_samples``, how many samples of equal weight say as much as those that were
    measured. ``evaluations``, the untouched image among them. ``superpixels`` that the classifier sees any of.

    Source: section 3.4 in the authors' ``lime`` package, whose names the settings have. Deviations: pictures are cut up
    by slic unless asked otherwise, mean colours are not cut down to whole levels, and a sample that repeats another is
    not measured again; ``score`` is NaN where all scores are the same.

    Misleads:
        * Samples are drawn at random: another seed gives another map where they are few; the diagnostic standard_error
          tells by how much (Zafar and Khan 2019, arXiv:1906.10263).
        * The superpixels decide what can be found: other ways of cutting up the picture mark other parts as relevant
          (Schallner et al. 2019, arXiv:1910.07856).
        * The model is a sum: where superpixels matter together it fits badly, and its coefficients say little; the
          diagnostic score is its fit (on fidelity: Ribeiro et al. 2016, arXiv:1602.04938).
        * It asks about patchworks that are no photographs; a classifier can be made to behave there as it does nowhere
          else (Slack et al. 2020, arXiv:1911.02508).
    """
    maps, measured = [], []
    for row, scores in enumerate(evidence.scores(output)):
        samples, players = evidence.samples[row], evidence.players[row]
        weights = kernel_weights(distances(samples, distance_metric), kernel_width) * evidence.importance[row]
        found = local_model(
            samples,
            scores,
            weights,
            num_features=num_features,
            feature_selection=feature_selection,
            regressor=model_regressor,
            penalty=alpha,
        )
        # The last value is for pixels of no superpixel: index -1 finds it.
        values = np.zeros(players.max(initial=-1) + 2)
        values[players] = found.coefficients
        maps.append(torch.from_numpy(values)[evidence.labels[row].cpu()])
        largest = np.abs(found.coefficients).max(initial=0)
        error = 0.0 if evidence.exhaustive[row] else found.errors.max(initial=0)
        measured.append(
            [
                error / largest if largest > 0 else np.nan,
                found.score,
                effective_samples(weights),
                evidence.evaluations_made[row],
                len(players),
            ]
        )
    names = ("standard_error", "score", "effective_samples", "evaluations", "superpixels")
    return torch.stack(maps), dict(zip(names, torch.tensor(measured, dtype=torch.float64).T, strict=True))
