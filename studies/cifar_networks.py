"""Three small networks for pictures of 32 pixels: a CNN, a vision transformer and a hybrid of both.

Named on the command line and in study files as ``python:studies/cifar_networks.py:cnn`` and so on. Each ends with 8 x 8
positions, so that their maps can be compared, and costs 10 to 25 million multiplications a picture.
"""

from __future__ import annotations

from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

SIZE = 32


class Block(nn.Module):
    """Two convolutions of 3 x 3 with a way past them.

    Source: He et al., arXiv:1512.03385, figure 2.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.act1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.past = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.past = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.act2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Features ``[b, c, h, w]``."""
        return self.act2(self.past(x) + self.norm2(self.conv2(self.act1(self.norm1(self.conv1(x))))))


class Stem(nn.Sequential):
    """A convolution and a pooling: 32 pixels to 16 positions."""

    def __init__(self, outputs: int):
        super().__init__(
            nn.Conv2d(3, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)
        )


class ResNet(nn.Module):
    """A stem, residual blocks, the mean over positions, and a linear layer."""

    def __init__(self, widths: tuple[int, int, int], num_classes: int):
        super().__init__()
        first, second, third = widths
        self.stem = Stem(first)
        self.blocks = nn.Sequential(Block(first, first), Block(first, second, 2), Block(second, third))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(third, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[b, k]``."""
        return self.head(self.pool(self.blocks(self.stem(x))).flatten(1))


class Patches(nn.Module):
    """The tokens of a transformer, made by convolutions."""

    def __init__(self, *, img_size: int, embed_dim: int, **_: object):
        super().__init__()
        self.stem = nn.Sequential(Stem(24), Block(24, 48, 2))
        self.proj = nn.Conv2d(48, embed_dim, 1)
        self.grid_size = (img_size // 4, img_size // 4)
        self.num_patches = self.grid_size[0] * self.grid_size[1]
        self.patch_size = (4, 4)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens ``[b, n, c]``."""
        return self.proj(self.stem(x)).flatten(2).transpose(1, 2)


def cnn(num_classes: int = 10) -> nn.Module:
    """A residual network of seven convolutions."""
    return _described(ResNet((32, 64, 96), num_classes), num_classes)


def vit(num_classes: int = 10, dim: int = 96, depth: int = 4, dropped: float = 0.5) -> nn.Module:
    """A vision transformer on patches of 4 x 4 pixels, a share of which is left out at random in training."""
    return _described(_transformer(num_classes, dim, depth, patch_drop_rate=dropped), num_classes)


def hybrid(num_classes: int = 10, dim: int = 96, depth: int = 2) -> nn.Module:
    """Convolutions to 8 x 8 positions, then transformer blocks."""
    return _described(_transformer(num_classes, dim, depth, embed_layer=Patches), num_classes)


def _transformer(num_classes: int, dim: int, depth: int, **others: object) -> nn.Module:
    return VisionTransformer(
        img_size=SIZE,
        num_classes=num_classes,
        embed_dim=dim,
        depth=depth,
        num_heads=dim // 32,
        patch_size=4,
        mlp_ratio=2.0,
        class_token=False,
        global_pool="avg",
        **others,
    )


def _described(network: nn.Module, num_classes: int) -> nn.Module:
    """The network with what it says of its input, in timm's form."""
    network.pretrained_cfg = {
        "input_size": (3, SIZE, SIZE),
        "crop_pct": 1.0,
        "interpolation": "bilinear",
        "mean": (0.491, 0.482, 0.447),
        "std": (0.247, 0.243, 0.262),
        "num_classes": num_classes,
    }
    return network
