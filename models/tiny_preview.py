"""A preview by a tiny decoder of latents (TAESD, Bohan 2023): a picture where a map gives colours.

It costs an eighteenth of the VAE's decoder at the same size; here it runs on reduced latents, a
small part of a step's work.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
import torch.nn.functional as nn

from inpainting.types import Rgb
from models.device import unless_out_of_memory

MOST_LATENTS = 48
"""Longer side of what is decoded: 384 pixels, where the decoder makes eight of a latent."""

_LOG = logging.getLogger(__name__)


class TinyDecoder:
    """Decodes small copies of latents by a loaded diffusers `AutoencoderTiny`, where that is.

    `most_latents` bounds the longer side of the copies.
    """

    def __init__(self, vae: Any, most_latents: int = MOST_LATENTS) -> None:
        self._vae = vae.eval().requires_grad_(False)
        self._most = most_latents

    @property
    def model(self) -> Any:
        """The `AutoencoderTiny`, for whoever moves models about."""
        return self._vae

    @torch.no_grad()
    def picture(self, latents: torch.Tensor) -> Rgb | None:
        """Return `latents` 1xCxhxw, as the UNet works on them, as hxwx3 uint8.

        The picture's sides are those of the reduced latents times the decoder's factor (8 for
        TAESD). None where the decoder fails, as for want of memory or in numbers that are none: a
        preview is not worth a job.
        """
        try:
            return unless_out_of_memory(lambda: self._decode(latents))
        except RuntimeError:
            _LOG.warning("A preview could not be decoded.", exc_info=True)
            return None

    def _decode(self, latents: torch.Tensor) -> Rgb | None:
        vae = self._vae
        # In 32 bits: not every device reduces halves.
        small = reduced(latents[:1].detach().float(), self._most)
        small = small.to(vae.device, vae.dtype) / vae.config.scaling_factor
        decoded = vae.decode(small, return_dict=False)[0][0].float()
        if not bool(decoded.isfinite().all()):
            return None
        # From -1 to 1, as every VAE of diffusers decodes.
        values = decoded.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
        return np.ascontiguousarray(values.permute(1, 2, 0).cpu().numpy())


def reduced(latents: torch.Tensor, most: int) -> torch.Tensor:
    """Return latents NxCxhxw, no side longer than `most`, by means over equal areas."""
    height, width = latents.shape[-2:]
    longest = max(height, width)
    if longest <= most:
        return latents
    size = tuple(max(1, round(side * most / longest)) for side in (height, width))
    return nn.interpolate(latents, size=size, mode="area")
