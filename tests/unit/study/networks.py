"""Tiny networks of a user's own, for studies in these tests. Their input is 16 x 16."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Tiny(nn.Module):
    """Two convolutions, a mean over space and a linear layer."""

    def __init__(self, width: int = 4, outputs: int = 5):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, width, 3, stride=2, padding=1),
            nn.Tanh(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.Tanh(),
        )
        self.head = nn.Linear(2 * width, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.features(inputs).mean((-2, -1)))


def tiny(width: int = 4, outputs: int = 5) -> Tiny:
    return Tiny(width, outputs)


def other() -> Tiny:
    return Tiny(6)


def broken() -> Tiny:
    raise ValueError("cannot be built")


class Hungry(Tiny):
    """Has no memory for more than so many images at once."""

    def __init__(self, limit: int):
        super().__init__()
        self.limit = limit

    def forward(self, inputs: Tensor) -> Tensor:
        if len(inputs) > self.limit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().forward(inputs)


def hungry(limit: int = 2) -> Hungry:
    return Hungry(limit)


class Picky(Tiny):
    """Fails where any image of the batch is one colour throughout."""

    def forward(self, inputs: Tensor) -> Tensor:
        if len(inputs) and (inputs.flatten(2).std(dim=2) == 0).all(dim=1).any() and inputs.abs().sum() > 0:
            raise RuntimeError("nothing to see")
        return super().forward(inputs)


def picky() -> Picky:
    return Picky()


class Nan(Tiny):
    """Not a number, wherever the image is not all zero."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs) * torch.where(inputs.abs().sum() > 0, torch.nan, 1.0)


def nan() -> Nan:
    return Nan()


class Blind(Tiny):
    """Sees the image, and says the same of every one."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs) * 0 + torch.arange(5.0)


def blind() -> Blind:
    return Blind()


def flat() -> nn.Sequential:
    """A network without any spatial features."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 8), nn.Tanh(), nn.Linear(8, 5))


class Attentive(nn.Module):
    """Patches that look at each other once, and their mean."""

    def __init__(self):
        super().__init__()
        self.patch, self.qkv, self.head = nn.Conv2d(3, 16, 4, stride=4), nn.Linear(16, 48), nn.Linear(16, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        x = self.patch(inputs).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(x)[:, None].chunk(3, dim=-1)
        return self.head((x + nn.functional.scaled_dot_product_attention(q, k, v)[:, 0]).mean(1))


def attentive() -> Attentive:
    return Attentive()
