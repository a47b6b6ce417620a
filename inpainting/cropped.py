"""A mask packed within its bounds: what a step of a session keeps, and what the browser is sent."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from inpainting.masks import bounds
from inpainting.packing import PackedMask, pack_mask, unpack_mask
from inpainting.types import Box, Mask, Size

NOWHERE = Box(0, 0, 0, 0)
WORKERS = 2


@dataclass(frozen=True, slots=True, eq=False)
class CroppedMask:
    """A mask of `size` (width, height), packed, or being packed by another thread.

    Who asks for its box or its pixels waits for that, and is told what went wrong with it; so does
    who compares two of them, but not who compares one with itself.
    """

    size: Size
    _packing: Future[tuple[Box, PackedMask]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CroppedMask):
            return NotImplemented
        return self is other or (self.size == other.size and self._packed == other._packed)

    def __hash__(self) -> int:
        return hash(self.size)

    @property
    def box(self) -> Box:
        """The bounds, outside of which all is False; four zeros for a mask of nothing."""
        return self._packed[0]

    @property
    def part(self) -> PackedMask:
        """The mask within its bounds."""
        return self._packed[1]

    @property
    def _packed(self) -> tuple[Box, PackedMask]:
        return self._packing.result()

    @property
    def nbytes(self) -> int:
        """The memory that it takes, or nearly; 0 until it is packed, and where it never is."""
        known = self._packing.done() and self._packing.exception() is None
        return len(self.part.data) if known else 0

    def whole(self) -> Mask:
        """Return the mask HxW bool at its full size, bit for bit."""
        mask, box = np.zeros(self.size[::-1], np.bool_), self.box
        mask[box.y0 : box.y1, box.x0 : box.x1] = unpack_mask(self.part, self.part.size)
        return mask


def crop_masks(masks: Iterable[Mask]) -> tuple[CroppedMask, ...]:
    """Begin to pack masks HxW bool, the first first, and return without waiting for it.

    None of them may be changed any more. Compressing takes most of a click's time, and a click's
    answer does without the candidates that were not chosen.
    """
    pool = ThreadPoolExecutor(WORKERS, "crop")
    cropped = [
        CroppedMask((mask.shape[1], mask.shape[0]), pool.submit(_pack, mask)) for mask in masks
    ]
    pool.shutdown(wait=False)  # its threads end with the last mask
    return tuple(cropped)


def crop_mask(mask: Mask) -> CroppedMask:
    """Begin to pack one mask; see `crop_masks`."""
    return crop_masks((mask,))[0]


def _pack(mask: Mask) -> tuple[Box, PackedMask]:
    box = bounds(mask) or NOWHERE
    return box, pack_mask(mask[box.y0 : box.y1, box.x0 : box.x1])
