"""Small networks for pictures of 96 pixels: timm's own constructors, with last features of 6 x 6 or finer.

Four halvings instead of five keep features fine enough to explain; widths and depths are chosen for a few hundred
thousand parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..concepts import CLASSES

if TYPE_CHECKING:
    from torch import nn

SIZE = 96


def build(lineage: str) -> nn.Module:
    """A network with random weights, drawn from torch's default generator.

    Args:
        lineage: one of `BUILDERS`.

    Returns:
        A network from ``[b, 3, 96, 96]`` to ``[b, 10]``.
    """
    return BUILDERS[lineage]()


def _named(name: str, **options: Any) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import timm

        return timm.create_model(name, num_classes=len(CLASSES), **options)

    return make


def _efficientnet() -> nn.Module:
    from timm.models.efficientnet import EfficientNet, decode_arch_def

    stages = [
        ["ds_r1_k3_s1_e1_c16_se0.25"],
        ["ir_r2_k3_s2_e4_c24_se0.25"],
        ["ir_r2_k5_s2_e4_c48_se0.25"],
        ["ir_r2_k3_s2_e4_c80_se0.25"],
    ]
    return EfficientNet(decode_arch_def(stages), num_classes=len(CLASSES), num_features=240, stem_size=16)


def _regnet() -> nn.Module:
    from timm.models.regnet import RegNet, RegNetCfg

    shape = RegNetCfg(depth=7, w0=24, wa=20.0, wm=2.0, group_size=8, se_ratio=0.25, stem_width=16)
    return RegNet(shape, num_classes=len(CLASSES), output_stride=16)


_VIT = {"img_size": SIZE, "patch_size": 12, "embed_dim": 80, "depth": 4, "num_heads": 4}

BUILDERS: dict[str, Callable[[], nn.Module]] = {
    "resnet": _named("resnet18", channels=(16, 32, 64, 96), layers=(1, 1, 1, 1), stem_width=16, output_stride=16),
    "densenet": _named("densenet121", growth_rate=12, block_config=(3, 6, 8)),
    "mobilenet": _named("mobilenetv2_035", output_stride=16),
    "efficientnet": _efficientnet,
    "convnext": _named("convnext_atto", depths=(1, 1, 3, 1), dims=(24, 48, 80, 96), output_stride=16, conv_mlp=False),
    "regnet": _regnet,
    "vit": _named("vit_tiny_patch16_224", **_VIT),
    "vit-gap": _named("vit_tiny_patch16_224", **_VIT, class_token=False, global_pool="avg"),
    "swin": _named(
        "swin_tiny_patch4_window7_224",
        img_size=SIZE,
        window_size=6,
        embed_dim=24,
        depths=(1, 2, 2),
        num_heads=(1, 2, 4),
    ),
    "pvt": _named(
        "pvt_v2_b0",
        embed_dims=(24, 48, 96),
        depths=(1, 1, 2),
        num_heads=(1, 2, 4),
        sr_ratios=(4, 2, 1),
        mlp_ratios=(4, 4, 4),
    ),
    "cait": _named(
        "cait_xxs24_224", img_size=SIZE, patch_size=12, embed_dim=80, depth=3, num_heads=4, depth_token_only=1
    ),
    "levit": _named("levit_128s", img_size=SIZE, embed_dim=(96,), key_dim=16, depth=(4,), num_heads=(4,)),
}
