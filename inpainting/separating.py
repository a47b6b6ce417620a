"""Separate holes, painted one by one: which of them go together, each group in its own frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.distances import as_bytes, bounds
from inpainting.framing import Frame
from inpainting.types import Box, Mask

MAX_PIECES = 8
"""More separate holes than this are painted together with their nearest."""

TILES = 6, 8
"""Rows and columns of tiles of a photo; where there are more pieces than tiles, those in one tile
go together: comparing all with all takes its time."""

MAX_BOXES = TILES[0] * TILES[1]

CELL = 16
"""Side in pixels of the squares on which pieces are told apart; their frames are much larger."""

Framed = tuple[Box, Frame]
Squares = NDArray[np.int64]


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
    grid = _any_in_cells(hole, CELL)
    stats = cv2.connectedComponentsWithStats(as_bytes(grid))[2]
    squares = np.asarray(stats[1:, : cv2.CC_STAT_AREA], np.int64)
    if len(squares) > MAX_BOXES:
        squares = _by_tile(squares, grid.shape)
    return [_exact(hole, CELL, square) for square in squares]


def _by_tile(squares: Squares, shape: tuple[int, ...]) -> Squares:
    """Join squares, Nx4 of x, y, width and height, whose middles lie in one tile of a grid HxW."""
    starts, ends = squares[:, :2], squares[:, :2] + squares[:, 2:]
    across, down = ((starts + ends) // 2).T
    tiles = (down * TILES[0] // shape[0]) * TILES[1] + across * TILES[1] // shape[1]
    joined = []
    for tile in np.unique(tiles):
        first, last = starts[tiles == tile].min(axis=0), ends[tiles == tile].max(axis=0)
        joined.append([*first, *(last - first)])
    return np.array(joined, np.int64)


def _any_in_cells(hole: Mask, cell: int) -> Mask:
    """Return True for every square of `cell` pixels in which any pixel is."""
    whole, (height, width) = hole.shape[0] // cell, hole.shape
    # a fiftieth of the time that reduceat takes along the first axis
    rows = hole[: whole * cell].reshape(whole, cell, width).any(axis=1)
    if height % cell:
        rows = np.concatenate([rows, hole[whole * cell :].any(axis=0, keepdims=True)])
    return np.asarray(np.logical_or.reduceat(rows, np.arange(0, width, cell), axis=1), np.bool_)


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
