"""One step, one validation and one epoch of a training, as Lightning wants them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import InputError, ModelError
from ...core.geometry import Preprocess
from ...core.progress import Progress
from ...core.seeds import seed_for
from ...models.taps import logits_of
from .augment import augmented, mixed
from .groups import make_groups
from .head import head_modules, head_parameters
from .pixels import Pixels, Walks
from .recipe import Recipe, phases, rate

if TYPE_CHECKING:
    from ..recorder import Recorder

#: what Lightning calls each precision
PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


def lightning() -> Any:
    """PyTorch Lightning.

    Raises:
        InputError: it is not installed.
    """
    try:
        import lightning.pytorch as found
    except ImportError:
        raise InputError("training needs Lightning; install it with: pip install 'crosslight[train]'") from None
    return found


def make_module(
    network: nn.Module,
    preprocess: Preprocess,
    recipe: Recipe,
    train: Walks,
    validation: Pixels,
    *,
    classes: int,
    still: Collection[str],
    first: int,
    recorder: Recorder | None,
    progress: Progress,
    ended: Callable[[Any, int, dict[str, float]], bool],
) -> Any:
    """The Lightning module of a training.

    Args:
        network: what is trained, in place.
        preprocess: its preprocessing, of which the normalisation counts here.
        recipe: how it is trained.
        train: the training pictures' batches, whose epoch is set here.
        validation: the pictures it is judged by after every epoch.
        classes: how many there are.
        still: names of modules that stay in evaluation mode.
        first: epochs done before; they are counted on from there.
        recorder: told what is predicted for every validation picture.
        progress: told of every step.
        ended: called with the module, an epoch's number and its metrics; says whether to stop.
    """
    steps = len(train)
    heads = set(head_modules(network, classes))
    head = head_parameters(network, classes)

    class Training(lightning().LightningModule):  # type: ignore[misc]
        """A training; everything random in it depends on the seed and on where it stands."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network
            shape = (1, preprocess.channels, 1, 1)
            self.register_buffer("mean", torch.tensor(preprocess.mean).view(shape), persistent=False)
            self.register_buffer("std", torch.tensor(preprocess.std).view(shape), persistent=False)
            self.sums: dict[str, Tensor] = {}

        @property
        def epoch(self) -> int:
            """The epoch's number in the whole training."""
            return first + int(self.current_epoch)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return make_optimizer(network, recipe, classes)

        def logits(self, inputs: Tensor) -> Tensor:
            inputs = inputs.sub(self.mean).div_(self.std).contiguous(memory_format=torch.channels_last)
            return logits_of(network(inputs))

        def on_train_epoch_start(self) -> None:
            train.epoch = self.epoch
            frozen = next(p.frozen for p in phases(recipe) if p.start <= self.epoch < p.end)
            for name, parameter in network.named_parameters():
                parameter.requires_grad_(not frozen or name in head)
            # A frozen backbone is used as it will be used: normalised by its own statistics, nothing dropped.
            network.train(not frozen)
            for module in heads if frozen else ():
                module.train()
            for name in still:
                network.get_submodule(name).eval()
            self.sums = {}

        def on_train_batch_start(self, batch: Any, number: int) -> None:
            torch.manual_seed(seed_for("training", recipe.seed, self.epoch, number))
            head_rate = rate(recipe, self.epoch, number, steps)
            for group in self.optimizers().param_groups:
                group["lr"] = head_rate * group["factor"]

        def configure_gradient_clipping(self, optimizer: Any, *_: Any, **__: Any) -> None:
            # Lightning's own way refuses fused optimisers in mixed precision, although bf16 scales nothing.
            if recipe.clip:
                nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)

        def training_step(self, batch: Any, number: int) -> Tensor:
            _, pixels, labels = batch
            seeds = (recipe.seed, self.epoch, number)
            inputs, share, rows = augmented(pixels, recipe.augment, *seeds), 1.0, None
            if recipe.mixup:
                inputs, rows, share = mixed(inputs, recipe.mixup, *seeds)
            logits = self.logits(inputs).float()
            loss = functional.cross_entropy(logits, labels, label_smoothing=recipe.smoothing)
            if rows is not None:
                other = functional.cross_entropy(logits, labels[rows], label_smoothing=recipe.smoothing)
                loss = share * loss + (1 - share) * other
            self.add("train", loss.detach(), logits.detach(), labels)
            progress.advance(1, f"epoch {self.epoch + 1}")
            return loss

        def validation_step(self, batch: Any, number: int) -> None:
            rows, pixels, labels = batch
            logits = self.logits(pixels.float().div_(255)).float()
            self.add("validation", functional.cross_entropy(logits, labels), logits, labels)
            if recorder is not None:
                ids = [validation.ids[row] for row in rows.tolist()]
                recorder.log(self.epoch, ids, logits.cpu(), labels.cpu())

        def add(self, part: str, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
            right = (logits.argmax(1) == labels).sum()
            sums = torch.stack([loss.double() * len(labels), right.double(), loss.new_tensor(len(labels)).double()])
            self.sums[part] = self.sums.get(part, 0) + sums.cpu()

        def on_train_epoch_end(self) -> None:
            metrics: dict[str, float] = {}
            for part, sums in self.sums.items():
                loss, right, count = sums.tolist()
                metrics |= {f"{part}/loss": loss / count, f"{part}/accuracy": right / count}
            if not math.isfinite(metrics["train/loss"]):
                raise ModelError(
                    f"the loss is {metrics['train/loss']} in epoch {self.epoch + 1}; lower the learning rate "
                    f"(lr = {recipe.lr:g}) or use --precision fp32"
                )
            self.trainer.should_stop = ended(self, self.epoch, metrics) or self.trainer.should_stop

    return Training()


def make_optimizer(network: nn.Module, recipe: Recipe, outputs: int) -> torch.optim.Optimizer:
    """The optimiser, each of its groups with the ``factor`` of the head's rate that it gets."""
    parameters = dict(network.named_parameters())
    groups = [
        {
            "params": [parameters[name] for name in group.names],
            "weight_decay": recipe.weight_decay if group.decay else 0.0,
            "factor": group.factor,
        }
        for group in make_groups(network, outputs, recipe.spread)
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=0.9, nesterov=True)
    # A fused optimiser takes the scale of half precision off by itself, after the gradient was clipped: too late.
    fused = recipe.precision != "16" and next(iter(parameters.values())).device.type in ("cpu", "cuda")
    return torch.optim.AdamW(groups, lr=recipe.lr, fused=fused)
