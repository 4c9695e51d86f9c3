"""Networks for study files that neither timm nor torchvision offer by name.

Named in a study file as ``python:imagenet_models.py:mobilenet_v1``, with ``options = { width = 0.25 }``.
"""

from __future__ import annotations

from functools import partial

from timm.models import EfficientNet
from timm.models._efficientnet_builder import decode_arch_def, round_channels
from torch import nn

#: Depth-wise separable blocks: repeats, stride and channels of each stage.
STAGES = (
    "dsa_r1_k3_s1_c64",
    "dsa_r2_k3_s2_c128",
    "dsa_r2_k3_s2_c256",
    "dsa_r6_k3_s2_c512",
    "dsa_r2_k3_s2_c1024",
)


def mobilenet_v1(width: float = 1.0, size: int = 224, classes: int = 1000) -> nn.Module:
    """MobileNetV1 of any width, with TensorFlow's SAME padding and random weights.

    timm has names for the widths 1 and 1.25 only. The modules are named as in timm.

    Args:
        width: multiplier of all channels; 0.25, 0.5, 0.75 and 1 were published.
        size: height and width of the input in pixels; 128, 160, 192 and 224 were published.
        classes: number of outputs.

    Source: Howard et al., MobileNets, arXiv:1704.04861.
    """
    network = EfficientNet(
        block_args=decode_arch_def([[stage] for stage in STAGES]),
        num_classes=classes,
        num_features=0,
        stem_size=32,
        round_chs_fn=partial(round_channels, multiplier=width),
        act_layer=nn.ReLU6,
        pad_type="same",
    )
    network.pretrained_cfg = {
        "input_size": (3, size, size),
        "crop_pct": 0.875,
        "interpolation": "bilinear",
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "num_classes": classes,
    }
    return network
