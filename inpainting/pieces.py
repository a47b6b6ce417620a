"""The pieces of a mask and the gaps in it: filled, dropped or kept by area and by clicks.

Pieces are 8-connected, gaps 4-connected; areas are in photo pixels. Only the surroundings of what
may be small enough are labelled, for labelling a whole photo takes most of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.distances import around, as_bytes, bounds
from inpainting.types import Box, Mask, Point

Labels = NDArray[np.int32]
Window = tuple[slice, slice]

MAX_WINDOWS = 300
"""From so many windows on, labelling all at once is faster."""

MAX_CHANGES = 200_000
"""Most changes along the rows of a mask whose contours are looked for: it bounds their number."""


def fill_holes(mask: Mask, max_area: int | None = None) -> Mask:
    """Return the mask with its gaps filled: outside pixels that it encloses on all sides.

    A gap that touches the picture's border is open and stays. With `max_area`, in pixels, only gaps
    up to that area are filled.
    """
    filled = np.array(mask)
    for window in _windows(mask, max_area, gaps=True):
        labels, areas = _labelled(~mask[window], connectivity=4)
        fillable = np.ones(len(areas), np.bool_) if max_area is None else areas <= max_area
        for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            fillable[side] = False
        filled[window] |= fillable[labels]
    return filled


def drop_specks(mask: Mask, min_area: int) -> Mask:
    """Return the pieces of the mask with at least `min_area` pixels, which may be none."""
    kept = np.array(mask)
    for window in _windows(mask, min_area - 1, gaps=False):
        labels, areas = _labelled(mask[window], connectivity=8)
        speck = areas < min_area
        for side in _cut_sides(labels, window, mask):
            speck[side] = False
        kept[window] &= ~speck[labels]
    return kept


def keep_clicked(mask: Mask, points: Sequence[Point]) -> Mask:
    """Return the pieces of the mask that hold an include point.

    Where no include point lies on the mask nothing tells its pieces apart, and all are kept.
    """
    height, width = mask.shape
    clicked = [p for p in points if p.include and 0 <= p.x < width and 0 <= p.y < height]
    labels, areas = _labelled(mask, connectivity=8)
    kept = np.zeros(len(areas), np.bool_)
    kept[[labels[p.y, p.x] for p in clicked]] = True
    kept[0] = False
    return kept[labels] if kept.any() else np.array(mask)


def _windows(mask: Mask, max_area: int | None, gaps: bool) -> list[Window]:
    """Return windows that hold, with a pixel all round, every piece or gap up to `max_area`.

    They may hold others, and cut some. Many small ones are taken together.
    """
    whole = bounds(mask)
    if whole is None:
        return []
    if np.count_nonzero(mask[:, 1:] != mask[:, :-1]) > MAX_CHANGES:
        return [around(whole, 1, mask)]
    boxes = [
        box
        for box in _outlined(mask, gaps)
        if max_area is None or _least_area(box, gaps) <= max_area
    ]
    if len(boxes) > MAX_WINDOWS or sum(map(_area, boxes)) > _area(whole):
        return [around(whole, 1, mask)]
    return [around(box, 1, mask) for box in boxes]


def _outlined(mask: Mask, gaps: bool) -> Iterator[Box]:
    """Yield the box of each piece, or of the pixels round each gap."""
    bits = as_bytes(mask)
    contours, hierarchy = cv2.findContours(bits, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for contour, (*_, parent) in zip(contours, hierarchy[0], strict=True):
        if gaps == (parent >= 0):
            x, y, width, height = cv2.boundingRect(contour)
            yield Box(x, y, x + width, y + height)


def _least_area(box: Box, gaps: bool) -> int:
    """Return how many pixels a piece of that box, or a gap inside it, has at least."""
    width, height = box.x1 - box.x0, box.y1 - box.y0
    return width + height - 5 if gaps else max(width, height)


def _area(box: Box) -> int:
    return (box.x1 - box.x0) * (box.y1 - box.y0)


def _cut_sides(labels: Labels, window: Window, mask: Mask) -> Iterator[Labels]:
    """Yield the labels along those sides of a window beyond which the picture goes on."""
    height, width = mask.shape
    rows, columns = window
    if rows.start > 0:
        yield labels[0]
    if rows.stop < height:
        yield labels[-1]
    if columns.start > 0:
        yield labels[:, 0]
    if columns.stop < width:
        yield labels[:, -1]


def _labelled(mask: Mask, connectivity: int) -> tuple[Labels, Labels]:
    """Return labels HxW, 0 = outside, and the area of each label in pixels."""
    found = cv2.connectedComponentsWithStats(as_bytes(mask), connectivity=connectivity)
    labels, stats = found[1:3]
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)[:, cv2.CC_STAT_AREA]
