"""Latents of the newer families: laid out as their pipelines lay them, and mapped to colours."""

from __future__ import annotations

from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from models.families import FAMILIES
from models.flow_latents import Finished, laid_out, unfolded
from models.preview import fit_projection, project
from tests.support.tiny_flow import tiny_pipeline

CPU = torch.device("cpu")


@pytest.mark.parametrize(("rows", "columns"), [(4, 8), (3, 5), (1, 7), (6, 6)])
def test_squares_are_unfolded_as_the_pipeline_unpacks_them(rows: int, columns: int) -> None:
    latents = torch.randn(1, rows * columns, 16, generator=torch.Generator().manual_seed(0))
    height, width = rows * 16, columns * 16
    theirs = diffusers.FluxFillPipeline._unpack_latents(latents, height, width, 8)
    assert torch.equal(unfolded(latents, height, width), theirs)


def test_rows_are_laid_out_line_by_line() -> None:
    grid = torch.arange(2 * 3 * 4).reshape(1, 2, 3, 4)
    packed = grid.flatten(2).transpose(1, 2)
    assert torch.equal(laid_out(packed, 300, 400), grid)


@pytest.mark.parametrize("kind", sorted(FAMILIES))
def test_the_map_has_a_factor_for_each_channel(kind: str) -> None:
    family, pipeline = FAMILIES[kind], tiny_pipeline(kind)
    vae = getattr(pipeline, family.vae)
    projection = fit_projection(vae, family.encode, CPU)
    latents = family.encode(vae, torch.zeros(1, 3, 64, 64))
    assert projection.factors.shape == (3, latents.shape[1])
    assert np.isfinite(projection.factors).all()
    preview = project(latents.detach(), projection)
    assert preview.shape == (*latents.shape[-2:], 3)


class Squeezer:
    """Stands for a VAE whose latents are the mean colours of squares of 8 x 8 pixels."""

    dtype = torch.float32


def test_the_map_gives_the_colours_back() -> None:
    def encode(_vae: Any, pictures: torch.Tensor) -> torch.Tensor:
        small = torch.nn.functional.avg_pool2d(pictures, 8)
        return torch.cat([small[:, 1:] * 3, small[:, :1] - 1], dim=1)

    projection = fit_projection(Squeezer(), encode, CPU)
    colour = torch.tensor([0.5, -0.25, 0.0]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    seen = project(encode(None, colour), projection)
    assert np.allclose(seen[0, 0], [191.25, 95.6, 127.5], atol=1.5)


def test_flow_schedulers_tell_the_end_of_the_line() -> None:
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(4)
    end, noise = torch.full((1, 4), 0.3), torch.full((1, 4), -1.2)
    sample, guess = noise, Finished()
    with guess.listening(scheduler):
        for time in scheduler.timesteps:
            sample = scheduler.step(noise - end, time, sample, return_dict=False)[0]
            assert guess.latents is not None
            assert torch.allclose(guess.latents, end, atol=1e-5)
    assert torch.allclose(sample, end, atol=1e-5)
    assert "step" not in vars(scheduler)


def test_older_schedulers_tell_it_themselves() -> None:
    scheduler = diffusers.DDPMScheduler(clip_sample=False)
    scheduler.set_timesteps(4)
    guess = Finished()
    with guess.listening(scheduler):
        told = scheduler.step(torch.zeros(1, 4), scheduler.timesteps[0], torch.ones(1, 4))
    assert guess.latents is not None
    assert torch.equal(guess.latents, told.pred_original_sample)
