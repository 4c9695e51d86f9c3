"""Everything measured on one classifier for one batch, each thing once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

import torch
from torch import Tensor

from ..models.taps import Captured, capture
from .targets import Targets, resolve_targets

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..images.batch import Batch
    from ..models.classifier import Classifier
    from .base import Evidence, EvidenceSettings

E = TypeVar("E", bound="Evidence")


class Gathering:
    """Measurements of one classifier on one batch, each made once and shared by the methods that read it.

    Methods that read the same evidence with the same settings and target share it; Grad-CAMs for several
    targets share the forward pass. The logits come from the first pass that yields them, and every later
    target is taken from those, so that all methods explain the same class.

    Args:
        classifier: what is measured.
        batch: prepared by the classifier's own preprocessing.
        batch_size: the most images that go through the network at once. Results depend on it only in
            the last digits.
        seed: of the study; noise depends on it and on each image's identity.
        references: top-1 classes of other models, for ``model:NAME`` targets.
    """

    def __init__(
        self,
        classifier: Classifier,
        batch: Batch,
        *,
        batch_size: int = 8,
        seed: int = 0,
        references: Mapping[str, Sequence[int | None]] | None = None,
    ):
        self.classifier = classifier
        self.batch = batch.to(classifier.device)
        self.batch_size = batch_size
        self.seed = seed
        self._references = references
        self._logits: Tensor | None = None
        self._captured: dict[str, list[tuple[Captured, Tensor]]] = {}
        self._evidence: dict[tuple[type, EvidenceSettings, TargetPolicy], Evidence] = {}
        self._targets: dict[TargetPolicy, Targets] = {}
        self.evaluations = 0  # passes of one image so far, tails and backward passes not counted

    @property
    def inputs(self) -> Tensor:
        """Normalised inputs ``[b, c, h, w]`` on the classifier's device."""
        return self.batch.inputs

    @property
    def logits(self) -> Tensor:
        """Logits ``[b, k]`` of the untouched images; one forward pass unless a pass has yielded them already."""
        if self._logits is None:
            with torch.no_grad():
                self.offer_logits(self.forward(self.inputs))
        return cast(Tensor, self._logits)

    @property
    def predicted(self) -> bool:
        """Whether a pass has yielded the logits already."""
        return self._logits is not None

    def offer_logits(self, logits: Tensor) -> None:
        """Keep the logits of the untouched images, if none are there yet."""
        if self._logits is None:
            self._logits = logits.detach()

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of any inputs ``[n, c, h, w]``, counted as evaluations; no larger batch than allowed."""
        self.evaluations += len(inputs)
        if len(inputs) <= self.batch_size:
            return self.classifier.logits(inputs)
        return torch.cat([self.classifier.logits(part) for part in inputs.split(self.batch_size)])

    def targets(self, policy: TargetPolicy) -> Targets:
        """The classes explained under a policy."""
        if policy not in self._targets:
            self._targets[policy] = resolve_targets(
                policy,
                self.logits,
                labels=self.batch.labels,
                references=self._references,
                classes=self.classifier.classes,
            )
        return self._targets[policy]

    def capture(self, depth: float) -> list[tuple[Captured, Tensor]]:
        """One forward pass that keeps the graph from the site at `depth` on.

        Returns:
            What was captured there and the logits that depend on it, for one batch after the other.
        """
        site = self.classifier.site(depth)
        if site.name not in self._captured:
            parts = []
            with self.classifier.evaluating() as network, torch.no_grad():
                for inputs in self.inputs.split(self.batch_size):
                    with capture(network, site) as captured:
                        parts.append((captured, self.forward(inputs)))
            self.offer_logits(torch.cat([logits for _, logits in parts]))
            self._captured[site.name] = parts
        return self._captured[site.name]

    def get(self, kind: type[E], settings: EvidenceSettings, policy: TargetPolicy) -> E:
        """Evidence of a kind: gathered now, or remembered."""
        key = (kind, settings, policy)
        if key not in self._evidence:
            with self.classifier.evaluating():
                self._evidence[key] = kind.gather(self, policy, settings)
        return cast(E, self._evidence[key])

    def rows(self, rows: Sequence[int]) -> Gathering:
        """A gathering of some of the images, which explains the same classes and has measured nothing else yet."""
        part = Gathering(
            self.classifier,
            self.batch.take(rows),
            batch_size=self.batch_size,
            seed=self.seed,
            references={name: [tops[row] for row in rows] for name, tops in (self._references or {}).items()},
        )
        part.offer_logits(self.logits[list(rows)])
        return part
