"""A small picture of the whole photo as it would look if painting stopped now."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inpainting.framing import Frame
from inpainting.types import Box, Mask, Photo, Rgb

PREVIEW_SIDE = 512
"""Longer side of a preview in pixels; a smaller photo is shown at its own size."""


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A photo made small (`base` hxwx3 uint8 sRGB), the frame's `window` on it, and the hole there.

    `hole` has the window's size.
    """

    base: Rgb
    window: Box
    hole: Mask


def preview_of(photo: Photo, frame: Frame, hole: Mask) -> Preview:
    """Prepare the previews of one job; `hole` HxW at the photo's size."""
    scale = min(1.0, PREVIEW_SIDE / max(photo.size))
    width, height = (max(1, round(side * scale)) for side in photo.size)
    base = cv2.resize(photo.rgb, (width, height), interpolation=cv2.INTER_AREA)
    small = cv2.resize(hole.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    window = _scaled(frame.window, width / photo.size[0], height / photo.size[1], (width, height))
    inside = small[window.y0 : window.y1, window.x0 : window.x1]
    return Preview(base.astype(np.uint8), window, inside.astype(np.bool_))


def show(preview: Preview, rgb: Rgb) -> Rgb:
    """Return the small photo with `rgb`, a picture of the frame at any size, seen in the hole."""
    box = preview.window
    resized = cv2.resize(rgb, (box.x1 - box.x0, box.y1 - box.y0), interpolation=cv2.INTER_LINEAR)
    shown: Rgb = preview.base.copy()
    inside: Rgb = shown[box.y0 : box.y1, box.x0 : box.x1]
    inside[preview.hole] = resized[preview.hole]
    return shown


def _scaled(box: Box, across: float, down: float, size: tuple[int, int]) -> Box:
    """Scale a box and keep it at least one pixel wide, inside `size` (width, height)."""
    x0 = min(int(box.x0 * across), size[0] - 1)
    y0 = min(int(box.y0 * down), size[1] - 1)
    x1 = min(max(round(box.x1 * across), x0 + 1), size[0])
    y1 = min(max(round(box.y1 * down), y0 + 1), size[1])
    return Box(x0, y0, x1, y1)
