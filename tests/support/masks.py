"""Small masks of every kind, and the slow, plain way to work on them."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpainting.types import Mask

distances = st.one_of(st.integers(0, 9), st.floats(0, 9))


@st.composite
def masks(draw: st.DrawFn, longest: int = 24) -> Mask:
    """Speckle, blocks or nothing on a picture of any aspect, down to one pixel."""
    height, width = draw(st.integers(1, longest)), draw(st.integers(1, longest))
    return draw(masks_of((width, height)))


@st.composite
def masks_of(draw: st.DrawFn, size: tuple[int, int]) -> Mask:
    """Speckle, blocks or nothing on a picture of `size` (width, height)."""
    width, height = size
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    block = draw(st.sampled_from([1, 1, 3, 5]))
    cells = noise.random((height // block + 1, width // block + 1))
    share = draw(st.sampled_from([0.0, 0.03, 0.3, 0.6, 0.95, 1.0]))
    mask: Mask = np.kron(cells < share, np.ones((block, block), np.bool_))[:height, :width]
    return np.ascontiguousarray(mask)


def brute_distance(mask: Mask) -> NDArray[np.float64]:
    """Distance of every pixel to the nearest True pixel, by comparing all with all."""
    ys, xs = np.nonzero(mask)
    if not len(ys):
        return np.full(mask.shape, math.inf)
    height, width = mask.shape
    squares = (np.arange(height)[:, None, None] - ys) ** 2 + (np.arange(width)[:, None] - xs) ** 2
    return np.asarray(np.sqrt(squares.min(axis=-1)), np.float64)


def brute_pieces(mask: Mask, diagonal: bool) -> list[Mask]:
    """Each connected piece of the mask as a mask of its own, by flooding from pixel to pixel."""
    steps = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if diagonal or abs(y) + abs(x) == 1]
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    pieces = []
    while left:
        piece, front = np.zeros_like(mask), [left.pop()]
        while front:
            y, x = front.pop()
            piece[y, x] = True
            near = {(y + dy, x + dx) for dy, dx in steps} & left
            left -= near
            front += near
        pieces.append(piece)
    return pieces


def disc(side: int, radius: float) -> Mask:
    """A disc in the middle of a square picture."""
    across = np.arange(side) - side // 2
    return np.asarray(np.hypot(across, across[:, None]) <= radius, np.bool_)
