"""EdgeTAM's encoder: the shape and the names that the published weights have."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from models.repvit import RepVitConfig, RepVitModel


@pytest.fixture(scope="module")
def model() -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(5)
        return RepVitModel(RepVitConfig()).eval()


def test_four_feature_maps_each_half_as_large(model: Any) -> None:
    with torch.inference_mode():
        maps = model(torch.zeros(1, 3, 64, 96)).last_hidden_state
    assert [tuple(one.shape[1:]) for one in maps] == [
        (48, 16, 24),
        (96, 8, 12),
        (192, 4, 6),
        (384, 2, 3),
    ]


def test_it_has_the_size_of_repvit_m1(model: Any) -> None:
    assert sum(weight.numel() for weight in model.parameters()) == 4_713_712
    assert len(model.state_dict()) == 676


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("stem.conv1.c.weight", (24, 3, 3, 3)),
        ("stem.conv2.bn.running_var", (48,)),
        ("stages_0.blocks.0.token_mixer.conv.c.weight", (48, 1, 3, 3)),
        ("stages_0.blocks.0.se.fc1.weight", (16, 48, 1, 1)),
        ("stages_1.downsample.pre_block.token_mixer.conv1.bn.bias", (48,)),
        ("stages_1.downsample.spatial_downsample.c.weight", (48, 1, 3, 3)),
        ("stages_2.downsample.channel_downsample.c.weight", (192, 96, 1, 1)),
        ("stages_2.blocks.13.channel_mixer.conv2.c.weight", (192, 384, 1, 1)),
        ("stages_3.downsample.ffn.conv1.c.weight", (768, 384, 1, 1)),
    ],
)
def test_weights_are_called_as_in_the_checkpoint(
    model: Any, name: str, shape: tuple[int, ...]
) -> None:
    assert tuple(model.state_dict()[f"timm_model.{name}"].shape) == shape


def test_every_second_block_excites_its_channels(model: Any) -> None:
    names = [name for name in model.state_dict() if name.endswith("se.fc1.weight")]
    found = [int(name.split(".")[3]) for name in names if "stages_2" in name]
    assert found == list(range(0, 14, 2))
