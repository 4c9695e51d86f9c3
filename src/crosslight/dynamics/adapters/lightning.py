"""Recording a training on PyTorch Lightning."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ..outputs import as_array
from ..recorder import Recorder
from .batches import LABELS, found_in, ids_of, logits_in
from .metric_names import numbers


def lightning_callback(
    out: str | Path, classes: Sequence[str], *, ids: Sequence[Any] | None = None, **settings: Any
) -> Any:
    """A callback that records every validation of a training; of several within an epoch the last one counts.

    ``validation_step`` returns logits ``[b, classes]``, or a dictionary with ``logits`` and, if it likes, ``labels``
    and ``ids``. Batches are ``(image, label)``, ``(image, label, id)`` or dictionaries with ``label`` and ``id``.
    Without ids, images are told by their order in the first validation loader, which must not shuffle. The sanity
    check and ``trainer.validate`` are not recorded. Metrics that were logged are kept, ``val_loss`` as
    ``validation/loss``. A run that is resumed from a checkpoint goes on in the same folder.

    Args:
        out: the run's folder.
        classes: names, in the order of the logits.
        ids: of the validation images in their order, where batches have none; numbers from 0 if None.
        settings: further ones of `Recorder`.

    Returns:
        For ``Trainer(callbacks=[...])``.

    Raises:
        InputError: Lightning is not installed.
    """
    base: Any = _callback()

    class Recording(base):
        """Records validations."""

        def __init__(self) -> None:
            self.recorder: Recorder | None = None
            self.seen = 0

        def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
            if stage == "fit" and self.recorder is None:
                place = {"rank": trainer.global_rank, "processes": trainer.world_size}
                self.recorder = Recorder(out, classes, **{"replace": True, **place, **settings})

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            assert self.recorder is not None
            done = self.recorder.epochs
            if not trainer.ckpt_path and not trainer.current_epoch and done:
                raise InputError(
                    f"{self.recorder.folder} holds {len(done)} epochs of an earlier run: record into another folder, "
                    "or resume by trainer.fit(ckpt_path=...)"
                )
            # a checkpoint made in the validation of an epoch may not validate that epoch again
            self.recorder.forget(trainer.current_epoch + 1)

        def on_validation_epoch_start(self, trainer: Any, pl_module: Any) -> None:
            self.seen = 0

        def on_validation_batch_end(
            self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
        ) -> None:
            if self.recorder is None or not fitting(trainer) or dataloader_idx:
                return
            logits = logits_in(outputs)
            loaders = trainer.val_dataloaders
            loader = loaders[0] if isinstance(loaders, list | tuple) else loaders
            names = ids_of(batch, outputs, loader, self.seen, len(logits), ids)
            labels = found_in(outputs, LABELS)
            labels = found_in(batch, LABELS, 1) if labels is None else labels
            self.recorder.log(trainer.current_epoch, names, as_array(logits), labels)
            self.seen += len(logits)

        def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            if self.recorder is not None and fitting(trainer) and self.seen:
                self.recorder.end_epoch(trainer.current_epoch)

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            if self.recorder is not None:
                self.recorder.log_metrics(trainer.current_epoch, numbers(trainer.callback_metrics))

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            self.close()

        def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
            self.close()

        def close(self) -> None:
            if self.recorder is not None:
                self.recorder.close()
                self.recorder = None

    return Recording()


def _callback() -> Any:
    for name in ("lightning.pytorch.callbacks", "pytorch_lightning.callbacks"):
        try:
            return import_module(name).Callback
        except ImportError:
            continue
    raise InputError("Lightning is not installed: pip install 'crosslight[train]'")


def fitting(trainer: Any) -> bool:
    """Whether a trainer is training, and not trying out its validation before."""
    return trainer.state.fn == "fit" and not trainer.sanity_checking
