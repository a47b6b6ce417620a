"""From a segmenter's small logits to a mask of the photo's size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.types import Box, Mask, Size

Logits = NDArray[np.float32]
Whole = NDArray[np.intp]

NONE, ALL, MIXED = 0, 1, 2  # NONE is 0: bounds are those of what is not
"""What a cell between four neighbouring logits is: below 0, above it, or crossed by the border."""

STRIP_PIXELS = 1 << 20
"""About so many pixels are filled at a time: what they take stays in the processor's cache."""

SPECKLED = 0.1
"""The share of cells that the border crosses from which on to scale them all is quicker."""


@dataclass(frozen=True, slots=True)
class Axis:
    """For each pixel along a side the cell it lies in, and how far along that, 0 to 1."""

    cell: Whole
    share: Logits

    def part(self, pixels: slice) -> Axis:
        """Return the same for some of the pixels."""
        return Axis(self.cell[pixels], self.share[pixels])

    def within(self, first: int, end: int) -> slice:
        """Return the pixels that lie in the cells `first` to `end`, that not among them."""
        start, stop = np.searchsorted(self.cell, [first, end])
        return slice(int(start), int(stop))


def above_zero(logits: Logits, size: Size) -> Mask:
    """Return where logits hxw, scaled bilinearly to `size` (width, height), are above 0.

    Pixel centres are half way, as in OpenCV's `resize`. A mixture of four numbers has the sign that
    all of them have: only the pixels of the cells that the border crosses are worked out, so that
    time follows the border, and no picture of floats is made. One that is nearly all border is
    scaled as a whole instead.
    """
    cells = _cells(logits)
    if np.count_nonzero(cells == MIXED) > SPECKLED * cells.size:
        scaled: Mask = np.asarray(cv2.resize(logits, size, interpolation=cv2.INTER_LINEAR)) > 0
        return scaled
    mask = np.zeros((size[1], size[0]), np.bool_)
    x, y, columns, rows = cv2.boundingRect(cells)
    if columns:
        _fill(mask, logits, cells, Box(x, y, x + columns, y + rows))
    return mask


def _cells(logits: Logits) -> NDArray[np.uint8]:
    """Return what each cell is; beyond the last row and column the logits go on as they are."""
    above = np.pad(logits > 0, ((0, 1), (0, 1)), mode="edge")
    corners = above[:-1, :-1], above[1:, :-1], above[:-1, 1:], above[1:, 1:]
    cells = np.full(logits.shape, MIXED, np.uint8)
    cells[np.logical_and.reduce(corners)] = ALL
    cells[~np.logical_or.reduce(corners)] = NONE
    return cells


def _fill(mask: Mask, logits: Logits, cells: NDArray[np.uint8], box: Box) -> None:
    """Set the pixels of the mask in the cells of a box, some rows at a time."""
    down, across = _axis(logits.shape[0], mask.shape[0]), _axis(logits.shape[1], mask.shape[1])
    columns, rows = across.within(box.x0, box.x1), down.within(box.y0, box.y1)
    wide = cells.take(across.cell[columns], axis=1)
    count = max(1, STRIP_PIXELS // mask.shape[1])
    for top in range(rows.start, rows.stop, count):
        some = slice(top, min(top + count, rows.stop))
        kinds = wide.take(down.cell[some], axis=0)
        _work_out(kinds, logits, down.part(some), across.part(columns))
        mask[some, columns] = kinds.view(np.bool_)


def _work_out(kinds: NDArray[np.uint8], logits: Logits, down: Axis, across: Axis) -> None:
    """Put ALL or NONE in place of MIXED."""
    places = np.flatnonzero(kinds == MIXED)
    rows, columns = np.divmod(places, kinds.shape[1])
    mixture = _mixture(
        logits, down.cell[rows], across.cell[columns], down.share[rows], across.share[columns]
    )
    kinds.reshape(-1)[places] = mixture > 0


def _mixture(logits: Logits, y: Whole, x: Whole, down: Logits, across: Logits) -> Logits:
    """Return the logits between those at (y, x) and their neighbours below and to the right."""
    below, right = np.minimum(y + 1, logits.shape[0] - 1), np.minimum(x + 1, logits.shape[1] - 1)
    upper = logits[y, x] * (1 - across) + logits[y, right] * across
    lower = logits[below, x] * (1 - across) + logits[below, right] * across
    mixture: Logits = upper * (1 - down) + lower * down
    return mixture


def _axis(count: int, length: int) -> Axis:
    """Return the cells of `count` logits in which `length` pixels lie."""
    place = (np.arange(length) + 0.5) * (count / length) - 0.5
    cell = np.clip(np.floor(place), 0, count - 1)
    return Axis(cell.astype(np.intp), np.clip(place - cell, 0, 1).astype(np.float32))
