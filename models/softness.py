"""Soft inpainting: the repaint grows from the hole's middle to its border, not all at once.

Differential diffusion (Levin and Fried 2023): each pixel has a strength of its own, which is the
share of the steps that it takes part in; before its time it is the noised original.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as nn
from numpy.typing import NDArray

from inpainting.types import Mask


def strengths(hole: Mask, softness: int) -> NDArray[np.float32]:
    """Return HxW float32: 0 outside the hole, rising to 1 at `softness` pixels inside its border.

    The picture's own border is not the hole's.
    """
    inside = np.ascontiguousarray(hole).view(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.minimum(depth / max(softness, 1), 1), np.float32)


class SoftHole:
    """Holds latents of one job back until their time comes.

    `original` 1xCxhxw are the latents of the picture, `hole` and `softness` in its pixels, `seed`
    the job's: its noise is drawn on the CPU, so it is the same on every device.
    """

    def __init__(self, original: torch.Tensor, hole: Mask, softness: int, seed: int) -> None:
        self._original = original
        generator = torch.Generator("cpu").manual_seed(seed)
        noise = torch.randn(original.shape, generator=generator)
        self._noise = noise.to(original.device, original.dtype)
        size = original.shape[-2:]
        whole = torch.from_numpy(strengths(hole, softness))[None, None]
        self._strengths = nn.interpolate(whole, size=size, mode="area").to(original.device)
        # By nearest pixel, as the pipelines reduce their own mask: outside of it nothing is held.
        inside = torch.from_numpy(hole.astype(np.float32))[None, None]
        self._inside = nn.interpolate(inside, size=size).to(original.device) > 0.5

    def held(self, latents: torch.Tensor, scheduler: Any, done: int, total: int) -> torch.Tensor:
        """Return the latents after `done` of `total` steps, with those held back that must wait.

        `scheduler` is the job's own one, right after its step.
        """
        if done >= total:
            return latents
        time = scheduler.timesteps[done - total].reshape(1)
        waiting = self._inside & (self._strengths < 1 - done / total)
        noised = scheduler.add_noise(self._original, self._noise, time)
        return torch.where(waiting, noised.to(latents.dtype), latents)
