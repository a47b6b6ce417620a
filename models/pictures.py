"""What every painter asks of a picture and its hole."""

from __future__ import annotations

import numpy as np

from inpainting.errors import BadRequest, NothingSelected
from inpainting.types import Mask, Rgb


def check_picture(rgb: Rgb, hole: Mask, multiple: int) -> None:
    """Raise BadRequest for a picture and a hole that cannot be worked with, NothingSelected."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise BadRequest("The picture must be HxWx3 of 8-bit numbers.")
    if hole.shape != rgb.shape[:2] or hole.dtype != np.bool_:
        raise BadRequest("The hole must be true and false, of the picture's height and width.")
    if rgb.shape[0] % multiple or rgb.shape[1] % multiple:
        raise BadRequest(f"The picture's sides must be multiples of {multiple} pixels.")
    if not hole.any():
        raise NothingSelected("There is nothing to repaint: the hole is empty.")
