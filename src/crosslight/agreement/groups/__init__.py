"""Do groups of models differ: exact permutation tests, what confounds them, and what they could have found."""

from __future__ import annotations

from ...core.correction import benjamini_hochberg, holm
from .anosim import anosim
from .image_noise import image_share
from .labelings import Labelings, labelings
from .leave_one_out import LeaveOneOut, Without, leave_one_out
from .mantel import mantel
from .mrm import Coefficient, Regression, mrm
from .permanova import Permanova, permanova
from .permdisp import Permdisp, permdisp
from .power import Power, Scatter, power, scatter
from .question import Answer, Confounder, family_question
from .results import PermutationTest
from .words import Findings, Verdict, sentence, verdict

__all__ = [
    "Answer",
    "Coefficient",
    "Confounder",
    "Findings",
    "Labelings",
    "LeaveOneOut",
    "Permanova",
    "Permdisp",
    "PermutationTest",
    "Power",
    "Regression",
    "Scatter",
    "Verdict",
    "Without",
    "anosim",
    "benjamini_hochberg",
    "family_question",
    "holm",
    "image_share",
    "labelings",
    "leave_one_out",
    "mantel",
    "mrm",
    "permanova",
    "permdisp",
    "power",
    "scatter",
    "sentence",
    "verdict",
]
