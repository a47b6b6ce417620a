"""Strokes of brush and eraser drawn on a mask, by an exact definition and without a canvas.

Each segment of a line, with the round brush at both ends, is a convex shape: in a row of pixels it
covers one interval. So a stroke is a set of intervals, worked out for all segments at once, and its
cost follows its rows instead of its area.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from inpainting.types import Mask, Size, Stroke

Reals = NDArray[np.float64]
Indices = NDArray[np.int64]

MAX_ROWS = 1 << 17
"""Rows of segments worked on at a time, about: bounds the memory of floats."""

NOTHING = 1e-9
"""Pixels; a shorter segment is a dot, and one that rises less is level."""


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """Straight lines from (ax, ay) to (bx, by) with the brush's radius, N numbers each."""

    ax: Reals
    ay: Reals
    bx: Reals
    by: Reals
    radius: Reals

    def __getitem__(self, chosen: slice | Indices) -> _Segments:
        return _Segments(
            self.ax[chosen], self.ay[chosen], self.bx[chosen], self.by[chosen], self.radius[chosen]
        )


def draw(mask: Mask, strokes: Iterable[Stroke]) -> Mask:
    """Return the mask with the strokes drawn on it in their order; corners may lie off the photo.

    A stroke covers exactly the pixels whose middle, (x + 0.5, y + 0.5), lies at most size / 2 from
    its line, as far as float64 tells. How the line is cut into segments changes nothing.
    """
    drawn = np.array(mask, order="C")
    flat, size = drawn.reshape(-1), (mask.shape[1], mask.shape[0])
    for erase, together in groupby(strokes, key=lambda stroke: stroke.erase):
        for start, end in _intervals(_segments(tuple(together)), size):
            flat[start:end] = not erase
    return drawn


def _segments(strokes: Sequence[Stroke]) -> _Segments:
    """Return all segments of the strokes; a line of one corner is a segment of no length."""
    lines = [np.array(stroke.line, np.float64).reshape(-1, 2) for stroke in strokes]
    starts = [line if len(line) == 1 else line[:-1] for line in lines]
    ends = [line if len(line) == 1 else line[1:] for line in lines]
    a, b = np.concatenate(starts), np.concatenate(ends)
    radius = np.repeat([stroke.size / 2 for stroke in strokes], [len(start) for start in starts])
    return _Segments(a[:, 0], a[:, 1], b[:, 0], b[:, 1], radius.astype(np.float64))


def _intervals(segments: _Segments, size: Size) -> Iterator[tuple[int, int]]:
    """Yield what is covered as slices of the flattened picture, a bounded part at a time."""
    top, count = _rows(segments, size[1])
    parts = np.cumsum(count) // MAX_ROWS
    edges = [0, *(np.flatnonzero(np.diff(parts)) + 1).tolist(), len(count)]
    for begin, end in pairwise(edges):
        part = slice(begin, end)
        index = np.repeat(np.arange(begin, end), count[part])
        row = np.arange(len(index)) + np.repeat(
            top[part] - np.cumsum(count[part]) + count[part], count[part]
        )
        yield from _joined(*_covered(segments[index], row, size))


def _rows(segments: _Segments, height: int) -> tuple[Indices, Indices]:
    """Return the first row of each segment and the number of its rows, on the picture alone."""
    first = np.ceil(np.minimum(segments.ay, segments.by) - segments.radius - 0.5)
    last = np.floor(np.maximum(segments.ay, segments.by) + segments.radius - 0.5)
    top = np.clip(first, 0, height).astype(np.int64)
    bottom = np.clip(last + 1, 0, height).astype(np.int64)
    return top, np.maximum(bottom - top, 0)


def _covered(segments: _Segments, row: Indices, size: Size) -> tuple[Indices, Indices]:
    """Return where in the flattened picture each segment's interval in its `row` starts and ends.

    Those that hold no middle of a pixel on the picture are left out.
    """
    left, right = _reach(segments, row.astype(np.float64) + 0.5)
    start = np.clip(np.ceil(left - 0.5), 0, size[0])
    end = np.clip(np.floor(right - 0.5) + 1, 0, size[0])
    some = end > start
    offset = row[some] * size[0]
    return offset + start[some].astype(np.int64), offset + end[some].astype(np.int64)


def _reach(segments: _Segments, y: Reals) -> tuple[Reals, Reals]:
    """Return the leftmost and rightmost x at the height `y` of each segment with its brush.

    The outermost points lie on the circle round an end or on one of the two long sides.
    """
    dx, dy = segments.bx - segments.ax, segments.by - segments.ay
    length = np.hypot(dx, dy)
    length = np.where(length > NOTHING, length, np.inf)
    # divided before it is multiplied by the radius: exact for level and for upright lines
    across, down = dx / length, dy / length
    rises = np.abs(dy) > NOTHING
    left, right = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    for x, middle in ((segments.ax, segments.ay), (segments.bx, segments.by)):
        square = segments.radius**2 - (y - middle) ** 2
        half = np.sqrt(np.maximum(square, 0))
        np.minimum(left, x - half, out=left, where=square >= 0)
        np.maximum(right, x + half, out=right, where=square >= 0)
    for side in (segments.radius, -segments.radius):
        share = (y - segments.ay - side * across) / np.where(rises, dy, np.inf)
        on_side = (share >= 0) & (share <= 1) & rises
        x = segments.ax - side * down + share * dx
        np.minimum(left, x, out=left, where=on_side)
        np.maximum(right, x, out=right, where=on_side)
    return left, right


def _joined(start: Indices, end: Indices) -> Iterator[tuple[int, int]]:
    """Yield the union of intervals as ones that do not touch each other.

    Once both are sorted, a gap is where as many intervals have ended as have begun before.
    """
    if not len(start):
        return
    start, end = np.sort(start), np.sort(end)
    gap = np.flatnonzero(start[1:] > end[:-1])
    starts, ends = start[np.r_[0, gap + 1]], end[np.r_[gap, len(end) - 1]]
    yield from zip(starts.tolist(), ends.tolist(), strict=True)
