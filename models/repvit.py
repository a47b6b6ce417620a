"""RepViT-M1, the small convolutional encoder of EdgeTAM (Wang et al. 2023, arXiv 2307.09283).

The checkpoint on the hub was made with timm, which needs torchvision; this needs neither. Module
names are those of timm's feature extractor, so that its weights fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

WIDTHS, DEPTHS = (48, 96, 192, 384), (2, 2, 14, 2)
"""Channels and blocks of the four stages of RepViT-M1."""

_SQUEEZE, _DIVISOR = 4, 8


class RepVitConfig(PreTrainedConfig):  # type: ignore[misc]
    """The shape of the encoder: channels and blocks of its four stages."""

    model_type = "repvit_features"
    widths: tuple[int, ...] = WIDTHS
    depths: tuple[int, ...] = DEPTHS


class RepVitModel(PreTrainedModel):  # type: ignore[misc]
    """Turns Nx3xHxW into four feature maps at a 4th, 8th, 16th and 32nd of H and W."""

    config: RepVitConfig
    config_class = RepVitConfig
    main_input_name = "pixel_values"

    def __init__(self, config: RepVitConfig) -> None:
        super().__init__(config)
        self.timm_model = _Stages(tuple(config.widths), tuple(config.depths))
        self.post_init()

    def forward(self, pixel_values: torch.Tensor, **_: Any) -> BaseModelOutput:
        """Return the feature maps, largest first, as `last_hidden_state`."""
        return BaseModelOutput(last_hidden_state=self.timm_model(pixel_values))


class _Stages(nn.Module):
    def __init__(self, widths: Sequence[int], depths: Sequence[int]) -> None:
        super().__init__()
        self.stem = _Stem(widths[0])
        self.stages_0 = _Stage(widths[0], widths[0], depths[0])
        self.stages_1 = _Stage(widths[0], widths[1], depths[1])
        self.stages_2 = _Stage(widths[1], widths[2], depths[2])
        self.stages_3 = _Stage(widths[2], widths[3], depths[3])

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        maps = [self.stages_0(self.stem(pixels))]
        for stage in (self.stages_1, self.stages_2, self.stages_3):
            maps.append(stage(maps[-1]))
        return maps


class _ConvNorm(nn.Sequential):
    def __init__(
        self, inner: int, outer: int, kernel: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        convolution = nn.Conv2d(
            inner, outer, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        self.add_module("c", convolution)
        self.add_module("bn", nn.BatchNorm2d(outer))


class _Stem(nn.Sequential):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.add_module("conv1", _ConvNorm(3, width // 2, 3, 2))
        self.add_module("act1", nn.GELU())
        self.add_module("conv2", _ConvNorm(width // 2, width, 3, 2))


class _TokenMixer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = _ConvNorm(width, width, 3, groups=width)
        self.conv1 = _ConvNorm(width, width, groups=width)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.conv(maps) + self.conv1(maps) + maps)


class _Excite(nn.Module):
    """Squeeze and excitation (Hu et al. 2018, arXiv 1709.01507)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = max(_DIVISOR, (width // _SQUEEZE + _DIVISOR // 2) // _DIVISOR * _DIVISOR)
        self.fc1 = nn.Conv2d(width, narrow, 1)
        self.fc2 = nn.Conv2d(narrow, width, 1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        squeezed = self.fc1(maps.mean((2, 3), keepdim=True)).relu()
        return torch.as_tensor(maps * self.fc2(squeezed).sigmoid())


class _ChannelMixer(nn.Sequential):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.add_module("conv1", _ConvNorm(width, 2 * width))
        self.add_module("act", nn.GELU())
        self.add_module("conv2", _ConvNorm(2 * width, width))


class _Block(nn.Module):
    def __init__(self, width: int, excite: bool) -> None:
        super().__init__()
        self.token_mixer = _TokenMixer(width)
        self.se = _Excite(width) if excite else nn.Identity()
        self.channel_mixer = _ChannelMixer(width)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        mixed = self.se(self.token_mixer(maps))
        return torch.as_tensor(mixed + self.channel_mixer(mixed))


class _Downsample(nn.Module):
    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.pre_block = _Block(inner, excite=False)
        self.spatial_downsample = _ConvNorm(inner, inner, 3, 2, inner)
        self.channel_downsample = _ConvNorm(inner, outer)
        self.ffn = _ChannelMixer(outer)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        reduced = self.channel_downsample(self.spatial_downsample(self.pre_block(maps)))
        return torch.as_tensor(reduced + self.ffn(reduced))


class _Stage(nn.Sequential):
    def __init__(self, inner: int, outer: int, depth: int) -> None:
        super().__init__()
        same = inner == outer
        self.add_module("downsample", nn.Identity() if same else _Downsample(inner, outer))
        blocks = (_Block(outer, excite=index % 2 == 0) for index in range(depth))
        self.add_module("blocks", nn.Sequential(*blocks))
