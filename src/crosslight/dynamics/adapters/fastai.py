"""Recording a training by fastai."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ..history import UNKNOWN
from ..outputs import as_array
from ..recorder import Recorder
from .metric_names import metric_name, numbers


def fastai_callback(
    out: str | Path, classes: Sequence[str], *, ids: Sequence[Any] | None = None, **settings: Any
) -> Any:
    """A callback that records every validation of a ``Learner.fit``.

    Images are told by their order in the validation loader, which fastai does not shuffle. The learning-rate finder
    and ``get_preds`` are not recorded. Where fastai is not installed the callback is of no class of its, and serves
    anything that calls the same events with ``learn`` set.

    Args:
        out: the run's folder.
        classes: names, in the order of the outputs, such as ``dls.vocab``.
        ids: of the validation images in their order, such as ``dls.valid_ds.items``; numbers from 0 if None.
        settings: further ones of `Recorder`.

    Returns:
        For ``Learner(cbs=[...])``.
    """
    try:
        base: Any = import_module("fastai.callback.core").Callback
    except ImportError:
        base = object
    names = None if ids is None else [str(name) for name in ids]

    class Recording(base):
        """Records validations."""

        order = 60  # after fastai's own recorder, whose values are read

        def before_fit(self) -> None:
            self.recording = not hasattr(self.learn, "lr_finder") and not hasattr(self.learn, "gather_preds")
            if self.recording:
                self.kept = Recorder(out, classes, **settings)

        def before_validate(self) -> None:
            self.seen = 0

        def after_pred(self) -> None:
            if not getattr(self, "recording", False) or self.learn.training:
                return
            if getattr(self.learn.dl, "shuffle", False):
                raise InputError("the validation loader shuffles, so that images cannot be told by their order")
            outputs = as_array(self.learn.pred)
            places = range(self.seen, self.seen + len(outputs))
            if names is not None and places.stop > len(names):
                raise InputError(f"there are {len(names)} ids, and the loader gives an image number {places.stop - 1}")
            found = list(places) if names is None else names[places.start : places.stop]
            labels = as_array(self.learn.yb[0]) if self.learn.yb else None
            if labels is not None:
                labels = labels.copy()
                labels[labels < 0] = UNKNOWN
            self.kept.log(self.learn.epoch, found, outputs, labels)
            self.seen = places.stop

        def after_validate(self) -> None:
            if getattr(self, "recording", False) and self.seen:
                self.kept.end_epoch(self.learn.epoch)

        def after_epoch(self) -> None:
            values = getattr(getattr(self.learn, "recorder", None), "values", None)
            if getattr(self, "recording", False) and values:
                found = dict(zip(self.learn.recorder.metric_names[1:], values[-1], strict=False))
                found.pop("time", None)
                self.kept.log_metrics(
                    self.learn.epoch,
                    numbers({metric_name(name, "validation"): value for name, value in found.items()}),
                )

        def after_fit(self) -> None:
            if getattr(self, "recording", False):
                self.kept.close()
                self.recording = False

    return Recording()
