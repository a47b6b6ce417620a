"""One level of a picture with a hole, as patches: where they can be taken from and are needed.

A patch is a square of (2 * radius + 1) pixels a side, named by its middle. Places are flat: row *
width + column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.types import Mask

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

CHUNK = 8_192
"""Patches laid out at a time: bounds the memory, 8 MB for patches of 7 x 7 pixels and 5 numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A picture, HxWxC float32; its hole, HxW, whose content is zero; and its patches' radius.

    `sources` are the places of patches without hole that lie wholly inside; `valid` HW says which
    places these are. `targets` are the places of patches that touch the hole, `index` HW+1 their
    number or -1, with a last -1 for places outside. `pixels` are the places of the hole.
    """

    picture: Floats
    hole: Mask
    radius: int
    sources: Places
    valid: Mask
    targets: Places
    index: Places
    pixels: Places

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.hole.shape[0], self.hole.shape[1]


def level_of(picture: Floats, hole: Mask, radius: int) -> Level:
    """Work out the places of a picture, HxWxC, and its hole, HxW."""
    touched = widened(hole, radius)
    inside = np.zeros(hole.shape, np.bool_)
    inside[radius : hole.shape[0] - radius, radius : hole.shape[1] - radius] = True
    valid = (inside & ~touched).ravel()
    targets = np.flatnonzero(touched)
    index = np.full(hole.size + 1, -1, np.int64)
    index[targets] = np.arange(len(targets))
    kept = np.where(hole[..., None], np.float32(0), picture)
    sources, pixels = np.flatnonzero(valid), np.flatnonzero(hole)
    return Level(kept, hole, radius, sources, valid, targets, index, pixels)


def widened(mask: Mask, radius: int) -> Mask:
    """Return HxW, True where a pixel of `mask` is at most `radius` rows and columns away."""
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), square) > 0)


def depth_of(hole: Mask) -> Floats:
    """Return HxW, how far each pixel of the hole is from what is kept, in pixels."""
    return np.asarray(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def steps(radius: int) -> list[tuple[int, int]]:
    """Return the (row, column) steps from a patch's middle to each of its pixels."""
    reach = range(-radius, radius + 1)
    return [(row, column) for row in reach for column in reach]


def moved(level: Level, places: Places, step: tuple[int, int]) -> Places:
    """Return places moved by (rows, columns); those that leave the picture become H * W."""
    height, width = level.size
    rows, columns = places // width + step[0], places % width + step[1]
    outside = (rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)
    return np.where(outside, height * width, rows * width + columns)


def patches_at(picture: Floats, places: Places, radius: int) -> Floats:
    """Return the patches of HxWxC at N places, as NxD: rows, columns, then channels.

    Beyond the picture's border it is mirrored.
    """
    chunks = [patches for _, patches in patches_by(picture, places, radius)]
    if not chunks:
        return np.zeros((0, (2 * radius + 1) ** 2 * picture.shape[2]), np.float32)
    return np.concatenate(chunks)


def patches_by(picture: Floats, places: Places, radius: int) -> Iterator[tuple[Places, Floats]]:
    """Yield chunks of the places, each with its patches, as `patches_at` would return them."""
    width, channels = picture.shape[1], picture.shape[2]
    side, edge = 2 * radius + 1, (radius, radius)
    rows = np.pad(picture, (edge, edge, (0, 0)), mode="symmetric").reshape(-1, 1)
    down = (width + 2 * radius) * channels * rows.strides[0]
    strips: Floats = np.lib.stride_tricks.as_strided(
        rows,
        (picture.shape[0], width, side, side * channels),
        (down, channels * rows.strides[0], down, rows.strides[0]),
        writeable=False,
    )
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        yield chunk, strips[chunk // width, chunk % width].reshape(len(chunk), -1)
