"""Growing and shrinking masks by a Euclidean distance, and the windows such work is done in.

Distances are in photo pixels, from pixel centre to pixel centre. The picture's own border is never
an edge: nothing is known beyond it, so nothing is measured to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadRequest
from inpainting.types import Box, Mask

Floats = NDArray[np.float32]

MAX_DISC = 12
"""Radius up to which a disc drawn round each pixel is faster than the distance transform."""


EXACT = 1000
HUGE = 1e9
"""More than any distance in a picture, and its square is still a number."""


def bounds(mask: Mask) -> Box | None:
    """Return the smallest box that holds every True pixel, or None where there is none."""
    # numpy looks at 12 megapixels in 0.4 ms; opencv's boundingRect takes up to 2.5
    return _bounds(mask, lambda part, axis: np.asarray(part.any(axis=axis)))


def bounds_outside(mask: Mask) -> Box | None:
    """Return the smallest box that holds every False pixel, or None where there is none."""
    return _bounds(mask, lambda part, axis: np.asarray(~part.all(axis=axis)))


def _bounds(mask: Mask, holds: Callable[[Mask, int], Mask]) -> Box | None:
    """Return the box of what `holds` tells of rows (along axis 1) and of columns (along 0)."""
    rows = np.flatnonzero(holds(mask, 1))
    if not rows.size:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(holds(mask[top:bottom], 0))
    return Box(int(columns[0]), top, int(columns[-1]) + 1, bottom)


def grow(mask: Mask, pixels: float) -> Mask:
    """Return every pixel at most `pixels` away from the mask; raises BadRequest below 0."""
    require_distance(pixels)
    box = bounds(mask)
    if box is None or pixels < 1:
        return np.array(mask)
    window = around(box, math.ceil(pixels), mask)
    return _within(window, _near(mask[window], pixels), mask)


def shrink(mask: Mask, pixels: float) -> Mask:
    """Return the pixels of the mask more than `pixels` away from every pixel outside it.

    The picture's border is not an edge: a mask that runs out of the picture keeps its pixels there,
    and a mask of the whole picture stays whole. Raises BadRequest below 0.
    """
    require_distance(pixels)
    box = bounds(mask)
    if box is None or pixels < 1:
        return np.array(mask)
    window = around(box, 1, mask)
    return _within(window, _deep(mask[window], pixels), mask)


def distance_to(mask: Mask) -> Floats:
    """Return each pixel's distance to the nearest True pixel; huge where there is none.

    Up to EXACT pixels it is the square root of a whole number, rightly rounded.
    """
    outside = as_bytes(~mask)
    away: Floats = np.asarray(
        cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32
    )
    # opencv's last bit is not the same each time, and whole pictures would not be either
    np.minimum(away, np.float32(HUGE), out=away)
    np.square(away, out=away)
    np.rint(away, out=away)
    return np.sqrt(away, out=away)


def around(box: Box, margin: int, mask: Mask) -> tuple[slice, slice]:
    """Return the slices of `box` with a margin, cut off at the picture's border."""
    height, width = mask.shape
    rows = slice(max(0, box.y0 - margin), min(height, box.y1 + margin))
    return rows, slice(max(0, box.x0 - margin), min(width, box.x1 + margin))


def as_bytes(mask: Mask) -> NDArray[np.uint8]:
    """Return the mask as 0 and 1, without a copy where it is contiguous."""
    return np.ascontiguousarray(mask).view(np.uint8)


def require_distance(pixels: float) -> None:
    """Raise BadRequest unless `pixels` is a number of 0 or more."""
    if not math.isfinite(pixels) or pixels < 0:
        raise BadRequest(f"A distance of {pixels} pixels makes no sense; it must be 0 or more.")


def _within(window: tuple[slice, slice], part: Mask, mask: Mask) -> Mask:
    """Return `part` in its window, with nothing round it, at the size of `mask`."""
    whole = np.zeros(mask.shape, np.bool_)
    whole[window] = part
    return whole


def _near(mask: Mask, pixels: float) -> Mask:
    if pixels > MAX_DISC:
        return distance_to(mask) <= pixels
    return np.asarray(cv2.dilate(as_bytes(mask), _disc(pixels))).view(np.bool_)


def _deep(mask: Mask, pixels: float) -> Mask:
    if pixels > MAX_DISC:
        return distance_to(~mask) > pixels
    return np.asarray(cv2.erode(as_bytes(mask), _disc(pixels))).view(np.bool_)


def _disc(radius: float) -> NDArray[np.uint8]:
    """Return 1 for each offset whose distance, in float32 as the transform has it, is reached."""
    across = np.arange(-math.floor(radius), math.floor(radius) + 1)
    reach = np.sqrt((across**2 + across[:, None] ** 2).astype(np.float32))
    return np.asarray(reach <= np.float32(radius), np.uint8)
