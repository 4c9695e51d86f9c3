"""The two towers of the encoder: pictures and texts become unit vectors of one space."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .recipe import Shape

#: height and width of the pictures that the image tower takes
SIZE = 96


class ImageTower(nn.Module):
    """A small residual network whose last features are pooled by attention with positions."""

    def __init__(self, shape: Shape):
        from timm.models.resnet import BasicBlock

        super().__init__()
        width = shape.widths[0]
        layers: list[nn.Module] = [
            nn.Conv2d(3, shape.stem, 3, 2, 1, bias=False),
            nn.BatchNorm2d(shape.stem),
            nn.ReLU(inplace=True),
            nn.Conv2d(shape.stem, width, 3, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ]
        for stage, (out, depth) in enumerate(zip(shape.widths, shape.depths, strict=True)):
            for block in range(depth):
                stride = 2 if stage and not block else 1
                shortcut = None
                if stride > 1:
                    shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out))
                layers.append(BasicBlock(width, out, stride, shortcut))
                width = out
        self.features = nn.Sequential(*layers)
        side = SIZE // 4 // 2 ** (len(shape.widths) - 1)
        self.positions = nn.Parameter(torch.randn(side * side, width) * 0.1)
        self.norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(torch.randn(shape.queries, width) * 0.1)
        self.pool = nn.MultiheadAttention(width, shape.heads, batch_first=True)
        self.head = nn.Linear(shape.queries * width, shape.space)

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 ``[b, 3, 96, 96]`` or float in [0, 255] to ``[b, space]``."""
        x = pictures.float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)
        tokens = self.features(x).flatten(2).transpose(1, 2)
        tokens = self.norm(tokens) + self.positions
        queries = self.queries.expand(len(tokens), -1, -1)
        pooled = self.pool(queries, tokens, tokens, need_weights=False)[0]
        return self.head(pooled.flatten(1))


class TextTower(nn.Module):
    """The mean of a text's words, whatever their order, and a layer that binds what they say together."""

    def __init__(self, shape: Shape, vocabulary: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary + 1, shape.words, padding_idx=0)
        self.head = nn.Sequential(
            nn.LayerNorm(shape.words),
            nn.Linear(shape.words, shape.hidden),
            nn.GELU(),
            nn.Linear(shape.hidden, shape.space),
        )

    def forward(self, numbers: Tensor) -> Tensor:
        """int64 ``[b, length]``, 0 for no word, to ``[b, space]``."""
        there = (numbers != 0)[:, :, None]
        mean = (self.embedding(numbers) * there).sum(dim=1) / there.sum(dim=1)
        return self.head(mean)


class Towers(nn.Module):
    """Both towers, and the scale of their similarity in the loss."""

    def __init__(self, shape: Shape, vocabulary: int):
        super().__init__()
        self.image, self.text = ImageTower(shape), TextTower(shape, vocabulary)
        self.log_scale = nn.Parameter(torch.zeros(()))

    def encode_pictures(self, pictures: Tensor) -> Tensor:
        """Unit vectors ``[b, space]``."""
        return functional.normalize(self.image(pictures).float(), dim=1)

    def encode_numbers(self, numbers: Tensor) -> Tensor:
        """Unit vectors ``[b, space]``."""
        return functional.normalize(self.text(numbers).float(), dim=1)
