"""A mask brought to the size of its photo."""

from __future__ import annotations

import cv2
import numpy as np

from inpainting.types import Mask, Size

_SMOOTH = 0.8


def enlarge(mask: Mask, size: Size) -> Mask:
    """Return an hxw mask of a reduced photo at `size` (width, height), without stairs.

    The mask itself where it has that size. A mask with a True pixel keeps one.
    """
    if mask.shape == (size[1], size[0]):
        return mask
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SMOOTH)
    large = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR) > 0.5
    if large.any() or not mask.any():
        return np.asarray(large)
    blocks = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(blocks > 0)
