"""One image on one classifier: what was measured of it serves all trials; timing measures all of it anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...core.devices import is_out_of_memory
from ...core.errors import CrosslightError, ImageError, InputError
from ...core.maps import Maps, judge
from ...evidence import Gathering
from ...images import SegmentSettings, make_batch, map_labels
from ...images.superpixels import superpixels, superpixels_of
from ...methods import attribute

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydantic import BaseModel

    from ...core.targets import TargetPolicy
    from ...images import ImageSet
    from ...methods import MethodSpec
    from ...models import Classifier

#: kinds of evidence, with their settings, that are kept of an image; what was asked of the network is kept of more
KEPT = 8


@dataclass(frozen=True)
class Explained:
    """One map, with the means to judge it.

    Attributes:
        maps: of one image, raw.
        gathering: classifier and image.
        spec: the method.
        settings: of the method.
        policy: which class is explained.
        evaluations: passes that the map takes on its own, the one that predicts among them.
        seconds: what it has taken of the processor; NaN where evidence was shared.
    """

    maps: Maps
    gathering: Gathering
    spec: MethodSpec
    settings: BaseModel
    policy: TargetPolicy
    evaluations: float
    seconds: float = float("nan")


class Case:
    """One image on one classifier.

    Args:
        classifier: on its device.
        picture: upright.
        identity: of the image.
        name: of its file.
        label: index of its label among the classifier's classes, or None.
        policy: which class is explained.
        seed: of noise.
        batch_size: variants at once.
    """

    def __init__(
        self,
        classifier: Classifier,
        picture: Image,
        identity: str,
        name: str,
        label: int | None,
        policy: TargetPolicy,
        seed: int,
        batch_size: int,
    ):
        self.classifier, self.picture, self.identity, self.name = classifier, picture, identity, name
        self.policy, self.seed, self.batch_size = policy, seed, batch_size
        self.batch = make_batch([picture], classifier.preprocess, [identity], [label])
        self._shared: Gathering | None = None
        self._asked = 0

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the upright picture."""
        return self.picture.height, self.picture.width

    def _new(self) -> Gathering:
        return Gathering(
            self.classifier, self.batch, batch_size=self.batch_size, seed=self.seed, policies=[self.policy]
        )

    def shared(self) -> Gathering:
        """What was measured so far; outcomes of the network stay, what was made of them goes after a while."""
        if self._shared is None:
            self._shared = self._new()
        elif self._asked >= KEPT:
            self._shared, self._asked = self._shared.rows([0]), 0
        self._asked += 1
        return self._shared

    def let_go(self) -> None:
        """Forget what was measured."""
        self._shared = None

    def explain(self, spec: MethodSpec, settings: BaseModel) -> Explained:
        """A map from evidence that is shared with earlier ones.

        Raises:
            ImageError: the settings do not suit the image, or there is no class to explain.
        """
        return self._explained(self.shared(), spec, settings)

    def explain_anew(self, spec: MethodSpec, settings: BaseModel) -> Explained:
        """A map that shares nothing, with its seconds: of the processor, or by the clock on other devices.

        Superpixels and prediction are part of them, reading and preparing the picture is not.
        """
        clock = time.process_time if self.classifier.device.type == "cpu" else time.perf_counter
        wanted, spent = spec.evidence_settings(settings), 0.0
        if isinstance(wanted, SegmentSettings):
            # Superpixels of a picture are remembered everywhere, so they are made once more for their time alone.
            start = clock()
            superpixels(self.picture, wanted)
            spent = clock() - start
            superpixels_of(self.batch, 0, wanted)
        gathering = self._new()
        start = clock()
        found = self._explained(gathering, spec, settings)
        return Explained(found.maps, gathering, spec, settings, self.policy, found.evaluations, clock() - start + spent)

    def _explained(self, gathering: Gathering, spec: MethodSpec, settings: BaseModel) -> Explained:
        targets = gathering.targets(self.policy)
        if not bool(targets.valid[0]):
            raise ImageError(f"the target {str(self.policy)!r} is no class for this picture")
        found = attribute(gathering, spec, settings, self.policy)
        values = found.maps.float().cpu().numpy()
        diagnostics = {name: one.cpu().double().numpy() for name, one in found.diagnostics.items()}
        evaluations = (
            float(diagnostics["evaluations"][0])
            if "evaluations" in diagnostics
            else spec.evaluations(settings, self.classifier) + (not spec.reads.gives_logits)
        )
        maps = Maps(
            values=values,
            boxes=np.array([box.as_tuple() for box in self.batch.boxes]),
            status=judge(values),
            targets=np.array([[int(targets.classes[0]), int(targets.against[0])]], np.int32),
            images=(self.identity,),
            diagnostics=diagnostics,
            attributes={"finish": spec.finish, "method": spec.name, "model": self.classifier.label},
        )
        return Explained(maps, gathering, spec, settings, self.policy, evaluations)


#: the cases of one image: one for each classifier
Unit = tuple[Case, ...]


def make_units(
    classifiers: Sequence[Classifier],
    images: ImageSet,
    policy: TargetPolicy,
    seed: int,
    batch_size: int,
    tell: Callable[[str], None],
) -> list[Unit]:
    """The cases of every image that can be decoded.

    Args:
        classifiers: each on its device.
        images: the pictures.
        policy: which class is explained.
        seed: of noise.
        batch_size: variants at once.
        tell: told of pictures that are left out.

    Raises:
        InputError: none can be decoded.
    """
    labels = [
        map_labels(images, one.classes).indices if one.classes is not None else [None] * len(images)
        for one in classifiers
    ]
    units: list[Unit] = []
    for row, record in enumerate(images):
        try:
            picture = record.load()
        except ImageError as error:
            tell(f"left out: {record.name}: {error}")
            continue
        units.append(
            tuple(
                Case(one, picture, record.identity, record.name, own[row], policy, seed, batch_size)
                for one, own in zip(classifiers, labels, strict=True)
            )
        )
    if not units:
        raise InputError("none of the images can be decoded")
    return units


def reason_of(error: Exception) -> str:
    """Why a map could not be made, in one line.

    Raises:
        Exception: the error itself, where memory has run out, which says nothing of the settings.
    """
    if is_out_of_memory(error):
        raise error
    text = " ".join(str(error).split())
    return text if isinstance(error, CrosslightError) else f"{type(error).__name__}: {text}"
