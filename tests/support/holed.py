"""Pictures with holes: noise of any aspect, and one smooth scene."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from inpainting.types import Mask, Rgb, Size


@st.composite
def sizes(draw: st.DrawFn, most: int = 160) -> Size:
    """(width, height) of any aspect from 1:8 to 8:1."""
    longer = draw(st.integers(1, most))
    shorter = max(1, math.ceil(longer / draw(st.floats(1, 8))))
    return (longer, shorter) if draw(st.booleans()) else (shorter, longer)


@st.composite
def photos(draw: st.DrawFn, most: int = 160) -> tuple[Rgb, Mask]:
    """A picture of noise with a mask: nothing, speckle, blocks, or everything."""
    width, height = draw(sizes(most))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    block = draw(st.sampled_from([1, 4, 16]))
    cells = generator.random((height // block + 1, width // block + 1))
    share = draw(st.sampled_from([0.0, 0.05, 0.5, 0.97, 1.0]))
    mask = np.kron(cells < share, np.ones((block, block), np.bool_))[:height, :width]
    return noise((width, height), draw(st.integers(0, 99))), np.ascontiguousarray(mask)


def noise(size: Size, seed: int = 0) -> Rgb:
    shape = (size[1], size[0], 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def scene() -> Rgb:
    """A smooth picture with colour and light and dark, 96x128."""
    ramp = np.linspace(60, 190, 128)[None, :] * np.ones((96, 1))
    waves = 20 * np.sin(np.indices((96, 128))[0] / 5)
    return np.stack([ramp + waves, ramp * 0.8 + 30, 220 - ramp], axis=-1).astype(np.uint8)


def middle(size: Size = (128, 96)) -> Mask:
    hole = np.zeros((size[1], size[0]), np.bool_)
    hole[size[1] // 4 : -size[1] // 4, size[0] // 4 : -size[0] // 4] = True
    return hole
