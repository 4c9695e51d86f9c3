"""What is measured on a classifier for a batch: expensive, gathered once, shared by all methods that read it."""

from .ablations import AblationOutcomes
from .activation_masks import ActivationMaskOutcomes
from .attention import AttentionEvidence, AttentionGradients
from .base import Evidence, EvidenceSettings
from .coalitions import ShapleyOutcomes
from .features import FeatureEvidence
from .fills import Fill, make_fill
from .gathering import Gathering
from .gradients import InputGradients, NoisyGradients, PathGradients
from .neighbourhood import NeighbourhoodOutcomes
from .random_masks import RandomMaskOutcomes
from .shapley import shapley_values
from .targets import Targets, check_policy, resolve_targets
from .windows import WindowOutcomes

__all__ = [
    "AblationOutcomes",
    "ActivationMaskOutcomes",
    "AttentionEvidence",
    "AttentionGradients",
    "Evidence",
    "EvidenceSettings",
    "FeatureEvidence",
    "Fill",
    "Gathering",
    "InputGradients",
    "NeighbourhoodOutcomes",
    "NoisyGradients",
    "PathGradients",
    "RandomMaskOutcomes",
    "ShapleyOutcomes",
    "Targets",
    "WindowOutcomes",
    "check_policy",
    "make_fill",
    "resolve_targets",
    "shapley_values",
]
