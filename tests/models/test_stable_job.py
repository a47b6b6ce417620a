"""A job whose parts fail: what it promises also holds after every fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from inpainting.errors import BadOutput, OutOfMemory
from models.decoding import IN_TILES
from models.stable import StablePainter
from models.stable_job import IN_32_BITS
from tests.support.stable import (
    INFO,
    SETTINGS,
    Fault,
    out_of_memory,
    paint,
    same,
    state_of,
    times_nan,
    to_black,
)
from tests.support.tiny import tiny_sdxl_inpaint


@pytest.fixture
def pipeline() -> Any:
    return tiny_sdxl_inpaint()


@pytest.fixture
def painter(pipeline: Any) -> StablePainter:
    return StablePainter(pipeline, INFO)


# -- memory --------------------------------------------------------------------------------


def test_out_of_memory_in_the_unet_is_told_and_harms_nothing(
    painter: StablePainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    unet = Fault(pipeline.unet, "forward", out_of_memory, lambda call: call == 2)
    with pytest.raises(OutOfMemory, match="96 x 64"):
        paint(painter)
    assert unet.calls == 2
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_out_of_memory_while_decoding_falls_back_to_tiles(
    painter: StablePainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    decode = Fault(pipeline.vae, "_decode", out_of_memory, lambda call: call == 1)
    tiled = paint(painter)
    assert decode.calls == 2
    assert tiled.notes == (IN_TILES,)
    assert tiled.rgb.shape == alone.rgb.shape
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_out_of_memory_on_every_rung_is_told_once_each_was_tried(
    painter: StablePainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    decode = Fault(pipeline.vae, "_decode", out_of_memory, lambda call: call <= 2)
    with pytest.raises(OutOfMemory, match="tiles"):
        paint(painter)
    assert decode.calls == 2
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_other_errors_are_not_retried(painter: StablePainter, pipeline: Any) -> None:
    def broken(_result: Any) -> Any:
        raise RuntimeError("shape mismatch")

    before = state_of(pipeline)
    decode = Fault(pipeline.vae, "_decode", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        paint(painter)
    assert decode.calls == 1
    assert state_of(pipeline) == before


def test_out_of_memory_in_a_text_encoder_is_told_and_harms_nothing(
    painter: StablePainter, pipeline: Any
) -> None:
    alone = paint(StablePainter(tiny_sdxl_inpaint(), INFO), prompt="red (brick:1.3)")
    encoder = Fault(pipeline.text_encoder, "forward", out_of_memory, lambda call: call == 1)
    with pytest.raises(OutOfMemory, match="96 x 64"):
        paint(painter, prompt="red (brick:1.3)")
    assert encoder.calls == 1
    assert same(alone, paint(painter, prompt="red (brick:1.3)"))


# -- pictures that are none ----------------------------------------------------------------


@pytest.mark.parametrize("spoil", [times_nan, to_black])
def test_no_picture_is_decoded_again_from_the_same_latents(
    painter: StablePainter, pipeline: Any, spoil: Callable[[Any], Any]
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    Fault(pipeline.vae, "decode", spoil, lambda call: call == 1)
    again = paint(painter)
    assert unet.calls == SETTINGS.steps
    assert again.notes == (IN_32_BITS,)
    assert same(alone, again)
    assert state_of(pipeline) == before


@pytest.mark.parametrize("spoil", [times_nan, to_black])
def test_no_picture_twice_is_bad_output_and_harms_nothing(
    painter: StablePainter, pipeline: Any, spoil: Callable[[Any], Any]
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    decode = Fault(pipeline.vae, "decode", spoil, lambda call: call <= 2)
    with pytest.raises(BadOutput):
        paint(painter)
    assert decode.calls == 2
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_latents_that_are_not_finite_are_made_once_more(
    painter: StablePainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    unet = Fault(pipeline.unet, "forward", times_nan, lambda call: call == 1)
    again = paint(painter)
    assert unet.calls == 2 * SETTINGS.steps
    assert again.notes == (IN_32_BITS,)
    assert same(alone, again)
    assert state_of(pipeline) == before


def test_a_half_precision_vae_is_decoded_in_32_bits_and_is_half_again_after(pipeline: Any) -> None:
    pipeline.to(torch.float16)
    painter = StablePainter(pipeline, INFO)
    before = state_of(pipeline)
    dtypes: list[torch.dtype] = []

    def spoil_halves(result: Any) -> Any:
        dtypes.append(pipeline.vae.dtype)
        return times_nan(result) if pipeline.vae.dtype == torch.float16 else result

    Fault(pipeline.vae, "decode", spoil_halves)
    assert paint(painter).notes == (IN_32_BITS,)
    assert dtypes == [torch.float16, torch.float32]
    assert state_of(pipeline) == before


def test_a_fault_under_force_upcast_leaves_the_vae_in_half(pipeline: Any) -> None:
    pipeline.to(torch.float16)
    pipeline.vae.register_to_config(force_upcast=True)
    painter = StablePainter(pipeline, INFO)
    alone, before = paint(painter), state_of(pipeline)
    Fault(pipeline.vae, "_decode", out_of_memory, lambda call: call <= 2)
    with pytest.raises(OutOfMemory):
        paint(painter)
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_offload_hooks_are_freed_after_every_end(painter: StablePainter, pipeline: Any) -> None:
    hooks = Fault(pipeline, "maybe_free_model_hooks", lambda result: result)
    paint(painter)
    freed = hooks.calls
    assert freed >= 1
    Fault(pipeline.unet, "forward", out_of_memory, lambda call: call == 1)
    with pytest.raises(OutOfMemory):
        paint(painter)
    assert hooks.calls == freed + 1
