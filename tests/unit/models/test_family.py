from __future__ import annotations

import pytest
import timm
import torch
from torch import nn
from torchvision import models

from crosslight.models.family import family

FAMILIES = {
    "timm/test_resnet": "convolutional",
    "timm/test_efficientnet": "convolutional",
    "timm/test_convnext": "convolutional",
    "timm/test_byobnet": "convolutional",
    "timm/test_nfnet": "convolutional",
    "timm/test_mambaout": "convolutional",
    "timm/mobilenetv3_small_050": "convolutional",  # squeeze-and-excitation is no attention between positions
    "timm/eca_resnet33ts": "convolutional",
    "timm/resnet50_clip": "convolutional",  # one attention pool at the end
    "timm/skresnet18": "convolutional",
    "timm/test_vit": "transformer",
    "timm/deit_tiny_patch16_224": "transformer",
    "timm/pvt_v2_b0": "transformer",  # depth-wise convolutions in its MLPs, strided ones between stages
    "timm/xcit_nano_12_p16_224": "transformer",
    "timm/twins_svt_small": "transformer",
    "timm/levit_128s": "transformer",  # its stem holds a thirtieth of what mixes positions
    "timm/test_coatnet": "hybrid",
    "timm/test_maxvit": "hybrid",
    "timm/mobilevit_xxs": "hybrid",
    "timm/vit_tiny_r_s16_p8_224": "hybrid",  # patches are cut out of convolutional features
    "timm/caformer_s18": "hybrid",
    "timm/botnet26t_256": "hybrid",
    "timm/mixer_s32_224": "mlp",
    "timm/efficientvim_m1": "state-space",
    "torchvision/alexnet": "convolutional",
    "torchvision/densenet121": "convolutional",
    "torchvision/convnext_tiny": "convolutional",
    "torchvision/swin_t": "transformer",
    "torchvision/vit_b_32": "transformer",
    "torchvision/maxvit_t": "hybrid",
}


@pytest.mark.parametrize(("name", "expected"), FAMILIES.items())
def test_published_networks(name: str, expected: str) -> None:
    source, _, bare = name.partition("/")
    with torch.device("meta"):
        network = timm.create_model(bare) if source == "timm" else models.get_model(bare, weights=None)
    assert family(network) == expected


def test_small_networks_of_ones_own() -> None:
    conv = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    assert family(conv) == "convolutional"
    assert family(nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.Flatten(), nn.Linear(8, 2))) == "mlp"
    assert family(nn.TransformerEncoderLayer(16, 2)) == "transformer"
    assert family(nn.Identity()) == "unknown"


class Scan(nn.Module):
    """The parameters of a selective state space."""

    def __init__(self) -> None:
        super().__init__()
        self.A_log, self.D = nn.Parameter(torch.zeros(8, 4)), nn.Parameter(torch.ones(8))
        self.in_proj, self.conv1d, self.dt_proj = nn.Linear(8, 16), nn.Conv1d(8, 8, 3, padding=2), nn.Linear(2, 8)


def test_state_spaces_are_a_family_and_a_hybrid_beside_attention() -> None:
    patches = nn.Conv2d(3, 8, 4, stride=4)
    assert family(nn.Sequential(patches, *(Scan() for _ in range(4)))) == "state-space"
    assert family(nn.Sequential(patches, Scan(), nn.TransformerEncoderLayer(8, 2))) == "hybrid"
    assert family(nn.Sequential(patches, *(Scan() for _ in range(12)), nn.MultiheadAttention(8, 1))) == "state-space"


def test_strided_convolutions_before_attention_count_where_they_are_most_of_the_network() -> None:
    class Stem(nn.Sequential):
        """Strided convolutions with nothing but activations between them."""

    def network(width: int) -> nn.Module:
        layers = [nn.Conv2d(3, width, 3, 2, 1), nn.ReLU(), nn.Conv2d(width, 64, 3, 2, 1)]
        return nn.Sequential(Stem(*layers), nn.TransformerEncoderLayer(64, 2), nn.Linear(64, 2))

    assert family(network(2)) == "transformer"
    assert family(network(16)) == "hybrid"
    one = nn.Sequential(nn.Conv2d(3, 64, 7, 4, 3), nn.TransformerEncoderLayer(64, 2), nn.Linear(64, 2))
    assert family(one) == "transformer"  # one alone cuts patches, however large it is
