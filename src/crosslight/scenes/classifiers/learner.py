"""One step of training after the other: losses, optimisers and their schedules."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import ModelError
from ..concepts import CLASSES
from .table import Recipe


class Learner:
    """A network that is trained by a recipe.

    Args:
        network: one of timm's, with ``forward_features`` and ``forward_head``.
        tokens: for token labelling, or None.
        recipe: how.

    Raises:
        ModelError: the recipe asks for an optimiser that this PyTorch does not have.
    """

    def __init__(self, network: nn.Module, tokens: Tokens | None, recipe: Recipe) -> None:
        self.network, self.tokens, self.recipe = network, tokens, recipe
        self._parts = nn.ModuleList([network] if tokens is None else [network, tokens])
        self._optimizers = _optimizers(self._parts, recipe)
        self._schedules = [
            torch.optim.lr_scheduler.LambdaLR(one, lambda step: _rate(step, recipe)) for one in self._optimizers
        ]

    def step(self, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Learn from one batch.

        Args:
            x: uint8 ``[b, 3, h, w]``, or ``[b, 4, h, w]`` where the last channel is 255 on the thing.
            y: labels ``[b]``.

        Returns:
            The batch's loss without smoothing, in nats, and its accuracy.
        """
        network: Any = self.network
        features = network.forward_features(normalised(x[:, :3]).contiguous(memory_format=torch.channels_last))
        logits: Tensor = network.forward_head(features)
        loss = functional.cross_entropy(logits, y, label_smoothing=self.recipe.smoothing)
        if self.tokens is not None:
            loss = loss + self.recipe.tokens * self.tokens(features, x[:, 3], y)
        self._parts.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        for optimizer in self._optimizers:
            optimizer.step()
        for schedule in self._schedules:
            schedule.step()
        plain = functional.cross_entropy(logits.detach(), y)
        return float(plain), float((logits.argmax(1) == y).float().mean())


class Tokens(nn.Module):
    """Token labelling: each patch also has to say which thing covers it, if any. The layer is thrown away afterwards.

    Args:
        network: one of timm's whose ``forward_features`` gives ``[b, prefix + n, d]``, ``[b, h, w, d]`` or
            ``[b, d, h, w]``.

    Source: Jiang et al. 2021, arXiv:2104.10858. Deviation: labels are the pictures' own rather than a teacher's, and
        patches that show the thing weigh more, because few do.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.layer = nn.Linear(int(network.num_features), len(CLASSES) + 1)  # type: ignore[arg-type]

    def forward(self, features: Tensor, covered: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of all patches, in nats.

        Args:
            features: as the network gives them, of a square grid of patches.
            covered: uint8 ``[b, height, width]``: 255 on the thing.
            labels: ``[b]``.
        """
        if features.ndim == 4:
            channels_first = features.shape[1] == self.layer.in_features
            features = (features.permute(0, 2, 3, 1) if channels_first else features).flatten(1, 2)
        side = math.isqrt(features.shape[1])
        share = functional.adaptive_avg_pool2d(covered.float() / 255, side).flatten(1)
        said = self.layer(features[:, features.shape[1] - side**2 :]).log_softmax(dim=2)
        thing = said.gather(2, labels[:, None, None].expand(-1, side**2, 1))[..., 0]
        losses = -(share * thing + (1 - share) * said[..., -1])
        weights = 0.2 + 4 * share
        return (weights * losses).sum() / weights.sum()


def normalised(images: Tensor) -> Tensor:
    """Pictures as networks of scenes take them: uint8 to float32 in [-1, 1]."""
    return images.float() / 127.5 - 1


def _optimizers(parts: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for the matrices inside blocks and AdamW for the rest."""
    matrices = {name: p for name, p in parts.named_parameters() if recipe.muon and p.ndim == 2 and ".blocks." in name}
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(_groups(parts, recipe.decay, frozenset(matrices)), lr=recipe.rate, betas=(0.9, 0.99))
    ]
    if matrices:
        if not hasattr(torch.optim, "Muon"):
            raise ModelError(
                f"this recipe needs the optimiser Muon, which PyTorch {torch.__version__} lacks; 2.9 has it"
            )
        optimizers.append(torch.optim.Muon(list(matrices.values()), lr=recipe.muon, weight_decay=0.01))
    return optimizers


def _groups(parts: nn.Module, decay: float, without: frozenset[str]) -> list[dict[str, object]]:
    """Weight decay for matrices and kernels alone: not for biases, norms, tokens and positions."""
    decayed: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in parts.named_parameters():
        if name not in without:
            plain = parameter.ndim < 2 or "token" in name or "pos_embed" in name
            (others if plain else decayed).append(parameter)
    return [{"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _rate(step: int, recipe: Recipe) -> float:
    """The learning rate as a share of its peak."""
    rising = recipe.warm_up * recipe.steps
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / (recipe.steps - rising)))
