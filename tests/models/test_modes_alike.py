"""Kept pixels, recipes and stop are the same however a painter runs: quick, small or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inpainting.photo import encode_result, make_photo
from inpainting.recipe import recipe_from_json, recipe_to_json, request_of
from inpainting.studio import Studio
from inpainting.types import Mask, PaintRequest, PaintResult, Photo, Progress, Region
from models.compiling import compile_blocks
from models.ladder import Ladder, Rung, store_in_eight_bits
from models.stable import StablePainter
from models.tiny_preview import TinyDecoder
from tests.support.fakes import FakeSegmenter
from tests.support.stable import INFO
from tests.support.tiny import tiny_decoder, tiny_sd_inpaint, tiny_sdxl_inpaint

WIDTH, HEIGHT = 150, 90
CPU = torch.device("cpu")


def plain() -> StablePainter:
    return StablePainter(tiny_sdxl_inpaint(), INFO)


def first_generation() -> StablePainter:
    return StablePainter(tiny_sd_inpaint(), INFO)


def four_channels() -> StablePainter:
    return StablePainter(tiny_sdxl_inpaint(channels=4), INFO)


def laid_out() -> StablePainter:
    pipeline = tiny_sdxl_inpaint()
    pipeline.unet.to(memory_format=torch.channels_last)
    pipeline.vae.to(memory_format=torch.channels_last)
    return StablePainter(pipeline, INFO)


def half() -> StablePainter:
    pipeline: Any = tiny_sdxl_inpaint()
    return StablePainter(pipeline.to(torch.bfloat16), replace(INFO, dtype="bfloat16"))


def eight_bits() -> StablePainter:
    pipeline = tiny_sdxl_inpaint()
    store_in_eight_bits(pipeline, torch.float32)
    return StablePainter(pipeline, INFO)


def grouped() -> StablePainter:
    pipeline = tiny_sdxl_inpaint()
    ladder = Ladder(pipeline, CPU, Rung.GROUPS)
    ladder.place()
    return StablePainter(pipeline, INFO, ladder=ladder)


def compiled() -> StablePainter:
    pipeline: Any = tiny_sdxl_inpaint()
    assert compile_blocks(pipeline.unet, backend="eager")
    painter = StablePainter(pipeline, INFO, compiled=True)
    painter.warm_up()
    return painter


def with_decoder() -> StablePainter:
    return StablePainter(tiny_sdxl_inpaint(), INFO, tiny=TinyDecoder(tiny_decoder()))


def by_three() -> StablePainter:
    return StablePainter(tiny_sdxl_inpaint(), replace(INFO, batch=3))


@dataclass(frozen=True)
class Way:
    """A way to run: a painter, and what the request asks for."""

    make: Callable[[], StablePainter] = plain
    asked: Mapping[str, Any] = field(default_factory=dict)


WAYS = {
    "plain": Way(),
    "Stable Diffusion 1.x": Way(first_generation),
    "4 channels": Way(four_channels),
    "channels last": Way(laid_out),
    "bfloat16": Way(half),
    "8 bits": Way(eight_bits),
    "in groups": Way(grouped),
    "compiled": Way(compiled),
    "tiny decoder": Way(with_decoder),
    "guidance until": Way(asked={"guidance_until": 0.5}),
    "reuse": Way(asked={"reuse": 2}),
    "both shortcuts": Way(asked={"guidance_until": 0.5, "reuse": 3}),
    "both shortcuts, 1.x": Way(first_generation, {"guidance_until": 0.5, "reuse": 2}),
    "few steps": Way(asked={"steps": 2, "guidance": 1.0, "scheduler": "LCM"}),
    "compiled, shortcuts": Way(compiled, {"guidance_until": 0.5, "reuse": 2}),
    "three at a time": Way(by_three, {"variations": 3}),
    "three at a time, shortcuts": Way(
        by_three, {"variations": 3, "guidance_until": 0.5, "reuse": 2}
    ),
}


@cache
def studio(way: str) -> Studio:
    """One painter for all examples of a way: what a job leaves behind meets the next."""
    return Studio(FakeSegmenter(), WAYS[way].make())


def photo() -> Photo:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return make_photo(pixels, None, None, "photo")


def block(x: int, y: int, width: int, height: int) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[y : y + height, x : x + width] = True
    return mask


def asked(way: str, mask: Mask, **changes: Any) -> PaintRequest:
    base = PaintRequest(photo(), mask, Region.SUBJECT, "red brick", seed=5, steps=4)
    return replace(base, **{**WAYS[way].asked, **changes})


def results(studio: Studio, request: PaintRequest) -> list[PaintResult]:
    return [event for event in studio.paint(request) if isinstance(event, PaintResult)]


masks = st.builds(
    block, st.integers(0, 120), st.integers(0, 70), st.integers(8, 60), st.integers(8, 60)
)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(mask=masks, region=st.sampled_from(list(Region)), seed=st.integers(0, 1000))
def test_what_is_kept_is_kept_and_the_same_request_gives_the_same_bytes(
    way: str, mask: Mask, region: Region, seed: int
) -> None:
    request = asked(way, mask, region=region, seed=seed)
    hole = mask if region is Region.SUBJECT else ~mask
    first, again = (results(studio(way), request) for _ in range(2))
    assert len(first) == request.variations
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.photo.pixels[~hole], request.photo.pixels[~hole])
        assert not np.array_equal(one.photo.pixels[hole], request.photo.pixels[hole])
        assert encode_result(one) == encode_result(other)


@pytest.mark.parametrize("way", WAYS)
def test_the_recipe_brings_the_picture_back(way: str) -> None:
    (made, *_) = results(studio(way), asked(way, block(40, 20, 60, 40)))
    recipe = recipe_from_json(recipe_to_json(made.recipe))
    assert recipe == made.recipe
    (again,) = results(studio(way), request_of(recipe, photo()))
    difference = np.abs(again.photo.pixels.astype(int) - made.photo.pixels)
    # Painted alone, a picture that was painted with others differs in the last bits of a float.
    assert difference.max() <= (1 if WAYS[way].asked.get("variations") else 0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_stop_harms_nothing(way: str, after: int) -> None:
    request = asked(way, block(40, 20, 60, 40))
    before = [encode_result(one) for one in results(studio(way), request)]
    with closing(studio(way).paint(replace(request, steps=50))) as events:
        for _, event in zip(range(after), events, strict=False):
            assert isinstance(event, Progress)
    assert [encode_result(one) for one in results(studio(way), request)] == before
