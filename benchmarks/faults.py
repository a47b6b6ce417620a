"""A painter that repaints ideally but for a known fault, which shows what compositing mends."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.seam_metrics import to_lab
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Progress, Rgb

NATIVE_SIDE = 256


@dataclass(frozen=True, slots=True)
class IdealPainter:
    """Returns the picture it gets, through the round trip of a `vae`, or with a colour `cast`.

    The cast is drawn from the seed: Lab means move by about 3, the spread of L by up to 12 %. Given
    a photo whose hole keeps its content, the right result is the photo itself.
    """

    vae: Any = None
    cast: bool = False
    info: ModelInfo = field(
        default_factory=lambda: ModelInfo(
            "ideal", "Ideal painter", "this project", "1", "Apache-2.0", native_side=NATIVE_SIDE
        )
    )

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Yield the picture with its faults; the hole makes no difference."""
        assert hole.shape == rgb.shape[:2]
        painted = rgb if self.vae is None else round_trip(self.vae, rgb)
        yield Painted(tinted(painted, settings.seed) if self.cast else painted)


def round_trip(vae: Any, rgb: Rgb) -> Rgb:
    """Return a picture, HxWx3 with sides that are multiples of 8, as a VAE gives it back."""
    pixels = torch.from_numpy(rgb.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.no_grad():
        decoded = vae.decode(vae.encode(pixels).latent_dist.mode()).sample[0]
    levels = (decoded.clamp(-1, 1).permute(1, 2, 0).numpy() + 1) * 127.5
    return np.asarray(np.rint(levels), np.uint8)


def tinted(rgb: Rgb, seed: int) -> Rgb:
    """Return a picture with a colour cast that a seed draws."""
    generator = np.random.default_rng(seed)
    shift = generator.normal(0, 3, 3)
    gain = np.array([generator.uniform(0.88, 1.12), 1, 1])
    lab = to_lab(rgb)
    centre = lab.mean(axis=(0, 1))
    changed = ((lab - centre) * gain + centre + shift).astype(np.float32)
    back = np.clip(cv2.cvtColor(changed, cv2.COLOR_Lab2RGB), 0, 1)
    return np.asarray(np.rint(back * 255), np.uint8)
