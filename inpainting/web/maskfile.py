"""A mask file that a user uploads, at the photo's size or scaled to it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from inpainting.errors import BadPhoto, BadRequest
from inpainting.headers import peek_size
from inpainting.limits import PhotoLimits, read_source
from inpainting.photo import open_mask
from inpainting.types import Mask, Size

MAX_MISFIT = 0.02
"""How far the two sides' scales may differ, as a share: rounding to whole pixels does that."""


def uploaded_mask(path: Path, size: Size, limits: PhotoLimits) -> tuple[Mask, str]:
    """Return the mask of a file for a photo of `size` (width, height), and a note about it.

    A file of another size is scaled where its shape is the photo's to within one pixel. Raises
    BadRequest for one of another shape, one in which nothing is selected, and what `open_mask`
    refuses.
    """
    own = _own_size(path, size, limits)
    mask = open_mask(path, own, limits)
    if not mask.any():
        raise BadRequest("The mask is all black: white must mark the subject.")
    if own == size:
        return mask, ""
    note = f"The mask was scaled from {_worded(own)} to {_worded(size)} pixels."
    return scaled(mask, size), note


def _own_size(path: Path, size: Size, limits: PhotoLimits) -> Size:
    """Return the size to open the file at: its own where that fits, else the photo's."""
    try:
        own = peek_size(read_source(path, limits))
    except BadPhoto as error:
        raise BadRequest(str(error).replace("as a photo", "as a mask", 1)) from error
    if own is None or own == size:
        return size
    # a camera's file may say that it is to be turned
    fitting = [turned for turned in (own, own[::-1]) if fits(turned, size)]
    return fitting[0] if fitting else size


def fits(own: Size, size: Size) -> bool:
    """Whether the two shapes agree to within one pixel of the smaller picture."""
    small, large = sorted((own, size), key=lambda sides: sides[0] * sides[1])
    across, down = small[0] / large[0], small[1] / large[1]
    return abs(across - down) * min(large) <= 1 and abs(across / down - 1) <= MAX_MISFIT


def scaled(mask: Mask, size: Size) -> Mask:
    """Return a mask at `size` (width, height): True where half of it is."""
    grey = mask.view(np.uint8) * np.uint8(255)
    smaller = size[0] * size[1] < mask.size
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, size, interpolation=way)) >= 128


def _worded(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
