"""What is measured on a classifier for a batch: expensive, gathered once, shared by all methods that read it."""

from .base import Evidence, EvidenceSettings
from .features import FeatureEvidence
from .gathering import Gathering
from .gradients import InputGradients, NoisyGradients, PathGradients
from .targets import Targets, check_policy, resolve_targets

__all__ = [
    "Evidence",
    "EvidenceSettings",
    "FeatureEvidence",
    "Gathering",
    "InputGradients",
    "NoisyGradients",
    "PathGradients",
    "Targets",
    "check_policy",
    "resolve_targets",
]
