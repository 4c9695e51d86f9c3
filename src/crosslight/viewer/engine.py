"""Computing one prediction or one map at a time; what was measured on a photograph is kept for the next map of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..core.devices import is_out_of_memory
from ..core.errors import CrosslightError, ModelError
from ..core.geometry import Preprocess
from ..core.maps import Maps, Status, judge
from ..evidence import Gathering, check_policy
from ..images import Batch, make_batch
from ..methods import METHODS, attribute
from ..study.fit import check_fit
from ..study.spec import MapTask
from .classifiers import Classifiers
from .offered_methods import estimate
from .photos import KEEP_PIXELS, Photo, Photos
from .recent import Recent
from .tiles import encode

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models import Classifier

#: classes listed with a prediction
TOP = 5
#: pairs of classifier and photograph whose measurements are kept
KEEP_GATHERINGS = 8
#: ... and whose logits are
KEEP_LOGITS = 4096


class NoMap(CrosslightError):
    """There is no such map of this photograph: nothing failed."""


@dataclass
class Watch:
    """Whom the engine tells of passes, and asks whether to go on.

    Attributes:
        checkpoint: called before every pass; raises `Cancelled`.
        advance: told of passes.
    """

    checkpoint: Callable[[], None] = lambda: None
    advance: Callable[[int], None] = lambda passes: None


class Engine:
    """Predictions and maps of single photographs. Only one thread may use it.

    Args:
        classifiers: those that are offered.
        photos: those that are kept.
    """

    def __init__(self, classifiers: Classifiers, photos: Photos):
        self.classifiers, self.photos = classifiers, photos
        self.watch = Watch()
        #: most variants of a photograph in one pass: few, so that cancelling is heard soon
        self.batch_size = 4 if classifiers.device.type == "cpu" else 32
        self._gatherings: Recent[tuple[int, str], Gathering] = Recent(KEEP_GATHERINGS)
        self._logits: Recent[tuple[int, str], Tensor] = Recent(KEEP_LOGITS)
        self._batches: Recent[tuple[Preprocess, str], Batch] = Recent(KEEP_PIXELS, _pixels)

    def load(self, model: int) -> Classifier:
        """A classifier, which makes room for itself."""
        return self.classifiers.load(model, lambda gone: self._forget(lambda key: key[0] == gone))

    def warm(self, model: int) -> None:
        """Load a classifier, and have it explain a picture once, so that the first photograph finds all ready."""
        from PIL import Image

        classifier = self.load(model)
        batch = make_batch([Image.new("RGB", (64, 64), (90, 120, 150))], classifier.preprocess, ["warm"])
        method = METHODS["grad-cam"]
        task = MapTask("warm", method, method.settings(), _own())
        with suppress(CrosslightError):  # a network without spatial features
            attribute(Gathering(classifier, batch), task.method, task.settings, task.policy)

    def fit(self, model: int, task: MapTask) -> float:
        """What a map will cost, in passes.

        Raises:
            ModelError: the method does not apply to the classifier, or it has no such class.
        """
        classifier = self.load(model)
        try:
            check_policy(task.policy, classifier.outputs, classifier.classes)
        except CrosslightError as error:
            raise ModelError(str(error)) from None
        check_fit(task, classifier)
        return estimate(task.method, task.settings, classifier)

    def predict(self, model: int, photo: Photo) -> list[dict[str, Any]]:
        """The classes that a classifier finds likeliest: ``index``, ``name`` and ``p``."""
        classifier = self.load(model)
        logits = self._attempt(model, photo, (), lambda gathering: gathering.logits)
        if not bool(logits.isfinite().all()):
            raise ModelError(f"{classifier.label}: its outputs for this photograph are not finite")
        self._logits.put((model, photo.id), logits)
        p = classifier.probabilities(logits.float())[0]
        values, indices = p.topk(min(TOP, len(p)))
        return [
            {"index": index, "name": classifier.class_name(index), "p": round(value, 6)}
            for index, value in zip(indices.tolist(), values.tolist(), strict=True)
        ]

    def explain(self, model: int, photo: Photo, task: MapTask, policies: Iterable[TargetPolicy] = ()) -> dict[str, Any]:
        """One map.

        Args:
            model: id of the classifier.
            photo: what to explain.
            task: the method with its settings, and which class is explained.
            policies: every class that will be asked for: what is measured for one of them serves the others.

        Returns:
            ``target``, ``tile``, ``status`` and ``diagnostics`` of the map.

        Raises:
            NoMap: the photograph has no such class.
        """
        return self._attempt(model, photo, policies, lambda gathering: _explained(gathering, task))

    def _attempt(
        self, model: int, photo: Photo, policies: Iterable[TargetPolicy], work: Callable[[Gathering], Any]
    ) -> Any:
        """Work on the measurements of a photograph; in smaller batches where memory runs out."""
        size = self.batch_size
        while True:
            try:
                return work(self._gathering(model, photo, policies, size))
            except BaseException as error:
                # What was stopped in the middle is measured anew.
                self._forget(lambda key: key == (model, photo.id))
                if not isinstance(error, Exception) or not is_out_of_memory(error) or size == 1:
                    raise
            size //= 2
            if self.classifiers.device.type == "cuda":
                torch.cuda.empty_cache()

    def _gathering(self, model: int, photo: Photo, policies: Iterable[TargetPolicy], size: int) -> Gathering:
        key, classifier = (model, photo.id), self.load(model)
        found = self._gatherings.get(key)
        if found is not None and found.classifier is classifier:
            return found
        made = Gathering(
            classifier,
            self._batch(photo, classifier.preprocess),
            batch_size=size,
            policies=policies,
            advance=lambda passes: self.watch.advance(passes),
            checkpoint=lambda: self.watch.checkpoint(),
        )
        logits = self._logits.get(key)
        if logits is not None:
            made.offer_logits(logits)
        self._gatherings.put(key, made)
        return made

    def _batch(self, photo: Photo, preprocess: Preprocess) -> Batch:
        """A photograph as classifiers of one preprocessing see it."""
        found = self._batches.get((preprocess, photo.id))
        if found is None:
            found = make_batch([self.photos.picture(photo)], preprocess, [photo.id])
            self._batches.put((preprocess, photo.id), found)
        return found

    def _forget(self, wanted: Callable[[tuple[int, str]], bool]) -> None:
        self._gatherings.drop(wanted)
        self._logits.drop(wanted)


def _explained(gathering: Gathering, task: MapTask) -> dict[str, Any]:
    result = attribute(gathering, task.method, task.settings, task.policy)
    targets = gathering.targets(task.policy)
    target = int(targets.classes[0])
    if target < 0:
        raise NoMap(f"the target {task.policy} is no class for this photograph")
    values = result.maps.float().cpu().numpy()
    status = judge(values)
    if status[0] == Status.NONFINITE:
        raise CrosslightError("the map is not finite")
    classifier = gathering.classifier
    maps = Maps(
        values=values,
        boxes=np.array([box.as_tuple() for box in gathering.batch.boxes]),
        status=status,
        targets=np.array([[target, int(targets.against[0])]], np.int32),
        images=gathering.batch.identities,
        attributes={"finish": task.method.finish, "sign": task.method.sign},
    )
    p = float(classifier.probabilities(gathering.logits.float())[0, target])
    return {
        "target": {"index": target, "name": classifier.class_name(target), "p": round(p, 6)},
        "tile": encode(maps, 0),
        "status": Status(int(status[0])).name.lower(),
        "diagnostics": {name: float(found[0]) for name, found in result.diagnostics.items()},
    }


def _own() -> TargetPolicy:
    from ..core.targets import TargetPolicy

    return TargetPolicy()


def _pixels(batch: Batch) -> int:
    return sum(picture.width * picture.height for picture in batch.pictures or ())
