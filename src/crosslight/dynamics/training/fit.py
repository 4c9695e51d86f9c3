"""Running a training, from where it was left."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from ...core.errors import ModelError
from ...core.geometry import Preprocess
from ...core.progress import Progress
from ...models.taps import logits_of
from . import checkpoints
from .module import PRECISIONS, lightning, make_module
from .pixels import Pixels, Walks, loader
from .recipe import Recipe

if TYPE_CHECKING:
    from ..recorder import Recorder

#: files of weights: of the best epoch, and of the last one
BEST, LAST = "best.safetensors", "last.safetensors"
#: pictures at once where nothing is learned, as a multiple of the batch
JUDGED = 2


@dataclass(frozen=True)
class Course:
    """How a training went.

    Attributes:
        rows: ``epoch``, ``train/loss``, ``train/accuracy``, ``validation/loss``, ``validation/accuracy`` and
            ``seconds`` of each epoch.
        best: epoch whose weights are the best.
        stopped_early: whether there were fewer epochs than asked for.
        resumed: how many times the training was taken up again.
    """

    rows: tuple[dict[str, float], ...]
    best: int
    stopped_early: bool
    resumed: int


def fit(
    network: nn.Module,
    preprocess: Preprocess,
    recipe: Recipe,
    train: Pixels,
    validation: Pixels,
    out: Path,
    *,
    classes: int,
    still: Collection[str] = (),
    recorder: Recorder | None = None,
    device: torch.device | str = "cpu",
    progress: Progress,
) -> Course:
    """Train a network, or go on where a killed training of the same folder had finished an epoch.

    Order matters: an epoch's predictions are recorded, then its weights are written, then the state that the next
    epoch starts from. A training killed in between does that epoch again, and comes to the same.

    Args:
        network: changed in place.
        preprocess: its preprocessing, of which the normalisation counts here.
        recipe: how it is trained.
        train: pictures to learn from.
        validation: pictures it is judged by after every epoch.
        out: folder for weights and state.
        classes: how many there are.
        still: names of modules that stay in evaluation mode, see `folded_normalisations`.
        recorder: told what is predicted for every validation picture at every epoch.
        device: where to train.
        progress: told of every step.

    Raises:
        ModelError: the loss is no longer a number, or there is not enough memory.
    """
    device = torch.device(device)
    state = checkpoints.last_state(out)
    rows: list[dict[str, float]] = list(state["rows"]) if state else []
    resumed = int(state["resumed"]) + 1 if state else 0
    first = len(rows)
    if recorder is not None:
        recorder.forget(first)
    walks = Walks(len(train), min(recipe.batch, len(train)), recipe.seed)
    walks.epoch = first  # Lightning asks for the first batches before it says that an epoch begins
    done = state is not None and (first >= recipe.epochs or _out_of_patience(rows, recipe))
    if state is not None:
        checkpoints.restore_network(state, network)
    network.to(device).to(memory_format=torch.channels_last)
    if done:
        return _course(rows, recipe, resumed)
    began = time.monotonic()

    def ended(module: Any, epoch: int, metrics: dict[str, float]) -> bool:
        nonlocal began
        now = time.monotonic()
        rows.append({"epoch": epoch, **metrics, "seconds": round(now - began, 3)})
        began = now
        if recorder is not None:
            recorder.log_metrics(epoch, metrics)
            recorder.end_epoch(epoch)
        best = best_epoch(rows, recipe) == epoch
        checkpoints.write_weights(network, out / LAST, *([out / BEST] if best else []))
        scaler = getattr(module.trainer.precision_plugin, "scaler", None)
        more = {"rows": rows, "resumed": resumed, "scaler": scaler.state_dict() if scaler is not None else None}
        checkpoints.save_state(out, epoch, network, module.optimizers().optimizer, more)
        progress.message(in_words(rows[-1], recipe, best))
        return _out_of_patience(rows, recipe)

    progress.start((recipe.epochs - first) * len(walks), "training")
    try:
        with _quiet(), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            module = make_module(
                network,
                preprocess,
                recipe,
                walks,
                validation,
                classes=classes,
                still=still,
                first=first,
                recorder=recorder,
                progress=progress,
                ended=ended,
            )
            _run(module, recipe, device, state, loader(train, walks), _unshuffled(validation, recipe), first)
    finally:
        progress.finish()
    return _course(rows, recipe, resumed)


def best_epoch(rows: list[dict[str, float]], recipe: Recipe) -> int:
    """The epoch whose weights are the best; the first one of several that are alike."""
    if recipe.select == "last":
        return int(rows[-1]["epoch"])
    sign, key = (-1, "validation/accuracy") if recipe.select == "accuracy" else (1, "validation/loss")
    return int(min(rows, key=lambda row: (sign * row[key], row["epoch"]))["epoch"])


def judge(
    network: nn.Module, preprocess: Preprocess, pixels: Pixels, recipe: Recipe, device: torch.device | str = "cpu"
) -> dict[str, float]:
    """``loss`` and ``accuracy`` of a network on pictures; it is in evaluation mode afterwards."""
    device = torch.device(device)
    network.to(device).eval()
    shape = (1, preprocess.channels, 1, 1)
    mean, std = (torch.tensor(values, device=device).view(shape) for values in (preprocess.mean, preprocess.std))
    loss = right = 0.0
    half = torch.float16 if recipe.precision == "16" else torch.bfloat16
    with torch.no_grad(), torch.autocast(device.type, half, enabled=recipe.precision != "fp32"):
        for _, values, labels in _unshuffled(pixels, recipe):
            inputs = values.to(device).float().div_(255).sub_(mean).div_(std)
            logits = logits_of(network(inputs.contiguous(memory_format=torch.channels_last))).float().cpu()
            loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
            right += float((logits.argmax(1) == labels).sum())
    return {"loss": loss / len(pixels), "accuracy": right / len(pixels)}


def in_words(row: Mapping[str, float], recipe: Recipe, best: bool = False) -> str:
    """An epoch in one line."""
    return (
        f"epoch {row['epoch'] + 1:.0f} of {recipe.epochs}: loss {row['train/loss']:.3f} in training, "
        f"{row['validation/loss']:.3f} in validation; accuracy {row['train/accuracy']:.3f}, "
        f"{row['validation/accuracy']:.3f}{' (best)' if best and recipe.select != 'last' else ''}; "
        f"{row['seconds']:.0f} s"
    )


def _course(rows: list[dict[str, float]], recipe: Recipe, resumed: int) -> Course:
    return Course(tuple(rows), best_epoch(rows, recipe), len(rows) < recipe.epochs, resumed)


def _out_of_patience(rows: list[dict[str, float]], recipe: Recipe) -> bool:
    return bool(recipe.patience) and rows[-1]["epoch"] - best_epoch(rows, recipe) >= recipe.patience


def _unshuffled(pixels: Pixels, recipe: Recipe) -> Any:
    return loader(pixels, Walks(len(pixels), JUDGED * recipe.batch))


def _run(
    module: Any,
    recipe: Recipe,
    device: torch.device,
    state: Mapping[str, Any] | None,
    train: Any,
    validation: Any,
    first: int,
) -> None:
    framework = lightning()

    class Resume(framework.Callback):  # type: ignore[name-defined]
        """Puts the optimiser back into the state that it was left in."""

        def on_fit_start(self, trainer: Any, owner: Any) -> None:
            if state is None:
                return
            checkpoints.restore_optimizer(state, trainer.optimizers[0])
            scaler = getattr(trainer.precision_plugin, "scaler", None)
            if scaler is not None and state.get("scaler"):
                scaler.load_state_dict(state["scaler"])

    trainer = framework.Trainer(
        accelerator={"cuda": "gpu"}.get(device.type, device.type),
        devices=[device.index or 0] if device.type == "cuda" else 1,
        precision=PRECISIONS[recipe.precision],
        max_epochs=recipe.epochs - first,
        callbacks=[Resume()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )
    with _interruptible(trainer), _quick_attention(module.network, device):
        trainer.fit(module, train, validation)


@contextmanager
def _interruptible(trainer: Any) -> Iterator[None]:
    """Ctrl-C as Python raises it, which Lightning turns into an exit of the process."""
    import signal
    import threading

    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if main else None
    try:
        yield
    except SystemExit:
        if getattr(trainer, "interrupted", False):
            raise KeyboardInterrupt from None
        raise
    except RuntimeError as error:
        from ...core.devices import is_out_of_memory

        if is_out_of_memory(error):
            raise ModelError("there is not enough memory for a step; use a smaller batch") from error
        raise
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


@contextmanager
def _quick_attention(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Attention in separate steps on a CPU, whose fused one takes twice the time in the backward pass."""
    fused = [m for m in network.modules() if device.type == "cpu" and vars(m).get("fused_attn") is True]
    for module in fused:
        module.fused_attn = False  # type: ignore[assignment]
    try:
        yield
    finally:
        for module in fused:
            module.fused_attn = True  # type: ignore[assignment]


@contextmanager
def _quiet() -> Iterator[None]:
    """No advice of Lightning's: what matters is told by progress."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric", "lightning")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
