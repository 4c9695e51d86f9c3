"""Recording a training by Hugging Face's Trainer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ..history import UNKNOWN
from ..outputs import as_array
from ..recorder import Recorder
from .metric_names import metric_name, numbers


@dataclass(frozen=True)
class HuggingFaceRecording:
    """What a Trainer is given.

    Attributes:
        compute_metrics: for ``Trainer(compute_metrics=...)``: takes the logits, which no callback sees.
        callback: for ``Trainer(callbacks=[...])``: knows the epoch, which no metric does.
    """

    compute_metrics: Callable[[Any], dict[str, float]]
    callback: Any


def huggingface_recording(
    out: str | Path,
    classes: Sequence[str],
    *,
    ids: Sequence[Any] | None = None,
    compute_metrics: Callable[[Any], dict[str, float]] | None = None,
    **settings: Any,
) -> HuggingFaceRecording:
    """What records every evaluation of a Trainer.

    The Trainer gathers the logits of all processes in the order of the evaluation data set, which it does not shuffle;
    its first process writes them. An epoch has the number that the Trainer gives it at its end, from 1; with
    ``eval_strategy="steps"`` the number is that of the step. Labels of -100, which it ignores, are unknown. ``predict``
    is not recorded. The Trainer keeps all logits in memory to compute metrics, with this adapter as without.

    Args:
        out: the run's folder.
        classes: names, in the order of the logits.
        ids: of the evaluation images in their order, such as a column of the data set; numbers from 0 if None.
        compute_metrics: metrics of one's own; accuracy if None.
        settings: further ones of `Recorder`.

    Raises:
        InputError: transformers is not installed.
    """
    try:
        base: Any = import_module("transformers").TrainerCallback
    except ImportError:
        raise InputError("transformers is not installed: pip install 'crosslight[hf]'") from None

    waiting: list[tuple[Any, Any]] = []
    loss: dict[str, float] = {}

    def metrics_of(prediction: Any) -> dict[str, float]:
        logits, labels = prediction.predictions, prediction.label_ids
        logits = as_array(logits[0] if isinstance(logits, list | tuple) else logits)
        labels = as_array(labels[0] if isinstance(labels, list | tuple) else labels)
        waiting[:] = [(logits, labels)]
        if compute_metrics is not None:
            return compute_metrics(prediction)
        known = labels >= 0
        return {"accuracy": float((logits.argmax(1) == labels)[known].mean())} if known.any() else {}

    class Recording(base):
        """Records evaluations."""

        def __init__(self) -> None:
            self.recorder: Recorder | None = None

        def opened(self) -> Recorder:
            if self.recorder is None:
                self.recorder = Recorder(out, classes, **{"replace": True, "rank": 0, "processes": 1, **settings})
            return self.recorder

        def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if not state.is_world_process_zero:
                return
            recorder = self.opened()
            if not state.global_step and recorder.epochs:
                raise InputError(
                    f"{recorder.folder} holds {len(recorder.epochs)} epochs of an earlier run: record into another "
                    "folder, or resume by trainer.train(resume_from_checkpoint=...)"
                )
            recorder.forget(number(args, state) + 1)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **others: Any) -> None:
            if logs and "loss" in logs:
                loss["train/loss"] = float(logs["loss"])

        def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **others: Any) -> None:
            if not waiting or not state.is_world_process_zero:
                waiting.clear()
                return
            logits, labels = waiting.pop()
            names = list(range(len(logits))) if ids is None else list(ids)
            if len(names) != len(logits):
                raise InputError(f"there are {len(names)} ids for the {len(logits)} images that were evaluated")
            labels = labels.copy()
            labels[labels < 0] = UNKNOWN
            recorder, epoch = self.opened(), number(args, state)
            recorder.log(epoch, names, logits, labels)
            recorder.end_epoch(epoch)
            kept = {metric_name(name): value for name, value in (metrics or {}).items() if name != "epoch"}
            recorder.log_metrics(epoch, {**loss, **numbers(kept)})

        def on_predict(self, args: Any, state: Any, control: Any, metrics: Any = None, **others: Any) -> None:
            waiting.clear()

        def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if self.recorder is not None:
                self.recorder.close()

    return HuggingFaceRecording(metrics_of, Recording())


def number(args: Any, state: Any) -> int:
    """The number under which an evaluation is recorded."""
    by_steps = str(getattr(args.eval_strategy, "value", args.eval_strategy)) == "steps"
    return int(state.global_step) if by_steps else round(state.epoch or 0)
