"""Pure operations on masks: grow, shrink, clean, turn into a hole, feather, outline.

A mask is HxW bool, True = subject; a hole is the same with True = repaint. Distances are Euclidean,
in photo pixels, from pixel centre to pixel centre. Parts are 8-connected, gaps 4-connected. The
picture's own border is never an edge: nothing is known beyond it, so nothing is measured to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadRequest
from inpainting.types import Box, Mask, Point, Region, Size

Floats = NDArray[np.float32]

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


def bounds(mask: Mask) -> Box | None:
    """Return the smallest box that holds every True pixel, or None where there is none."""
    x, y, width, height = cv2.boundingRect(_bytes(mask))
    return Box(x, y, x + width, y + height) if width else None


def grow(mask: Mask, pixels: float) -> Mask:
    """Return every pixel at most `pixels` away from the mask; raises BadRequest below 0."""
    _require_distance(pixels)
    box = bounds(mask)
    grown = np.array(mask)
    if box is not None:
        window = _around(box, math.ceil(pixels), mask)
        grown[window] = _distance_to(mask[window]) <= pixels
    return grown


def shrink(mask: Mask, pixels: float) -> Mask:
    """Return the pixels of the mask more than `pixels` away from every pixel outside it.

    The picture's border is not an edge: a mask that runs out of the picture keeps its pixels there,
    and a mask of the whole picture stays whole. Raises BadRequest below 0.
    """
    _require_distance(pixels)
    box = bounds(mask)
    shrunk = np.array(mask)
    if box is not None:
        window = _around(box, 1, mask)
        shrunk[window] = _distance_to(~mask[window]) > pixels
    return shrunk


def fill_holes(mask: Mask, max_area: int | None = None) -> Mask:
    """Return the mask with its gaps filled: outside pixels that it encloses on all sides.

    A gap that touches the picture's border is open and stays. With `max_area`, in pixels, only gaps
    up to that area are filled.
    """
    box = bounds(mask)
    if box is None:
        return np.array(mask)
    window = _around(box, 1, mask)
    labels, areas = _parts(~mask[window], connectivity=4)
    fillable = np.ones(len(areas), np.bool_) if max_area is None else areas <= max_area
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        fillable[side] = False
    filled = np.array(mask)
    filled[window] |= fillable[labels]
    return filled


def drop_specks(mask: Mask, min_area: int) -> Mask:
    """Return the parts of the mask with at least `min_area` pixels, which may be none."""
    labels, areas = _parts(mask, connectivity=8)
    kept: NDArray[np.bool_] = areas >= min_area
    kept[0] = False
    return kept[labels]


def keep_clicked(mask: Mask, points: Sequence[Point]) -> Mask:
    """Return the parts of the mask that hold an include point.

    Where no include point lies on the mask nothing tells its parts apart, and all are kept.
    """
    height, width = mask.shape
    clicked = [p for p in points if p.include and 0 <= p.x < width and 0 <= p.y < height]
    labels, areas = _parts(mask, connectivity=8)
    kept = np.zeros(len(areas), np.bool_)
    kept[[labels[p.y, p.x] for p in clicked]] = True
    kept[0] = False
    return kept[labels] if kept.any() else np.array(mask)


def to_hole(mask: Mask, region: Region) -> Mask:
    """Return what is to be repainted, True = repaint: the one place where polarity is turned."""
    return np.array(mask) if region is Region.SUBJECT else ~mask


def feather(hole: Mask, pixels: float) -> Floats:
    """Return how much of the painted picture shows, HxW float32 from 0 (photo) to 1 (painted).

    Exactly 0 outside the hole, so that kept pixels stay as they are. Inside it rises by smoothstep
    with the distance to the nearest kept pixel, from above 0 to exactly 1 at `pixels` and deeper;
    0 and 1 give a hard edge. Where the hole is thin the ramp is shorter, at most half of the hole's
    depth thereabouts, so that its middle is painted in full. Raises BadRequest below 0.
    """
    _require_distance(pixels)
    weight = hole.astype(np.float32)
    window = _ramp_window(hole, pixels)
    if window is None or pixels <= 1:
        return weight
    inside = hole[window]
    depth = np.minimum(_distance_to(~inside), np.float32(2 * pixels))
    ramp = np.maximum(_local_depth(depth, inside, pixels) / 2, np.float32(1))
    rise = np.minimum(depth / ramp, np.float32(1))
    weight[window] = rise * rise * (3 - 2 * rise)
    return weight


def outline(mask: Mask) -> Mask:
    """Return the mask's contour, one pixel wide and inside it; none along the picture's border."""
    return mask & ~shrink(mask, 1)


def _ramp_window(hole: Mask, pixels: float) -> tuple[slice, slice] | None:
    """Return where hole and kept pixels are so near each other that a ramp, or its depth, counts.

    None where there is no hole or nothing kept, and so no ramp.
    """
    box, kept = bounds(hole), bounds(~hole)
    if box is None or kept is None:
        return None
    near = math.ceil(pixels) + RAMP_STEPS * _stride(pixels)
    (rows, columns), (kept_rows, kept_columns) = _around(box, 1, hole), _around(kept, near, hole)
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


def _distance_to(mask: Mask) -> Floats:
    """Return each pixel's distance to the nearest True pixel; huge where there is none."""
    outside = _bytes(~mask)
    return np.asarray(
        cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32
    )


def _parts(mask: Mask, connectivity: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return labels HxW, 0 = outside, and the area of each label in pixels."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(_bytes(mask), connectivity=connectivity)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)[:, cv2.CC_STAT_AREA]


def _around(box: Box, margin: int, mask: Mask) -> tuple[slice, slice]:
    """Return the slices of `box` with a margin, cut off at the picture's border."""
    height, width = mask.shape
    rows = slice(max(0, box.y0 - margin), min(height, box.y1 + margin))
    return rows, slice(max(0, box.x0 - margin), min(width, box.x1 + margin))


def _bytes(mask: Mask) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask).view(np.uint8)


def _require_distance(pixels: float) -> None:
    if not math.isfinite(pixels) or pixels < 0:
        raise BadRequest(f"A distance of {pixels} pixels makes no sense; it must be 0 or more.")
