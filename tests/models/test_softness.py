"""Soft inpainting: strength rises from the hole's border inwards, and nothing else is touched."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inpainting.types import Mask
from models.schedulers import build_scheduler
from models.softness import SoftHole, strengths
from models.stable import StablePainter
from tests.support.stable import HOLE, INFO, WHOLE, paint, same
from tests.support.tiny import tiny_sd_inpaint, tiny_sdxl_inpaint

CONFIG = {"num_train_timesteps": 1000, "beta_schedule": "scaled_linear"}
BUILDERS = list(product((tiny_sdxl_inpaint, tiny_sd_inpaint), (4, 9)))


def square(side: int, margin: int) -> Mask:
    hole = np.zeros((side, side), np.bool_)
    hole[margin:-margin, margin:-margin] = True
    return hole


def test_strength_rises_over_the_softness_and_is_full_beyond() -> None:
    row = strengths(square(64, 8), 16)[32]
    assert row[7] == 0
    assert row[8:24] == pytest.approx(np.arange(1, 17) / 16)
    assert (row[23:41] == 1).all()


def test_the_edge_of_the_picture_is_no_border_of_the_hole() -> None:
    hole = np.zeros((32, 32), np.bool_)
    hole[:, 16:] = True
    assert strengths(hole, 8)[16, -1] == 1
    assert strengths(hole, 8)[0, 16] == pytest.approx(1 / 8)


@given(st.integers(1, 64), st.integers(1, 30))
def test_strengths_are_above_zero_in_the_hole_alone(softness: int, margin: int) -> None:
    hole = square(64, margin)
    found = strengths(hole, softness)
    assert ((found > 0) == hole).all()
    assert found.max() <= 1


@pytest.mark.parametrize("name", ["Euler", "DDIM", "DPM++ 2M", "LCM"])
def test_latents_wait_in_the_hole_for_their_time_and_are_the_original_till_then(name: str) -> None:
    hole = square(64, 8)
    original = torch.ones(1, 4, 8, 8)
    soft = SoftHole(original, hole, 24, seed=1)
    scheduler = build_scheduler(name, CONFIG, 4)
    scheduler.set_timesteps(4)
    latents = torch.full((1, 4, 8, 8), 7.0)
    held = []
    for done in range(1, 5):
        scheduler.step(torch.zeros(1, 4, 8, 8), scheduler.timesteps[done - 1], latents)
        held.append((soft.held(latents, scheduler, done, 4) != latents)[0, 0])
    outside = ~torch.from_numpy(hole[::8, ::8])
    assert not any((waiting & outside).any() for waiting in held)
    assert all((held[n] | held[n + 1]).equal(held[n]) for n in range(3)), "none goes back to wait"
    assert held[0].any()
    assert not held[0][4, 4], "the middle never waits"
    assert not held[3].any()


@pytest.mark.parametrize(("build", "channels"), BUILDERS)
@pytest.mark.parametrize("strength", [1.0, 0.7])
def test_softness_tells_in_the_picture_and_can_be_repeated(
    build: Any, channels: int, strength: float
) -> None:
    painter = StablePainter(build(channels=channels), INFO)
    hard = paint(painter, strength=strength)
    soft = paint(painter, strength=strength, softness=24)
    assert not same(hard, soft)
    assert same(soft, paint(painter, strength=strength, softness=24))
    assert same(hard, paint(painter, strength=strength, softness=0))
    assert not same(soft, paint(painter, strength=strength, softness=12))


def test_soft_pictures_stay_closer_to_the_original_at_the_border() -> None:
    painter = StablePainter(tiny_sdxl_inpaint(channels=4), INFO)
    given = paint(painter, strength=0.05, steps=20)
    rim = HOLE & (strengths(HOLE, 8) < 1)

    def away(softness: int) -> float:
        painted = paint(painter, softness=softness, steps=8)
        return float(np.abs(painted.rgb[rim].astype(float) - given.rgb[rim]).mean())

    assert away(32) < away(0)


def test_a_whole_picture_has_no_border_to_be_soft_at() -> None:
    painter = StablePainter(tiny_sdxl_inpaint(channels=9), INFO)
    assert same(paint(painter, WHOLE), paint(painter, WHOLE, softness=16))


@pytest.mark.parametrize("name", INFO.schedulers)
def test_every_scheduler_can_be_soft(name: str) -> None:
    painter = StablePainter(tiny_sd_inpaint(), INFO)
    assert not same(paint(painter, scheduler=name, softness=24), paint(painter, scheduler=name))
