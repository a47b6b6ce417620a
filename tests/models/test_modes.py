"""Whole pictures and holes: which pipeline paints them, on one set of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from inpainting.types import Painted, Progress
from models.modes import Mode, Pipelines, mode_for
from models.stable import StablePainter
from tests.support.stable import HOLE, INFO, RGB, SETTINGS, WHOLE, Fault, paint, same
from tests.support.tiny import tiny_sd_inpaint, tiny_sdxl_inpaint

BUILDERS = [tiny_sdxl_inpaint, tiny_sd_inpaint]


@pytest.mark.parametrize(
    ("hole", "strength", "channels", "mode"),
    [
        (HOLE, 1.0, 4, Mode.HOLE),
        (HOLE, 0.5, 9, Mode.HOLE),
        (WHOLE, 1.0, 4, Mode.TEXT),
        (WHOLE, 0.99, 4, Mode.IMAGE),
        (WHOLE, 1.0, 9, Mode.HOLE),
        (WHOLE, 0.5, 9, Mode.HOLE),
    ],
)
def test_the_mode_follows_from_hole_strength_and_unet(
    hole: Any, strength: float, channels: int, mode: Mode
) -> None:
    assert mode_for(hole, strength, channels) is mode


@pytest.mark.parametrize("build", BUILDERS)
def test_siblings_share_every_part_and_are_built_once(build: Any) -> None:
    main = build(channels=4)
    pipelines = Pipelines(main)
    assert pipelines.of(Mode.HOLE) is main
    for mode in (Mode.TEXT, Mode.IMAGE):
        sibling = pipelines.of(mode)
        assert sibling is pipelines.of(mode)
        assert sibling.unet is main.unet
        assert sibling.vae is main.vae
        assert sibling.text_encoder is main.text_encoder


def test_a_pipeline_of_another_kind_is_refused() -> None:
    text = Pipelines(tiny_sd_inpaint(channels=4)).of(Mode.TEXT)
    with pytest.raises(TypeError, match="no inpainting pipeline"):
        Pipelines(text)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("channels", [4, 9])
def test_a_whole_picture_from_nothing_owes_nothing_to_the_one_given(
    build: Any, channels: int
) -> None:
    painter = StablePainter(build(channels=channels), INFO)
    *_, other = painter.paint(255 - RGB, WHOLE, SETTINGS)
    assert isinstance(other, Painted)
    assert same(paint(painter, WHOLE), other)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("channels", [4, 9])
def test_painting_over_keeps_less_the_stronger_it_is(build: Any, channels: int) -> None:
    painter = StablePainter(build(channels=channels), INFO)
    events = list(painter.paint(RGB, WHOLE, SETTINGS))
    assert [event.step for event in events if isinstance(event, Progress)] == [1, 2, 3, 4]
    from_nothing = paint(painter, WHOLE)
    weak, strong = paint(painter, WHOLE, strength=0.3), paint(painter, WHOLE, strength=0.8)
    assert not same(weak, strong)
    assert not same(strong, from_nothing)
    assert same(weak, paint(painter, WHOLE, strength=0.3))
    assert not same(weak, paint(painter, WHOLE, strength=0.3, seed=9))


@pytest.mark.parametrize("build", BUILDERS)
def test_modes_may_follow_each_other_in_any_order(build: Any) -> None:
    painter = StablePainter(build(channels=4), INFO)
    jobs: list[tuple[Any, float]] = [(HOLE, 1.0), (WHOLE, 1.0), (WHOLE, 0.5), (HOLE, 0.7)]
    first = [paint(painter, hole, strength=strength) for hole, strength in jobs]
    second = [paint(painter, hole, strength=strength) for hole, strength in reversed(jobs)]
    assert all(map(same, first, reversed(second)))


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("strength", [1.0, 0.6])
def test_four_channels_keep_the_latents_outside_the_hole_at_every_step(
    build: Any, strength: float
) -> None:
    pipeline = build(channels=4)
    kept: list[torch.Tensor] = []
    Fault(pipeline.vae, "decode", lambda result: result)
    seen = pipeline.vae.decode

    def listen(latents: torch.Tensor, **options: Any) -> Any:
        kept.append(latents)
        return seen(latents, **options)

    pipeline.vae.decode = listen
    painter = StablePainter(pipeline, INFO)
    for softness in (0, 16):
        for prompt in ("red brick", "blue sea"):
            paint(painter, prompt=prompt, strength=strength, softness=softness)
    outside = torch.from_numpy(~HOLE[4::8, 4::8])
    assert outside.any()
    first = kept[0][..., outside]
    assert all(torch.equal(first, latents[..., outside]) for latents in kept)
    assert not any(torch.equal(kept[0], latents) for latents in kept[1:])


def test_a_few_step_model_runs_the_steps_that_are_left_or_says_so() -> None:
    painter = StablePainter(tiny_sdxl_inpaint(channels=4), INFO)
    half = paint(painter, WHOLE, steps=2, strength=0.5, guidance=0.0, scheduler="Euler a")
    assert half.rgb.shape == RGB.shape
    with pytest.raises(Exception, match=r"at least 0\.5, or more steps"):
        paint(painter, WHOLE, steps=2, strength=0.4)
    assert np.ptp(paint(painter, WHOLE, steps=1, guidance=0.0).rgb) > 0
