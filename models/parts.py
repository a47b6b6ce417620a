"""A mask without crumbs and pinholes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.types import Mask


def tidy(mask: Mask, part: float, gap: float) -> Mask:
    """Drop the small parts of an HxW mask and fill its small gaps.

    A part is small below `part` times the largest one, a gap below `gap` times what is left of the
    mask; gaps at the border stay open. Parts are 8-connected, gaps 4-connected.
    """
    large = large_parts(mask, part)
    labels, areas = _labelled(~large, 4)
    small = areas < gap * large.sum()
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        small[side] = False
    return np.asarray(large | (small[labels] & ~large))


def large_parts(mask: Mask, share: float) -> Mask:
    """Return the 8-connected parts of a mask with at least `share` of the largest part's area."""
    labels, areas = _labelled(mask, 8)
    areas[0] = 0
    return np.asarray(((areas >= share * areas.max()) & (areas > 0))[labels])


def _labelled(mask: Mask, connectivity: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=connectivity
    )
    return np.asarray(labels, np.int32), np.array(stats[:, cv2.CC_STAT_AREA], np.int32)
