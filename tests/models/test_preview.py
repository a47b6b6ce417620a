"""Previews: small, in time, and of the right colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler

from models.preview import (
    MAX_SIDE,
    SDXL_PROJECTION,
    Guess,
    Projection,
    fit_projection,
    project,
    projection_for,
)
from tests.support.tiny import tiny_sdxl_inpaint

CPU = torch.device("cpu")


@pytest.mark.parametrize("side", [(4, 4), (32, 48), (128, 128), (300, 100), (8, 2000)])
def test_a_preview_keeps_the_aspect_and_is_small(side: tuple[int, int]) -> None:
    rgb = project(torch.randn(1, 4, *side, generator=torch.Generator()), SDXL_PROJECTION)
    assert rgb.dtype == np.uint8
    assert max(rgb.shape[:2]) == min(MAX_SIDE, max(side))
    assert rgb.shape[1] / rgb.shape[0] == pytest.approx(side[1] / side[0], rel=0.5)


def test_latents_that_are_not_finite_give_a_preview_all_the_same() -> None:
    rgb = project(torch.full((1, 4, 8, 8), float("nan"), dtype=torch.float16), SDXL_PROJECTION)
    assert rgb.shape == (8, 8, 3)


def test_the_map_of_sdxl_gives_grey_for_nothing_and_clips() -> None:
    assert project(torch.zeros(1, 4, 2, 2), SDXL_PROJECTION)[0, 0].tolist() == [150, 140, 130]
    assert project(torch.full((1, 4, 2, 2), 1e6), SDXL_PROJECTION).max() == 255


class Averager:
    """A VAE with a known answer: latents are the means of 8x8 pixels, and a fourth channel of 0."""

    def __init__(self) -> None:
        config = {"block_out_channels": (1, 1, 1, 1), "scaling_factor": 0.5}
        self.config = type("Config", (), config)
        # Where it waits for its turn; it comes to the pictures by itself.
        self.device, self.dtype = torch.device("meta"), torch.float32
        self.latent_dist = self

    def encode(self, pictures: torch.Tensor) -> Averager:
        means = torch.nn.functional.avg_pool2d(pictures, 8)
        self._means = torch.cat([means, torch.zeros_like(means[:, :1])], dim=1)
        return self

    def mode(self) -> torch.Tensor:
        return self._means


def test_the_fit_finds_the_colours_of_a_vae() -> None:
    def encoded(vae: Averager, pictures: torch.Tensor) -> torch.Tensor:
        return vae.encode(pictures).mode() * 0.5

    projection = fit_projection(Averager(), encoded, CPU, 64)
    latents = torch.tensor([1.0, -1.0, 0.0, 0.0]).view(1, 4, 1, 1) * 0.5
    assert project(latents, projection)[0, 0].tolist() == pytest.approx([255, 0, 127], abs=1)


def test_a_real_vae_is_fitted_unless_it_is_that_of_sdxl() -> None:
    vae = tiny_sdxl_inpaint().vae
    fitted = projection_for(vae, CPU)
    assert fitted.factors.shape == (3, 4)
    assert np.isfinite(fitted.factors).all()
    assert np.isfinite(fitted.bias).all()
    assert isinstance(fitted, Projection)
    vae.register_to_config(scaling_factor=0.13025)
    assert projection_for(vae, CPU) is SDXL_PROJECTION


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
@pytest.mark.parametrize("pictures", [1, 2, 3])
def test_a_guess_solves_for_the_latents_that_were_made_noisy(
    kind: str, guidance: float, pictures: int
) -> None:
    scheduler: Any = DDIMScheduler(prediction_type=kind)
    clean, noise = torch.randn(2, pictures, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    time = torch.tensor([500])
    noisy = scheduler.add_noise(clean, noise, time)
    truth = {
        "epsilon": noise,
        "v_prediction": scheduler.get_velocity(clean, noise, time),
        "sample": clean,
    }[kind]
    halves = 1 if guidance == 1.0 else 2

    class Knowing(torch.nn.Module):
        """A UNet that predicts the truth, with and without a prompt."""

        def forward(self, sample: torch.Tensor, time: torch.Tensor) -> tuple[torch.Tensor]:
            del sample, time
            return (torch.cat([truth] * halves),)

    unet, guess = Knowing(), Guess(scheduler, guidance, pictures)
    assert guess.latents is None
    with guess.listening(unet):
        unet(torch.cat([torch.cat([noisy, noisy], dim=1)] * halves), torch.tensor(500.0))
    assert guess.latents is not None
    assert torch.allclose(guess.latents, clean, atol=1e-4)
    guess.latents = None
    unet(noisy, time)
    assert guess.latents is None


@pytest.mark.parametrize("pictures", [1, 2, 3])
def test_a_guess_mixes_the_halves_of_a_guided_run_picture_by_picture(pictures: int) -> None:
    scheduler: Any = DDIMScheduler(prediction_type="sample")
    without, given = torch.randn(2, pictures, 4, 6, 6, generator=torch.Generator().manual_seed(0))

    class Two(torch.nn.Module):
        """A UNet with an answer of its own for each half, as under guidance, or for one alone."""

        def forward(self, sample: torch.Tensor, time: torch.Tensor) -> tuple[torch.Tensor]:
            del time
            return (torch.cat([without, given])[-len(sample) :],)

    unet, guess, time = Two(), Guess(scheduler, 3.0, pictures), torch.tensor(500.0)
    with guess.listening(unet):
        unet(torch.zeros(2 * pictures, 9, 6, 6), time)
        assert guess.latents is not None
        assert torch.allclose(guess.latents, without + 3 * (given - without), atol=1e-5)
        unet(torch.zeros(pictures, 9, 6, 6), time)
        assert torch.equal(guess.latents, given)
