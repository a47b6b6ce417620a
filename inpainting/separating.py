"""Separate holes, painted one by one: which of them go together, each group in its own frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import cv2
import numpy as np

from inpainting.distances import as_bytes, bounds
from inpainting.framing import Frame
from inpainting.types import Box, Mask

MAX_PIECES = 8
"""More separate holes than this are painted together with their nearest."""

MAX_BOXES = 48
"""Finer than this pieces are not told apart: comparing all with all takes its time."""

CELL = 16
"""Side in pixels of the squares on which pieces are told apart; their frames are much larger."""

Framed = tuple[Box, Frame]


def separated(
    hole: Mask, frame_of: Callable[[Box], Frame], most: int = MAX_PIECES
) -> tuple[tuple[Mask, Frame], ...]:
    """Return the pieces of `hole`, HxW, each with its frame, in reading order; at least one.

    `frame_of` chooses the frame of a hole with the given bounds, which lies inside its window.
    Pieces whose windows would overlap go together, and the nearest ones until `most` are left. The
    pieces are disjoint, and together they are the hole.
    """
    framed = [(box, frame_of(box)) for box in boxes_of(hole)]
    while pair := _overlapping(framed) or (len(framed) > most and _nearest(framed)):
        joined = _around(*(box for box, _ in pair))
        framed = [item for item in framed if item not in pair]
        framed.append((joined, frame_of(joined)))
    framed.sort(key=lambda item: (item[0].y0, item[0].x0))
    return tuple((_inside(hole, box), frame) for box, frame in framed)


def boxes_of(hole: Mask) -> list[Box]:
    """Return at most MAX_BOXES boxes that together hold every True pixel of a hole.

    Each holds a piece of it, or several that lie near each other; boxes may overlap.
    """
    cell = CELL
    while True:
        grid = _any_in_cells(hole, cell)
        count, _, stats, _ = cv2.connectedComponentsWithStats(as_bytes(grid))
        if count <= MAX_BOXES + 1:
            return [_exact(hole, cell, stats[i, : cv2.CC_STAT_AREA]) for i in range(1, count)]
        cell *= 2


def _any_in_cells(hole: Mask, cell: int) -> Mask:
    """Return True for every square of `cell` pixels in which any pixel is."""
    rows = np.logical_or.reduceat(hole, np.arange(0, hole.shape[0], cell), axis=0)
    return np.asarray(
        np.logical_or.reduceat(rows, np.arange(0, hole.shape[1], cell), axis=1), np.bool_
    )


def _exact(hole: Mask, cell: int, square: object) -> Box:
    """Return the bounds of the hole within x, y, width and height counted in cells."""
    x, y, width, height = (int(side) * cell for side in np.asarray(square))
    box = bounds(hole[y : y + height, x : x + width]) or Box(0, 0, 1, 1)
    return Box(x + box.x0, y + box.y0, x + box.x1, y + box.y1)


def _overlapping(framed: list[Framed]) -> tuple[Framed, Framed] | None:
    for one, other in combinations(framed, 2):
        a, b = one[1].window, other[1].window
        if a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1:
            return one, other
    return None


def _nearest(framed: list[Framed]) -> tuple[Framed, Framed]:
    return min(combinations(framed, 2), key=lambda pair: _gap(pair[0][0], pair[1][0]))


def _gap(one: Box, other: Box) -> float:
    across = max(one.x0 - other.x1, other.x0 - one.x1, 0)
    down = max(one.y0 - other.y1, other.y0 - one.y1, 0)
    return math.hypot(across, down)


def _around(one: Box, other: Box) -> Box:
    return Box(
        min(one.x0, other.x0),
        min(one.y0, other.y0),
        max(one.x1, other.x1),
        max(one.y1, other.y1),
    )


def _inside(hole: Mask, box: Box) -> Mask:
    """Return the part of a hole in a box, at its size; the rest costs no memory until written."""
    part = np.zeros(hole.shape, np.bool_)
    window = slice(box.y0, box.y1), slice(box.x0, box.x1)
    part[window] = hole[window]
    return part
