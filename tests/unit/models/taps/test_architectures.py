"""One small network of every kind in the field: where its features are found, and that their tail is right."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from crosslight.models.taps import find_sites, measure_tail

# name: (side of the input, options, the site, its kind and layout, its resolution, its channels)
ARCHITECTURES: dict[str, tuple[int, dict[str, Any], str, str, str, int, int]] = {
    # convolutions
    "lcnet_050": (64, {}, "blocks.5.1.bn2.act", "cut", "NCHW", 2, 256),
    "ghostnet_050": (64, {}, "blocks.9.0.bn1.act", "cut", "NCHW", 2, 480),
    "mobilenetv4_conv_small_035": (64, {}, "blocks.4.0.bn1.act", "cut", "NCHW", 2, 336),
    "regnetx_002": (64, {}, "s4.b7.act3", "cut", "NCHW", 2, 368),
    "dla46x_c": (64, {}, "level5.root.relu", "cut", "NCHW", 2, 256),
    "hrnet_w18_small": (64, {}, "final_layer.2", "cut", "NCHW", 2, 2048),  # several streams, joined at last
    "repvit_m0_9": (64, {}, "stages.3.blocks.1", "cut", "NCHW", 2, 384),
    "hgnetv2_b0": (64, {}, "stages.3.blocks.0.aggregation.1.lab", "cut", "NCHW", 2, 1024),
    "cs3darknet_focus_s": (64, {}, "stages.3.conv_transition.bn.act", "cut", "NCHW", 2, 512),
    "rdnet_tiny": (64, {}, "dense_stages.6.2", "cut", "NCHW", 2, 1040),  # dense connections
    "rexnet_100": (64, {}, "features.16.bn.act", "cut", "NCHW", 2, 1280),
    "starnet_s050": (64, {}, "norm", "cut", "NCHW", 2, 128),
    "inception_next_atto": (64, {}, "stages.3.blocks.1", "cut", "NCHW", 2, 320),
    "poolformerv2_s12": (64, {}, "stages.3.blocks.1", "cut", "NCHW", 2, 512),
    # perceptrons and recurrence
    "mixer_s32_224": (96, {"img_size": 96}, "norm", "cut", "NLC", 3, 512),
    "sequencer2d_s": (64, {"img_size": 64}, "norm", "cut", "NHWC", 4, 384),
    # hybrids
    "levit_128s": (96, {"img_size": 96}, "stages.2.blocks.3", "cut", "NLC", 2, 384),
    "edgenext_xx_small": (64, {}, "stages.3.blocks.1", "cut", "NCHW", 2, 168),
    "mobilevit_xxs": (64, {}, "final_conv.bn.act", "cut", "NCHW", 2, 320),
    "efficientvit_b0": (64, {}, "head.in_conv.act", "cut", "NCHW", 2, 1024),
    "swiftformer_xs": (64, {}, "norm", "cut", "NCHW", 2, 220),
    "fastvit_t8": (64, {}, "final_conv.act", "cut", "NCHW", 2, 768),
    "maxvit_rmlp_pico_rw_256": (64, {"img_size": 64}, "norm", "cut", "NCHW", 2, 256),
    # attention pooling: the features are what it pools
    "resnet50_clip": (64, {"img_size": 64}, "stages.3.2.act", "cut", "NCHW", 2, 2048),
    "vit_tiny_patch16_224": (
        64, {"img_size": 64, "depth": 4, "global_pool": "map", "class_token": False}, "norm", "cut", "NLC", 4, 192
    ),
    # transformers whose head reads patches
    "pvt_v2_b0": (64, {}, "stages.3", "cut", "NCHW", 2, 256),
    "nest_tiny": (64, {"img_size": 64}, "norm", "cut", "NHWC", 4, 384),
    "twins_svt_small": (64, {"img_size": 64}, "norm", "cut", "NLC", 2, 512),
    "mvitv2_tiny": (64, {"img_size": 64}, "norm", "cut", "NLC", 2, 768),
    "hiera_tiny_224": (64, {"img_size": 64}, "blocks.11", "cut", "NLC", 2, 768),
    "eva02_tiny_patch14_224": (56, {"img_size": 56, "num_classes": 5}, "blocks.11", "cut", "NLC", 4, 192),
    # class tokens
    "deit_tiny_distilled_patch16_224": (64, {"img_size": 64, "depth": 4}, "blocks.3.norm1", "token", "NLC", 4, 192),
    "convit_tiny": (
        64, {"img_size": 64, "depth": 6, "local_up_to_layer": 4}, "blocks.5.norm1", "token", "NLC", 4, 192
    ),
    "pit_ti_224": (96, {"img_size": 96}, "transformers.2.blocks.3.norm1", "token", "NLC", 3, 256),
    "xcit_nano_12_p16_224": (96, {"img_size": 96}, "cls_attn_blocks.1.norm1", "token", "NLC", 6, 128),
    "cait_xxs24_224": (64, {"img_size": 64, "depth": 6}, "blocks.5", "cut", "NLC", 4, 192),  # read twice at the end
    "volo_d1_224": (64, {"img_size": 64}, "post_network.0", "cut", "NLC", 4, 384),
    "coat_lite_tiny": (64, {"img_size": 64}, "serial_blocks4.1.norm1", "token", "NLC", 2, 320),
    # several streams to the end
    "tnt_s_legacy_patch16_224": (64, {"img_size": 64, "depth": 4}, "blocks.3.norm_out", "partial", "NLC", 4, 384),
    "coat_tiny": (64, {"img_size": 64}, "parallel_blocks.5.norm14", "partial", "NLC", 2, 152),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_features_and_tail(name: str) -> None:
    import timm

    side, options, site, kind, layout, resolution, channels = ARCHITECTURES[name]
    torch.manual_seed(0)
    network = timm.create_model(name, pretrained=False, **{"num_classes": 5} | options).eval()
    with torch.no_grad():  # untrained heads, gains and layer scales are often constant
        for parameter in network.parameters():
            if parameter.numel() < 2 or parameter.std() < 1e-3:
                parameter.add_(0.1 * torch.randn(parameter.shape))
    x = torch.randn(2, 3, side, side)
    sites = find_sites(network, x, getattr(network, "num_prefix_tokens", None))
    last = sites.last
    found = (last.name, last.kind, last.layout.kind, last.resolution, last.channels)
    assert found == (site, kind, layout, (resolution, resolution), channels)
    assert last.depth > 0.7
    facts = measure_tail(network, last, x)
    assert max(facts.logits_error, facts.gradient_error) <= 1e-5
    assert facts.finite
    assert facts.coverage > 0.9
    assert facts.rerun == ()
    assert facts.flops <= (1 - last.depth + 0.01) * sites.flops * len(x)
