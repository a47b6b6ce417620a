"""A small picture of the whole photo as it would look if painting stopped now."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inpainting.framing import Frame
from inpainting.types import Box, Mask, Rgb, Size

PREVIEW_SIDE = 512
"""Longer side of a preview in pixels; a smaller photo is shown at its own size."""

SAMPLES = 3
"""Pixels of a large photo, across and down, that are averaged for one of a preview, at least. To
take in all of 50 megapixels costs a tenth of a repaint."""


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A photo made small (`base` hxwx3 uint8 sRGB), the frame's `window` on it, and the hole there.

    `hole` has the window's size.
    """

    base: Rgb
    window: Box
    hole: Mask


def small_of(rgb: Rgb) -> Rgb:
    """Return a picture HxWx3 at the size of its previews; a small one is the same array."""
    height, width = rgb.shape[:2]
    size = _small_size((width, height))
    if size == (width, height):
        return rgb
    skip = max(width, height) // (SAMPLES * PREVIEW_SIDE)
    if skip > 1:
        few = max(1, width // skip), max(1, height // skip)
        middle = rgb[skip // 2 :, skip // 2 :]  # the nearest is the one at the upper left
        rgb = np.asarray(cv2.resize(middle, few, interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def preview_of(base: Rgb, frame: Frame, hole: Mask) -> Preview:
    """Prepare the previews of one frame on a photo's `small_of`; `hole` HxW at the photo's size."""
    size = base.shape[1], base.shape[0]
    across, down = size[0] / hole.shape[1], size[1] / hole.shape[0]
    small = cv2.resize(hole.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    window = _scaled(frame.window, across, down, size)
    inside = small[window.y0 : window.y1, window.x0 : window.x1]
    return Preview(base, window, inside.astype(np.bool_))


def show(preview: Preview, rgb: Rgb) -> Rgb:
    """Return the small photo with `rgb`, a picture of the frame at any size, seen in the hole."""
    box = preview.window
    resized = cv2.resize(rgb, (box.x1 - box.x0, box.y1 - box.y0), interpolation=cv2.INTER_LINEAR)
    shown: Rgb = preview.base.copy()
    inside: Rgb = shown[box.y0 : box.y1, box.x0 : box.x1]
    inside[preview.hole] = resized[preview.hole]
    return shown


def _small_size(photo: Size) -> Size:
    scale = min(1.0, PREVIEW_SIDE / max(photo))
    return max(1, round(photo[0] * scale)), max(1, round(photo[1] * scale))


def _scaled(box: Box, across: float, down: float, size: Size) -> Box:
    """Scale a box and keep it at least one pixel wide, inside `size` (width, height)."""
    x0 = min(int(box.x0 * across), size[0] - 1)
    y0 = min(int(box.y0 * down), size[1] - 1)
    x1 = min(max(round(box.x1 * across), x0 + 1), size[0])
    y1 = min(max(round(box.y1 * down), y0 + 1), size[1])
    return Box(x0, y0, x1, y1)
