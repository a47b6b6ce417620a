"""A small picture of what is coming, after each step: the UNet's own guess, and a linear map.

The guess at the finished latents is clear long before the latents themselves are; the map gives
their colours without the decoder, which would cost as much as several steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as nn
from numpy.typing import NDArray

from inpainting.types import Rgb
from models.decoding import encode

Encode = Callable[[Any, torch.Tensor], torch.Tensor]
"""From (VAE, pictures Bx3xHxW of -1 to 1) to latents as they are denoised, BxCxhxw."""

MAX_SIDE = 128
"""Longest side of a preview in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """`rgb = factors @ latent + bias`; factors 3xC float32, bias 3 float32, rgb in 0-255.

    `latent` is what the UNet works on, of a standard deviation near 1.
    """

    factors: NDArray[np.float32]
    bias: NDArray[np.float32]


SDXL_PROJECTION = Projection(
    np.array([[60, -60, 25, -70], [60, -5, 15, -50], [60, 10, -5, -35]], np.float32),
    np.array([150, 140, 130], np.float32),
)
"""For the VAE of SDXL, by T. A. Vass, "Explaining the SDXL latent space"; see diffusers' guide on
pipeline callbacks."""


def project(latents: torch.Tensor, projection: Projection) -> Rgb:
    """Return a preview hxwx3 uint8 of `latents` 1xCxhxw, no side longer than `MAX_SIDE`."""
    values = latents[:1].detach().to("cpu", torch.float32)
    longest = max(values.shape[-2:])
    if longest > MAX_SIDE:
        height, width = (max(1, side * MAX_SIDE // longest) for side in values.shape[-2:])
        values = nn.interpolate(values, size=(height, width), mode="area")
    rgb = np.einsum("rc,chw->hwr", projection.factors, values[0].numpy()) + projection.bias
    return np.asarray(np.nan_to_num(rgb).clip(0, 255).astype(np.uint8))


class Guess:
    """What the UNet takes the finished latents to be: `latents` nxCxhxw float32, at first None.

    Built for one job of n `pictures` from its scheduler's `alphas_cumprod` and prediction type, and
    its guidance. Of a run of the UNet on 2n the first half is that without the prompts.
    """

    def __init__(self, scheduler: Any, guidance: float, pictures: int = 1) -> None:
        self.latents: torch.Tensor | None = None
        self._alphas = scheduler.alphas_cumprod
        self._kind = scheduler.config.prediction_type
        self._guidance = guidance
        self._pictures = pictures

    @contextmanager
    def listening(self, unet: torch.nn.Module) -> Iterator[None]:
        """Take a guess from every run of `unet` inside."""
        handle = unet.register_forward_hook(self._hear)
        try:
            yield
        finally:
            handle.remove()

    def _hear(self, _unet: torch.nn.Module, inputs: tuple[Any, ...], outputs: Any) -> None:
        predicted = outputs[0].detach().float()
        noisy = inputs[0][:, : predicted.shape[1]].detach().float()
        if len(predicted) == 2 * self._pictures:
            without, with_prompt = predicted.chunk(2)
            predicted = without + self._guidance * (with_prompt - without)
        # With steps_offset 1 and as many steps as were trained the first lies one beyond the table.
        time = min(round(float(inputs[1])), len(self._alphas) - 1)
        self.latents = _finished(
            self._kind, noisy[: self._pictures], predicted, float(self._alphas[time])
        )


def _finished(
    kind: str, noisy: torch.Tensor, predicted: torch.Tensor, alpha: float
) -> torch.Tensor:
    """Solve for the finished latents; `alpha` is the share of signal in `noisy`, by power.

    Salimans and Ho, Progressive Distillation (2022), appendix D.
    """
    signal, noise = alpha**0.5, (1 - alpha) ** 0.5
    if kind == "epsilon":
        return noisy.sub(predicted, alpha=noise).div(signal)
    return noisy.mul(signal).sub(predicted, alpha=noise) if kind == "v_prediction" else predicted


@torch.no_grad()
def fit_projection(vae: Any, encoded: Encode, device: torch.device, side: int = 128) -> Projection:
    """Fit the map to a VAE by least squares on what it makes of smooth pictures in all colours.

    Costs one encoding of sixteen pictures of that side, on `device`, where the VAE runs.
    """
    coarse = torch.rand(16, 3, 4, 4, generator=torch.Generator("cpu").manual_seed(0))
    pictures = nn.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)
    latents = encoded(vae, (pictures * 2 - 1).to(device, vae.dtype)).float().cpu()
    points = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    height, width = latents.shape[-2:]
    small = nn.adaptive_avg_pool2d(pictures, (height, width))
    colours = small.permute(0, 2, 3, 1).reshape(-1, 3) * 255
    design = np.column_stack([points.numpy(), np.ones(len(points))])
    solution, *_ = np.linalg.lstsq(design, colours.numpy(), rcond=None)
    return Projection(solution[:-1].T.astype(np.float32), solution[-1].astype(np.float32))


def projection_for(vae: Any, device: torch.device) -> Projection:
    """Return the published map for a VAE of SDXL, told by its scaling factor; else fit one.

    `device` is where the VAE runs, which under offload is not where it waits.
    """
    if len(vae.config.block_out_channels) == 4 and vae.config.scaling_factor == 0.13025:
        return SDXL_PROJECTION
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    return fit_projection(vae, encode, device, 8 * factor)
