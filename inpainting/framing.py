"""Which window of the photo the painter sees, at which size, and the exact way back.

A painter does best at its native area. So the hole with some context round it is cut out and scaled
to that area, whatever the photo's size; only what is painted goes back. The frame is made from the
hole alone: the photo counts only where its border is in the way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadOutput, BadRequest, NothingSelected
from inpainting.masks import bounds
from inpainting.types import Box, Mask, Rgb, Size

CONTEXT = 0.3
"""Context on each side of the hole, as a share of the mean side of its bounds."""

MIN_CONTEXT = 32
"""Context on each side in photo pixels, at least."""

MAX_ASPECT = 2.0
"""A longer window is widened, where the photo allows: painters know few very long pictures."""

WHOLE_SHARE = 0.75
"""A window of at least this share of the photo's area becomes the whole photo."""

MAX_ENLARGEMENT = 4
"""A window's side is at least native_side / MAX_ENLARGEMENT, where the photo is that large."""

MIN_SIDE = 64
"""The shortest side of a frame in frame pixels, or the native side where that is shorter."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the painter sees: `window` of the photo, scaled to `size` (width, height)."""

    window: Box
    size: Size

    @property
    def window_size(self) -> Size:
        """(width, height) of the window in photo pixels."""
        return self.window.x1 - self.window.x0, self.window.y1 - self.window.y0

    @property
    def scale(self) -> tuple[float, float]:
        """Frame pixels a photo pixel, in x and in y."""
        width, height = self.window_size
        return self.size[0] / width, self.size[1] / height


def frame_for(hole: Mask, native_side: int, multiple: int = 8, context: float = CONTEXT) -> Frame:
    """Choose the frame for `hole`, HxW of the photo, and a painter of native_side**2 pixels.

    The window lies inside the photo and holds the whole hole with `context` round it (a share of
    the mean side of the hole's bounds; at least MIN_CONTEXT pixels). The size has about, and never
    above, native_side**2 pixels; its sides are multiples of `multiple`, MIN_SIDE at least. The
    scales in x and y agree within 3 %, unless the photo is a few dozen pixels small or so long that
    the shortest side decides: then the picture is squeezed rather than the hole cut. The frame
    moves with the hole and is the same in every photo that is large enough to hold it.

    Raises NothingSelected for an empty hole, BadRequest for a context that is not 0 or more.
    """
    box = bounds(hole)
    if box is None:
        raise NothingSelected("There is nothing to repaint: select a part of the photo first.")
    return frame_round(box, (hole.shape[1], hole.shape[0]), native_side, multiple, context)


def frame_round(
    box: Box, photo: Size, native_side: int, multiple: int = 8, context: float = CONTEXT
) -> Frame:
    """Choose the frame for a hole with these bounds, in a photo of this size; see `frame_for`.

    Raises BadRequest for a context that is not 0 or more.
    """
    if not math.isfinite(context) or context < 0:
        raise BadRequest(f"The context is {context}; it must be a number of 0 or more.")
    wanted = _wanted(box, photo, native_side, context)
    window_size, size = _fit(wanted, photo, native_side, multiple)
    return Frame(_place(box, window_size, photo), size)


def crop(rgb: Rgb, frame: Frame) -> Rgb:
    """Return the frame's window of `rgb`, HxWx3 of the photo, scaled to the frame's size."""
    window = frame.window
    return _resized(rgb[window.y0 : window.y1, window.x0 : window.x1], frame.size)


def crop_hole(hole: Mask, frame: Frame) -> Mask:
    """Return the hole at the frame's size: a pixel is hole when any photo pixel under it is.

    So the thinnest hole is still there for the painter, and what is kept is surely kept.
    """
    window = frame.window
    part = hole[window.y0 : window.y1, window.x0 : window.x1]
    # columns first: reduceat takes several times as long along the first axis of a wide mask
    return _any_along(_any_along(part, frame.size[0], axis=1), frame.size[1], axis=0)


def restore(painted: Rgb, frame: Frame) -> Rgb:
    """Return a painted frame, HxWx3 uint8, at the size of its window of the photo.

    Raises BadOutput when it is not a picture of the frame's size.
    """
    width, height = frame.size
    if painted.shape != (height, width, 3) or painted.dtype != np.uint8:
        raise BadOutput(
            f"The painter returned {painted.dtype} of shape {painted.shape}; "
            f"a picture of {width}x{height} was asked for."
        )
    return _resized(painted, frame.window_size)


def _wanted(box: Box, photo: Size, native_side: int, context: float) -> Size:
    """Return the least size of the window: hole, context, least side, and no long strip."""
    width, height = box.x1 - box.x0, box.y1 - box.y0
    margin = max(MIN_CONTEXT, math.ceil(context * (width + height) / 2))
    least = native_side // MAX_ENLARGEMENT
    width, height = max(width + 2 * margin, least), max(height + 2 * margin, least)
    longest = max(min(width, photo[0]), min(height, photo[1]))
    thin = math.ceil(longest / MAX_ASPECT)
    width, height = min(max(width, thin), photo[0]), min(max(height, thin), photo[1])
    whole = width * height >= WHOLE_SHARE * photo[0] * photo[1]
    return photo if whole else (width, height)


def _fit(wanted: Size, photo: Size, native_side: int, multiple: int) -> tuple[Size, Size]:
    """Return the window's size, at least `wanted`, and the frame's, that fit each other best."""
    sizes = _sizes_near(wanted, native_side, multiple)
    fits = [(_expanded(wanted, size, photo), size) for size in sizes]
    return min(fits, key=lambda fit: _misfit(fit[0], fit[1], wanted, native_side))


def _sizes_near(wanted: Size, native_side: int, multiple: int) -> Iterator[Size]:
    """Yield the sizes on the grid within the area, a few steps round the wanted aspect."""
    area = native_side**2
    least = max(1, min(math.ceil(MIN_SIDE / multiple), native_side // multiple))
    most = max(least, area // (multiple * multiple * least))
    ideal = math.sqrt(area * wanted[0] / wanted[1]) / multiple
    middle = min(max(round(ideal), least), most)
    for across in range(max(least, middle - 6), min(most, middle + 3) + 1):
        tallest = max(least, area // (multiple * multiple * across))
        for down in range(max(least, tallest - 6), tallest + 1):
            yield across * multiple, down * multiple


def _expanded(wanted: Size, size: Size, photo: Size) -> Size:
    """Return `wanted` with one side lengthened, inside the photo, towards the aspect of `size`."""
    width = max(wanted[0], round(wanted[1] * size[0] / size[1]))
    height = max(wanted[1], round(wanted[0] * size[1] / size[0]))
    return min(width, photo[0]), min(height, photo[1])


def _misfit(window: Size, size: Size, wanted: Size, native_side: int) -> float:
    """Weigh up a fit: scales that differ are worst, then area given away on either side."""
    squeeze = abs(math.log(size[0] * window[1] / (size[1] * window[0])))
    unused = math.log(native_side**2 / (size[0] * size[1]))
    extra = math.log(window[0] * window[1] / (wanted[0] * wanted[1]))
    return 10 * squeeze + abs(unused) + extra


def _place(box: Box, size: Size, photo: Size) -> Box:
    """Return a window of `size` round the middle of `box`, pulled inside the photo."""
    x0 = min(max((box.x0 + box.x1 - size[0]) // 2, 0), photo[0] - size[0])
    y0 = min(max((box.y0 + box.y1 - size[1]) // 2, 0), photo[1] - size[1])
    return Box(x0, y0, x0 + size[0], y0 + size[1])


def _resized(rgb: Rgb, size: Size) -> Rgb:
    """Return a copy at `size`: sides that shrink are averaged, sides that grow interpolated."""
    height, width = rgb.shape[:2]
    smaller = min(width, size[0]), min(height, size[1])
    picture = _scaled(rgb, smaller, cv2.INTER_AREA)
    picture = _scaled(picture, size, cv2.INTER_CUBIC)
    return np.array(picture) if picture is rgb else picture


def _scaled(rgb: Rgb, size: Size, interpolation: int) -> Rgb:
    if (rgb.shape[1], rgb.shape[0]) == size:
        return rgb
    return np.asarray(cv2.resize(rgb, size, interpolation=interpolation), np.uint8)


def _any_along(mask: Mask, count: int, axis: int) -> Mask:
    """Divide an axis into `count` equal stretches; each is True where any pixel it meets is."""
    length = mask.shape[axis]
    index: NDArray[np.int64] = np.arange(count, dtype=np.int64)
    starts = index * length // count
    lasts = ((index + 1) * length - 1) // count
    # reduceat stops short of the next start: the pixel on the dividing line belongs to both
    inner = np.logical_or.reduceat(mask, starts, axis=axis)
    return np.asarray(inner | np.take(mask, lasts, axis=axis), np.bool_)
