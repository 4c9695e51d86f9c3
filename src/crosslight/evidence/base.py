"""What every kind of evidence has: settings, a way to gather it, and a price."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier
    from ..models.taps import Site
    from .gathering import Gathering


class EvidenceSettings(BaseModel):
    """Settings of one kind of evidence. Every method that reads it has them beside its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Evidence(ABC):
    """What was measured on a classifier for a batch."""

    #: the settings this kind of evidence has
    Settings: ClassVar[type[EvidenceSettings]] = EvidenceSettings
    #: whether gathering it yields the logits of the untouched images on the way
    gives_logits: ClassVar[bool] = True
    #: whether several targets share its passes
    shared_by_targets: ClassVar[bool] = False
    #: settings that make it quick to gather, for tests to which its closeness does not matter
    quick: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    #: what a classifier must have, and which ones have it; empty where every classifier will do
    needs: ClassVar[str] = ""
    #: the setting that says how much is measured; empty where more of the same would change nothing
    budget: ClassVar[str] = ""
    #: whether a measurement with a larger budget goes on from one with a smaller, in the same gathering
    nested: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """Measure it for the batch of `gathering`.

        Args:
            gathering: the classifier, the batch, and what was measured on them before.
            policy: which class is explained.
            settings: an instance of this class's `Settings`.
        """

    @classmethod
    @abstractmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """How many passes (forward, or forward and backward) it takes per image.

        Args:
            settings: an instance of this class's `Settings`.
            classifier: what will be measured. Without it, a kind whose number of passes depends on the network
                tells the least it takes on any.
        """

    @classmethod
    def resolution(cls, classifier: Classifier, settings: EvidenceSettings) -> tuple[int, int]:
        """Height and width of the maps that methods make of it: the input's own unless a kind says otherwise."""
        return classifier.preprocess.size

    @classmethod
    def check(cls, classifier: Classifier, settings: EvidenceSettings) -> None:
        """Whether it can be measured on a classifier at all; asked before any work.

        Raises:
            ModelError: the classifier lacks what is needed, with the reason.
        """
        cls.read_at(classifier, settings)

    @classmethod
    def read_at(cls, classifier: Classifier, settings: EvidenceSettings) -> Site | None:
        """The place in the network it is read at, if there is one; it enters the digest of the maps."""
        return None

    @classmethod
    def extend(cls, settings: EvidenceSettings) -> EvidenceSettings | None:
        """Settings with twice the budget; None where there is no budget, or it may not be that large."""
        if not cls.budget:
            return None
        try:
            return type(settings)(**{**settings.model_dump(), cls.budget: 2 * getattr(settings, cls.budget)})
        except ValidationError:
            return None
