"""KernelSHAP."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from ..evidence import ShapleyOutcomes, shapley_values
from ..evidence.outcomes import Output
from .registry import method


@method(
    "kernel-shap", reads=ShapleyOutcomes, reference="Lundberg and Lee 2017, arXiv:1705.07874",
    channels="hidden together", diagnostics=["standard_error", "evaluations", "superpixels"],
    tolerance="standard_error",
)  # fmt: skip
def kernel_shap(
    evidence: ShapleyOutcomes,
    *,
    output: Annotated[Output, Field(description="what is measured: the explained logit, or its probability")] = "logit",
    interactions: Annotated[
        bool,
        Field(
            description="model interactions of superpixels, so that fewer samples do; false: least squares alone, as "
            "published"
        ),
    ] = True,
    quantity: Annotated[
        Literal["value", "standard-error"],
        Field(description="what the map shows of each superpixel: its value, or how far that is typically off"),
    ] = "value",
) -> tuple[Tensor, dict[str, Tensor]]:
    """Shapley values of superpixels: what each adds to the score, on average over the orders in which they are shown.

    Every pixel of a superpixel shows its value, which is not divided by its area. The values of an image's superpixels
    sum to its score less that of the image with all of them hidden. Pixels of no superpixel are 0.
    The standard error of each superpixel's value is a map of its own (``quantity``), which costs nothing further.

    Diagnostics: ``standard_error``, the largest of an image's superpixels as a share of its largest value (without
    sign); 0 where all coalitions were measured, infinite where they are too few to tell. ``evaluations``, the untouched
    and the hidden image among them. ``superpixels`` that the classifier sees any of.

    Source: eq. 8 and theorem 2. Deviations: the sum is a constraint instead of an infinite weight; coalitions come in
    complementary pairs, evenly over sizes and superpixels, with weights that make up for that; regressed is what a
    model of interactions leaves of the scores, whose own Shapley values are added (see `shapley_values`).

    Misleads:
        * Superpixels are hidden as if they came independently, so most of a value rests on patchworks that never occur
          (Aas et al. 2021, arXiv:1903.10464).
        * What hides a superpixel is a baseline: where the picture is like the fill nothing changes, and another fill
          gives other values (Covert, Lundberg and Lee 2021, arXiv:2011.14878).
        * It averages over all orders of showing parts; what would happen if this part alone were changed is another
          question (Kumar et al. 2020, arXiv:2002.11097).
        * A classifier can be made to behave differently on patchworks than on photographs, and values follow the
          patchworks (Slack et al. 2020, arXiv:1911.02508).
    """
    maps, errors, counts = [], [], []
    for row, (scores, full, empty) in enumerate(evidence.scores(output)):
        design, players = evidence.designs[row], evidence.players[row]
        found, error = map(
            torch.from_numpy,
            shapley_values(design, scores, full, empty, players=players, interactions=interactions),
        )
        # The last value is for pixels of no superpixel: index -1 finds it.
        values = found.new_zeros(design.players + 1)
        values[torch.from_numpy(players)] = found if quantity == "value" else error
        maps.append(values[evidence.labels[row].cpu()])
        errors.append(error.amax() / found.abs().amax())
        counts.append((len(design) + 2, len(players)))
    evaluations, superpixels = torch.tensor(counts, dtype=torch.float64).T
    return torch.stack(maps), {
        "standard_error": torch.stack(errors),
        "evaluations": evaluations,
        "superpixels": superpixels,
    }
