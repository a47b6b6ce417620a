"""What a view of the canvas tells, read as the browser reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from inpainting.packing import PackedMask, unpack_mask
from inpainting.types import Mask


def mask_of(view: dict[str, Any]) -> Mask:
    """Return the mask HxW that a view, or the answer to a hover, brings."""
    mask = view["mask"]
    x, y, width, height = mask["box"]
    whole = np.zeros((mask["height"], mask["width"]), np.bool_)
    part = PackedMask((width, height), mask["data"])
    whole[y : y + height, x : x + width] = unpack_mask(part, part.size)
    return whole
