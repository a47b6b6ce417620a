"""Photos made in memory, and a studio of fakes, for the tests of the page."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inpainting.photo import encode_png, open_photo
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import Photo, Rgb
from tests.support.fakes import FakePainter, FakeSegmenter


def noise(width: int = 64, height: int = 48, seed: int = 0) -> Rgb:
    """Return a picture HxWx3 in which no two regions look alike."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def png(rgb: Rgb) -> bytes:
    """Return a picture as a PNG file."""
    return encode_png(Photo(rgb, rgb, None, None))


def photo(width: int = 64, height: int = 48, seed: int = 0) -> Photo:
    """Return an opened photo of noise."""
    return open_photo(png(noise(width, height, seed)), "noise.png")


def fake_studio(
    before_step: Callable[[int], None] | None = None, settings: Settings | None = None
) -> Studio:
    """Return a studio on a FakeSegmenter and a FakePainter."""
    return Studio(FakeSegmenter(), FakePainter(before_step), settings)
