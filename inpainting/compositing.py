"""How what was painted comes back into the photo: laid over its window, softly along the border.

Kept pixels, those outside the hole, are never changed by anything here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inpainting.copy_on_write import copy_of
from inpainting.errors import BadRequest
from inpainting.masks import RAMP_STEPS, feather
from inpainting.types import Box, Mask, Rgb, Size

Floats = NDArray[np.float32]

STRIP_ROWS = 256
"""Rows blended at a time: bounds the memory of floats, whatever the window's size."""

FEATHERED_ROWS = 1024
"""Rows feathered at a time; more than for blending, since a strip needs its neighbours too."""


def lay(pixels: Rgb, painted: Rgb, window: Box, hole: Mask, pixels_soft: float) -> Rgb:
    """Return a new picture like `pixels`, HxWx3, with `painted` in the hole of its `window`.

    `painted` and `hole` have the window's size; `pixels_soft` is the feather, see `masks.feather`.
    Beyond the copy of the photo, work follows the window, and memory a strip of it.
    Raises BadRequest when sizes do not fit together.
    """
    _require_shape("painted picture", painted.shape, (*hole.shape, 3))
    result = copy_of(pixels)
    for rows in _strips(hole.shape[0], FEATHERED_ROWS):
        if hole[rows].any():
            strip = replace(window, y0=window.y0 + rows.start, y1=window.y0 + rows.stop)
            _lay_over(result, painted[rows], strip, feathered(hole, rows, pixels_soft))
    return result


def feathered(hole: Mask, rows: slice, pixels: float) -> Floats:
    """Return these rows of `feather(hole, pixels)`, made from them and what is near them."""
    # the distance to a kept pixel counts up to twice the ramp, and is carried along as far again
    reach = 4 * math.ceil(pixels) + 2 * RAMP_STEPS
    start = max(0, rows.start - reach)
    weight = feather(hole[start : rows.stop + reach], pixels)
    return weight[rows.start - start : rows.stop - start]


def paste(pixels: Rgb, painted: Rgb, window: Box, weight: Floats) -> Rgb:
    """Return a new picture like `pixels`, HxWx3, with `painted` laid over its `window`.

    `painted` and `weight` (0 = photo to 1 = painted) have the window's size. Where the weight is 0,
    and outside the window, the pixels are those of the photo bit for bit; elsewhere they are
    blended and rounded. Beyond the copy of the photo, work and memory follow the window.
    Raises BadRequest when sizes do not fit together or weights leave their range.
    """
    result = copy_of(pixels)
    _lay_over(result, painted, window, weight)
    return result


def _lay_over(result: Rgb, painted: Rgb, window: Box, weight: Floats) -> None:
    """Lay `painted` over the window of `result`, in place."""
    _require_window(window, (result.shape[1], result.shape[0]))
    shape = (window.y1 - window.y0, window.x1 - window.x0)
    _require_shape("painted picture", painted.shape, (*shape, 3))
    _require_shape("weight", weight.shape, shape)
    if not (weight.min() >= 0 and weight.max() <= 1):
        raise BadRequest("The weight leaves its range; it must be from 0 to 1 everywhere.")
    target = result[window.y0 : window.y1, window.x0 : window.x1]
    for rows in _strips(shape[0], STRIP_ROWS):
        _blend(target[rows], painted[rows], weight[rows])


def _strips(height: int, rows: int) -> Iterator[slice]:
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def _blend(target: Rgb, painted: Rgb, weight: Floats) -> None:
    """Lay `painted` over `target`, in place, where the weight is above 0."""
    share = weight[..., None]
    base = target.astype(np.float32)
    blended = np.rint(base + (painted - base) * share).astype(np.uint8)
    np.copyto(target, blended, where=share > 0)


def _require_shape(name: str, shape: tuple[int, ...], right: tuple[int, ...]) -> None:
    if shape != right:
        raise BadRequest(f"The {name} has the shape {shape}; it must be {right}.")


def _require_window(window: Box, size: Size) -> None:
    across = 0 <= window.x0 < window.x1 <= size[0]
    if not across or not 0 <= window.y0 < window.y1 <= size[1]:
        raise BadRequest(f"{window} does not lie in a photo of {size[0]}x{size[1]} pixels.")
