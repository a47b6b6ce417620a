"""A mask of the reduced photo brought to full size along the photo's own edges.

A guided filter (He, Sun, Tang 2013, "Guided image filtering") written with box filters; its
coefficients are computed on a middle size and applied at full size (He and Sun 2015, "Fast guided
filter"), in those tiles alone that the outline passes.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.types import Mask, Rgb
from models.geodesic import Field

_TILE = 24
_EPSILON = 0.02
_BAND = 2

Tile = tuple[slice, slice]


def refine(rgb: Rgb, middle: Rgb, small: Rgb, mask: Mask) -> Mask:
    """Return an hxw mask of a photo as HxW at the photo's size.

    `rgb` HxWx3 uint8 at full size, `middle` the same reduced or `rgb` itself, no smaller than the
    mask, `small` hxwx3 the same at the mask's size. The outline moves by at most two pixels of the
    mask.
    """
    height, width = rgb.shape[:2]
    full = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    band = _band(mask)
    if not band.any():
        return full > 0
    direction = _telling_direction(small, mask, band)
    maps = _maps(middle, mask, band, direction)
    for tile in _tiles(band, (height, width)):
        slope, offset, nearby = cv2.split(_part(maps, tile, (height, width)))
        smooth = slope * _guide(rgb[tile], direction) + offset
        np.copyto(full[tile], smooth > 0.5, where=nearby > 0.01)
    return np.asarray(full > 0)


def _band(mask: Mask) -> Mask:
    grey = mask.astype(np.uint8)
    square = np.ones((2 * _BAND + 1, 2 * _BAND + 1), np.uint8)
    return np.asarray(cv2.dilate(grey, square) > cv2.erode(grey, square))


def _telling_direction(small: Rgb, mask: Mask, band: Mask) -> NDArray[np.float64]:
    """Return the 3 weights of R, G, B that best tell the sides of the outline apart (Fisher)."""
    inside, outside = small[band & mask] / 255.0, small[band & ~mask] / 255.0
    if len(inside) < 4 or len(outside) < 4:
        return np.array([0.299, 0.587, 0.114])
    scatter = np.cov(inside.T) + np.cov(outside.T) + 0.005 * np.eye(3)
    weights = np.linalg.solve(scatter, inside.mean(axis=0) - outside.mean(axis=0))
    return np.asarray(weights / max(1e-9, float(np.abs(weights).sum())))


def _guide(rgb: Rgb, direction: NDArray[np.float64]) -> Field:
    return np.asarray(cv2.transform(rgb.astype(np.float32), direction[None] / 255), np.float32)


def _maps(middle: Rgb, mask: Mask, band: Mask, direction: NDArray[np.float64]) -> Field:
    """Return slope, offset and nearness to the band, at the middle size: HxWx3.

    Slopes and offsets are worked out in the band's bounding box alone, and 0 elsewhere.
    """
    reach = max(2, round(2 * middle.shape[1] / mask.shape[1]))
    nearby = _like(middle, band)
    x, y, width, height = cv2.boundingRect((nearby > 0).astype(np.uint8))
    rows = slice(max(0, y - 2 * reach), y + height + 2 * reach)
    columns = slice(max(0, x - 2 * reach), x + width + 2 * reach)
    soft, guide = _like(middle, mask)[rows, columns], _guide(middle[rows, columns], direction)
    maps = np.zeros((*nearby.shape, 3), np.float32)
    maps[rows, columns, 0], maps[rows, columns, 1] = _coefficients(soft, guide, 2 * reach + 1)
    maps[..., 2] = nearby
    return maps


def _coefficients(soft: Field, guide: Field, side: int) -> tuple[Field, Field]:
    """Return slope and offset of the line from guide to mask around each pixel."""

    def mean(values: NDArray[np.float32]) -> Field:
        return np.asarray(cv2.blur(values, (side, side)), np.float32)

    mean_guide, mean_soft = mean(guide), mean(soft)
    spread = np.maximum(mean(guide * guide) - mean_guide**2, 0)
    slope = (mean(guide * soft) - mean_guide * mean_soft) / (spread + _EPSILON**2)
    return mean(slope), mean(mean_soft - slope * mean_guide)


def _like(middle: Rgb, mask: Mask) -> Field:
    size = middle.shape[1], middle.shape[0]
    return np.asarray(cv2.resize(mask.astype(np.float32), size), np.float32)


def _tiles(band: Mask, shape: tuple[int, int]) -> Iterator[Tile]:
    # In a small photo more tiles cost more than more pixels.
    side = _TILE if max(shape) > 4 * max(band.shape) else 2 * _TILE
    for top in range(0, band.shape[0], side):
        for left in range(0, band.shape[1], side):
            if band[top : top + side, left : left + side].any():
                yield (
                    _scaled(top, side, band.shape[0], shape[0]),
                    _scaled(left, side, band.shape[1], shape[1]),
                )


def _scaled(start: int, side: int, length: int, full: int) -> slice:
    stop = min(start + side, length)
    return slice(start * full // length, stop * full // length)


def _part(values: Field, tile: Tile, shape: tuple[int, int]) -> Field:
    """Return what `values`, scaled to `shape` (height, width), would be in `tile`, bilinearly."""
    down, across = values.shape[0] / shape[0], values.shape[1] / shape[1]
    rows, columns = tile
    matrix = np.array(
        [
            [across, 0, (columns.start + 0.5) * across - 0.5],
            [0, down, (rows.start + 0.5) * down - 0.5],
        ]
    )
    size = columns.stop - columns.start, rows.stop - rows.start
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(values, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.float32)
