"""Pure operations on masks: grow, shrink, smooth, clean, turn into a hole, feather, outline.

A mask is HxW bool, True = subject; a hole is the same with True = repaint. Distances are Euclidean,
in photo pixels, from pixel centre to pixel centre. The picture's own border is never an edge:
nothing is known beyond it, so nothing is measured to it.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.distances import (
    Floats,
    around,
    as_bytes,
    bounds,
    bounds_outside,
    distance_to,
    grow,
    require_distance,
    shrink,
)
from inpainting.errors import BadRequest
from inpainting.pieces import drop_specks, fill_holes, keep_clicked
from inpainting.types import Box, Mask, Region, Size

__all__ = [
    "as_mask",
    "bounds",
    "drop_specks",
    "feather",
    "fill_holes",
    "grow",
    "hole_bounds",
    "keep_clicked",
    "outline",
    "shrink",
    "smooth",
    "to_hole",
]

MAX_RADIUS = 128
"""Largest radius of `smooth`: its sums stay within 32 bits."""

RAMP_STEPS = 8
"""In how many strides the local depth is carried along a hole; see `feather`."""


def as_mask(array: object, size: Size) -> Mask:
    """Return `array` as a contiguous mask for a photo of `size` (width, height).

    Raises BadRequest unless it is an HxW array of bool of that very size: numbers are refused,
    for nobody can tell 0/1 from 0/255.
    """
    if not isinstance(array, np.ndarray) or array.dtype != np.bool_:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise BadRequest(f"The mask holds {kind}; it must be an array of bool, True = subject.")
    width, height = size
    if array.shape != (height, width):
        shape = "x".join(str(side) for side in array.shape)
        raise BadRequest(
            f"The mask has the shape {shape}; for this photo it must be {height}x{width} (HxW)."
        )
    return np.ascontiguousarray(array)


def smooth(mask: Mask, radius: float) -> Mask:
    """Return the mask with corners rounded to about `radius`, and what is thinner gone.

    A pixel belongs to what most of its surroundings belong to, near ones counting more: they are a
    square mean of a square mean, spread as a disc of `radius` is. Straight edges stay in place, and
    smoothing the other side gives the same border, for the count of weights is odd. Beyond the
    picture's border the picture goes on as in a mirror. Raises BadRequest unless the radius is 0 to
    MAX_RADIUS.
    """
    if not 0 <= radius <= MAX_RADIUS:
        raise BadRequest(f"A radius of {radius} makes no sense; it must be 0 to {MAX_RADIUS}.")
    reach = max(0, math.ceil(math.sqrt(1.5) * radius - 1))
    box = bounds(mask)
    smoothed = np.array(mask)
    if box is not None and reach:
        window = around(box, reach, mask)
        smoothed[window] = _majority(mask[window], reach)
    return smoothed


def to_hole(mask: Mask, region: Region) -> Mask:
    """Return what is to be repainted, True = repaint: the one place where polarity is turned."""
    return np.array(mask) if region is Region.SUBJECT else ~mask


def hole_bounds(mask: Mask, region: Region) -> Box | None:
    """Return the bounds of `to_hole(mask, region)` without making that, None for an empty hole."""
    return bounds(mask) if region is Region.SUBJECT else bounds_outside(mask)


def feather(hole: Mask, pixels: float) -> Floats:
    """Return how much of the painted picture shows, HxW float32 from 0 (photo) to 1 (painted).

    Exactly 0 outside the hole, so that kept pixels stay as they are. Inside it rises by smoothstep
    with the distance to the nearest kept pixel, from above 0 to exactly 1 at `pixels` and deeper;
    0 and 1 give a hard edge. Where the hole is thin the ramp is shorter, at most half of the hole's
    depth thereabouts, so that its middle is painted in full. Raises BadRequest below 0.
    """
    require_distance(pixels)
    weight = hole.astype(np.float32)
    window = _ramp_window(hole, pixels)
    if window is None or pixels <= 1:
        return weight
    inside = hole[window]
    depth = np.minimum(distance_to(~inside), np.float32(2 * pixels))
    ramp = np.maximum(_local_depth(depth, inside, pixels) / 2, np.float32(1))
    rise = np.minimum(depth / ramp, np.float32(1))
    weight[window] = rise * rise * (3 - 2 * rise)
    return weight


def outline(mask: Mask) -> Mask:
    """Return the mask's contour, one pixel wide and inside it; none along the picture's border."""
    return mask & ~shrink(mask, 1)


def _majority(mask: Mask, reach: int) -> Mask:
    """Return what weighs more than half within `reach`, in whole numbers below 2**31."""
    first, second = 2 * (reach - reach // 2) + 1, 2 * (reach // 2) + 1
    rows = _sums(as_bytes(mask), first, cv2.CV_16U)
    return _sums(rows, second, cv2.CV_32S) > (first * second) ** 2 // 2


def _sums(values: NDArray[Any], side: int, depth: int) -> NDArray[Any]:
    """Return the sum of each pixel's square of `side`; the picture is mirrored at its border."""
    border = cv2.BORDER_REFLECT
    return cv2.boxFilter(values, depth, (side, side), normalize=False, borderType=border)


def _ramp_window(hole: Mask, pixels: float) -> tuple[slice, slice] | None:
    """Return where hole and kept pixels are so near each other that a ramp, or its depth, counts.

    None where there is no hole or nothing kept, and so no ramp.
    """
    box, kept = bounds(hole), bounds(~hole)
    if box is None or kept is None:
        return None
    near = math.ceil(pixels) + RAMP_STEPS * _stride(pixels)
    (rows, columns), (kept_rows, kept_columns) = around(box, 1, hole), around(kept, near, hole)
    return _overlap(rows, kept_rows), _overlap(columns, kept_columns)


def _overlap(one: slice, other: slice) -> slice:
    return slice(max(one.start, other.start), min(one.stop, other.stop))


def _local_depth(depth: Floats, inside: Mask, pixels: float) -> Floats:
    """Return the largest depth within reach of each pixel, on a way through the hole.

    The reach is twice the ramp: as far as a point deep enough for the whole ramp can be. It is gone
    in strides, each cut off at the hole's edge, lest a thin gap between an arm and a body take the
    depth of the wide background beyond the arm.
    """
    stride = _stride(pixels)
    kernel = np.ones((2 * stride + 1, 2 * stride + 1), np.uint8)
    within = inside.astype(np.float32)
    reached = depth
    for _ in range(RAMP_STEPS):
        reached = np.asarray(cv2.dilate(reached, kernel), np.float32) * within
    return reached


def _stride(pixels: float) -> int:
    return math.ceil(2 * pixels / RAMP_STEPS)
