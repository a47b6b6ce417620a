"""Previews by a tiny decoder, built small with random weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny

from inpainting.types import Rgb
from models.tiny_preview import MOST_LATENTS, TinyDecoder, reduced


def _vae(**more: Any) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(3)
        return AutoencoderTiny(
            encoder_block_out_channels=(4, 4, 4, 4),
            decoder_block_out_channels=(4, 4, 4, 4),
            num_encoder_blocks=(1, 1, 1, 1),
            num_decoder_blocks=(1, 1, 1, 1),
            **more,
        )


def _picture(vae: Any, latents: torch.Tensor) -> Rgb:
    found = TinyDecoder(vae).picture(latents)
    assert found is not None
    return found


def _latents(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(1, 4, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("latents", "picture"),
    [
        ((128, 128), (384, 384)),
        ((104, 152), (264, 384)),
        ((152, 104), (384, 264)),
        ((32, 24), (256, 192)),
        ((1, 200), (8, 384)),
    ],
)
def test_a_picture_has_the_proportions_and_at_most_384_pixels(
    latents: tuple[int, int], picture: tuple[int, int]
) -> None:
    found = _picture(_vae(), _latents(*latents))
    assert found.shape == (*picture, 3)
    assert found.dtype == np.uint8


def test_small_latents_are_decoded_as_they_are() -> None:
    vae, latents = _vae(), _latents(MOST_LATENTS, 16)
    found = _picture(vae, latents)
    with torch.no_grad():
        whole = vae.decode(latents).sample[0].permute(1, 2, 0)
    assert np.array_equal(found, ((whole + 1) * 127.5).round().clamp(0, 255).numpy())


def test_the_picture_is_that_of_the_latents() -> None:
    vae = _vae()
    one, again, other = (_picture(vae, _latents(64, 64, seed)) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_scaled_latents_are_scaled_back() -> None:
    latents = _latents(16, 16)
    plain = _picture(_vae(), latents)
    assert np.array_equal(_picture(_vae(scaling_factor=0.5), latents / 2), plain)


def test_only_the_first_of_a_batch_is_shown() -> None:
    latents = _latents(16, 16)
    both = _picture(_vae(), torch.cat([latents, _latents(16, 16, 1)]))
    assert np.array_equal(both, _picture(_vae(), latents))


def test_a_mean_over_equal_areas_keeps_the_mean() -> None:
    latents = _latents(96, 48)
    small = reduced(latents, 48)
    assert small.shape == (1, 4, 48, 24)
    assert torch.allclose(small.mean((2, 3)), latents.mean((2, 3)), atol=1e-6)
    assert reduced(latents, 96) is latents


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_decoder_s_precision_counts_not_the_latents(dtype: torch.dtype) -> None:
    found = _picture(_vae().to(dtype), _latents(64, 64))
    exact = _picture(_vae(), _latents(64, 64).to(dtype))
    assert np.abs(found.astype(int) - exact).mean() < 4


def test_no_graph_is_kept() -> None:
    decoder = TinyDecoder(_vae())
    assert not any(one.requires_grad for one in decoder.model.parameters())
    assert decoder.picture(_latents(8, 8).requires_grad_()) is not None


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        MemoryError(),
        RuntimeError("bad kernel"),
    ],
)
def test_a_failure_costs_the_preview_alone(error: Exception) -> None:
    vae = _vae()
    decoder = TinyDecoder(vae)

    def fail(*_: object) -> None:
        raise error

    handle = vae.decoder.register_forward_pre_hook(fail)
    assert decoder.picture(_latents(16, 16)) is None
    handle.remove()
    assert decoder.picture(_latents(16, 16)) is not None


def test_numbers_that_are_none_are_no_picture() -> None:
    assert TinyDecoder(_vae()).picture(torch.full((1, 4, 8, 8), torch.nan)) is None
