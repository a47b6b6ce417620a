"""Latents of the newer families: how they lie in memory, and what a VAE makes of pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as nn

Spread = Callable[[torch.Tensor, int, int], torch.Tensor]
"""From (latents as they are denoised, a picture's height and width) to BxCxhxw."""


def encode_kl(vae: Any, pictures: torch.Tensor) -> torch.Tensor:
    """For `AutoencoderKL` with a shift: SD 3, Z-Image, FLUX.1."""
    mode = vae.encode(pictures).latent_dist.mode()
    return torch.as_tensor((mode - (vae.config.shift_factor or 0.0)) * vae.config.scaling_factor)


def encode_flux2(vae: Any, pictures: torch.Tensor) -> torch.Tensor:
    """For `AutoencoderKLFlux2`: squares of 2 x 2 become channels, which are then normalised."""
    folded = nn.pixel_unshuffle(vae.encode(pictures).latent_dist.mode(), 2)
    centre = vae.bn.running_mean.view(1, -1, 1, 1).to(folded)
    variance = vae.bn.running_var.view(1, -1, 1, 1).to(folded)
    return torch.as_tensor((folded - centre) / (variance + vae.config.batch_norm_eps).sqrt())


def encode_qwen(vae: Any, pictures: torch.Tensor) -> torch.Tensor:
    """For `AutoencoderKLQwenImage`, which takes films: a picture is one of one frame."""
    mode = vae.encode(pictures[:, :, None]).latent_dist.mode()[:, :, 0]
    centre, spread = (
        torch.tensor(values).view(1, -1, 1, 1).to(mode)
        for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    return torch.as_tensor((mode - centre) / spread)


def encode_movq(vae: Any, pictures: torch.Tensor) -> torch.Tensor:
    """For the `VQModel` of Kandinsky."""
    return torch.as_tensor(vae.encode(pictures).latents)


def as_they_are(latents: torch.Tensor, _height: int, _width: int) -> torch.Tensor:
    """For latents that lie as BxCxhxw."""
    return latents


def laid_out(latents: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """For latents in rows of one position each, B x positions x C, of a picture's proportions."""
    positions = latents.shape[1]
    wanted = math.log(max(1.0, math.sqrt(positions * height / width)))
    rows = min(
        (n for n in range(1, positions + 1) if positions % n == 0),
        key=lambda n: abs(math.log(n) - wanted),
    )
    return latents.transpose(1, 2).reshape(len(latents), -1, rows, positions // rows)


def unfolded(latents: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """For latents laid out so, whose channels hold squares of 2 x 2: FLUX.1, Qwen-Image."""
    return nn.pixel_shuffle(laid_out(latents, height, width), 2)


class Finished:
    """What a scheduler's last step takes the finished latents to be: `latents`, at first None."""

    def __init__(self) -> None:
        self.latents: torch.Tensor | None = None

    @contextmanager
    def listening(self, scheduler: Any) -> Iterator[None]:
        """Take a guess from every step of `scheduler` inside."""
        step = scheduler.step

        def heard(output: torch.Tensor, time: Any, sample: torch.Tensor, **options: Any) -> Any:
            result = step(output, time, sample, **options)
            self.latents = _finished(scheduler, output, sample, result)
            return result

        scheduler.step = heard
        try:
            yield
        finally:
            del scheduler.step


def _finished(
    scheduler: Any, output: torch.Tensor, sample: torch.Tensor, result: Any
) -> torch.Tensor:
    """Solve for the finished latents: on a straight line from noise they lie at sigma 0.

    Schedulers of the older kind tell it by themselves.
    """
    told = getattr(result, "pred_original_sample", None)
    if told is not None:
        return torch.as_tensor(told)
    sigma = float(scheduler.sigmas[scheduler.step_index - 1])
    return sample.detach().float() - sigma * output.detach().float()
