"""Everything measured on one classifier for one batch, each thing once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import torch
from torch import Tensor

from ..models.taps import Captured, capture
from .outcomes import Outcomes, Run, Write, joined, measure
from .targets import Targets, resolve_targets

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..images.batch import Batch
    from ..models.classifier import Classifier, Features
    from ..models.taps import Site
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
        policies: every target that will be asked for, as far as that is known: outcomes of masked images are
            then kept for all of them, and measured once.
        advance: told of passes as they are made, in images.
        checkpoint: called before every pass, tails included. What it raises stops the work there; `explain_block` goes
            on with the next method after an `Exception`, so that to stop all it must be no `Exception`.
    """

    def __init__(
        self,
        classifier: Classifier,
        batch: Batch,
        *,
        batch_size: int = 8,
        seed: int = 0,
        references: Mapping[str, Sequence[int | None]] | None = None,
        policies: Iterable[TargetPolicy] = (),
        advance: Callable[[int], None] = lambda passes: None,
        checkpoint: Callable[[], None] = lambda: None,
    ):
        self.classifier = classifier
        self.batch = batch.to(classifier.device)
        self.batch_size = batch_size
        self.seed = seed
        self._references = references
        self._logits: Tensor | None = None
        self._captured: dict[str, list[tuple[Captured, Tensor]]] = {}
        self._features: dict[str, list[Features]] = {}
        self._evidence: dict[tuple[type, EvidenceSettings, TargetPolicy], Evidence] = {}
        self._targets: dict[TargetPolicy, Targets] = {}
        self._policies = dict.fromkeys(policies)
        self._outcomes: dict[Hashable, Outcomes] = {}
        self._advance = advance
        self.checkpoint = checkpoint
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
        parts = []
        for part in inputs.split(self.batch_size):
            self.checkpoint()
            parts.append(self.classifier.logits(part))
            self._passed(len(part))
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _passed(self, images: int) -> None:
        self.evaluations += images
        self._advance(images)

    def targets(self, policy: TargetPolicy) -> Targets:
        """The classes explained under a policy."""
        if policy not in self._targets:
            self._targets[policy] = resolve_targets(
                policy,
                self.logits,
                labels=self.batch.labels,
                references=self._references,
                classes=self.classifier.classes,
                multi_label=self.classifier.multi_label,
            )
        return self._targets[policy]

    def offer_targets(self, policy: TargetPolicy, targets: Targets) -> None:
        """Keep the classes that a policy comes to, if it has not been asked for yet, whatever the logits say."""
        self._targets.setdefault(policy, targets)

    def capture(self, site: Site) -> list[tuple[Captured, Tensor]]:
        """One forward pass that keeps the graph from a site on.

        Returns:
            What was captured there and the logits that depend on it, for one batch after the other.
        """
        if site.name not in self._captured:
            parts = []
            with self.classifier.evaluating() as network, torch.no_grad():
                for inputs in self.inputs.split(self.batch_size):
                    with capture(network, site) as captured:
                        parts.append((captured, self.forward(inputs)))
            self.offer_logits(torch.cat([logits for _, logits in parts]))
            self._captured[site.name] = parts
        return self._captured[site.name]

    def features(self, site: Site) -> list[Features]:
        """Features at a site with the tails that lead from them to the logits, of one batch after the other."""
        if site.name not in self._features:
            parts = []
            for inputs in self.inputs.split(self.batch_size):
                self.checkpoint()
                parts.append(self.classifier.features_at(inputs, site))
                self._passed(len(inputs))
            self.offer_logits(torch.cat([part.logits for part in parts]))
            self._features[site.name] = parts
        return self._features[site.name]

    def outcomes(self, key: Hashable, counts: Sequence[int], write: Write, policy: TargetPolicy) -> Outcomes:
        """What the network says of variants of each image; those known from before are not run again.

        Args:
            key: what the variants depend on, apart from the image. The same key must always mean the same
                sequence of variants, of which `counts` takes the first ones.
            counts: how many variants of each image are wanted.
            write: makes them.
            policy: which class is explained.

        Returns:
            At least as many variants of each image as wanted: the first are what they are under every count.
        """
        return self.measured(key, counts, partial(measure, self, write=write), policy)

    def measured(self, key: Hashable, counts: Sequence[int], run: Run, policy: TargetPolicy) -> Outcomes:
        """As `outcomes`, of variants that are not made of inputs.

        Args:
            key: as for `outcomes`.
            counts: as for `outcomes`.
            run: measures them.
            policy: which class is explained.
        """
        self._policies[policy] = None
        classes = self._explained()
        known = self._outcomes.get(key)
        if known is not None and known.has(classes):
            wanted = [range(had, max(had, count)) for had, count in zip(known.counts(), counts, strict=True)]
            if any(wanted):
                with self.classifier.evaluating():
                    self._outcomes[key] = joined(known, run(known.classes, wanted))
        else:
            with self.classifier.evaluating():
                self._outcomes[key] = run(classes, [range(count) for count in counts])
        return self._outcomes[key]

    def _explained(self) -> list[Tensor]:
        """For each image, the classes that any target asks for."""
        asked = [part for policy in self._policies for t in (self.targets(policy),) for part in (t.classes, t.against)]
        return [row[row >= 0].unique() for row in torch.stack(asked, dim=1)]

    def get(self, kind: type[E], settings: EvidenceSettings, policy: TargetPolicy) -> E:
        """Evidence of a kind: gathered now, or remembered."""
        key = (kind, settings, policy)
        if key not in self._evidence:
            with self.classifier.evaluating():
                self._evidence[key] = kind.gather(self, policy, settings)
        return cast(E, self._evidence[key])

    def rows(self, rows: Sequence[int]) -> Gathering:
        """A gathering of some of the images: the same classes, the same outcomes, nothing else measured yet."""
        part = Gathering(
            self.classifier,
            self.batch.take(rows),
            batch_size=self.batch_size,
            seed=self.seed,
            references={name: [tops[row] for row in rows] for name, tops in (self._references or {}).items()},
            policies=self._policies,
            advance=self._advance,
            checkpoint=self.checkpoint,
        )
        part.offer_logits(self.logits[list(rows)])
        for policy, targets in self._targets.items():
            part.offer_targets(policy, targets[torch.tensor(list(rows), device=targets.classes.device)])
        part._outcomes = {key: known.take(rows) for key, known in self._outcomes.items()}
        return part

    def anew(self, *, inputs: Tensor | None = None, classifier: Classifier | None = None) -> Gathering:
        """A gathering of the same pictures with other inputs, or on another classifier; nothing is measured yet.

        Superpixels, windows and noise stay those of the pictures: they depend on the picture and its identity alone.

        Args:
            inputs: ``[b, c, h, w]``, normalised.
            classifier: takes inputs as this one does.
        """
        return Gathering(
            classifier or self.classifier,
            self.batch if inputs is None else replace(self.batch, inputs=inputs),
            batch_size=self.batch_size,
            seed=self.seed,
            references=self._references,
            advance=self._advance,
            checkpoint=self.checkpoint,
        )
