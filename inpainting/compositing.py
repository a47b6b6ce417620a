"""What happens to pixels round the painter: prefill before it, colour match and paste after it.

Kept pixels, those outside the hole, are never changed by anything here.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadRequest
from inpainting.masks import grow
from inpainting.types import Box, Mask, Rgb, Size

Floats = NDArray[np.float32]
Prefill = Literal["original", "blur", "neutral", "telea"]

MID_GREY = 128
TELEA_RADIUS = 5
STRIP_ROWS = 256
"""Rows blended at a time: bounds the memory of floats, whatever the window's size."""

SEAM_SHARE = 1 / 16
"""Width of the band of kept pixels whose colours are compared, as a share of the shorter side."""

MIN_SEAM_PIXELS = 256
MIN_SPREAD = 1.0
MAX_SHIFT = 10.0
"""Largest correction of a mean in Lab units; a larger difference is content, not a colour cast."""

MAX_GAIN = 1.25


def prefill(rgb: Rgb, hole: Mask, method: Prefill = "blur") -> Rgb:
    """Return a copy of `rgb`, HxWx3, whose hole, HxW, is ready to be painted on.

    Below strength 1 painters start from what is in the hole, and it shines through. "original"
    leaves it; "blur" fills in ever wider means of the kept pixels; "neutral" is mid grey; "telea"
    carries edges inwards (Telea 2004), slower. With no kept pixel at all both give mid grey.
    Raises BadRequest for another method or another size of the hole.
    """
    if method not in get_args(Prefill):
        choices = ", ".join(get_args(Prefill))
        raise BadRequest(f"The prefill is {method!r}; it must be one of {choices}.")
    _require_shape("hole", hole.shape, rgb.shape[:2])
    if method == "original" or not hole.any():
        return np.array(rgb)
    if method == "neutral" or hole.all():
        filling = np.full_like(rgb, MID_GREY)
    elif method == "telea":
        filling = _telea(rgb, hole)
    else:
        filling = _pull_push(rgb, hole)
    return np.where(hole[..., None], filling, rgb)


def match_colour(painted: Rgb, original: Rgb, hole: Mask) -> Rgb:
    """Return `painted` with its colours shifted to those of `original`; all HxW(x3), same size.

    Mean and spread of L, a and b over the kept pixels near the hole tell how the painter changed
    colours that it should have left; the same correction is applied everywhere (Reinhard 2001).
    It is bounded: MAX_SHIFT a mean, MAX_GAIN a spread. With fewer than MIN_SEAM_PIXELS kept pixels,
    or no difference, `painted` comes back as it is. Raises BadRequest for sizes that differ.
    """
    _require_shape("painted picture", painted.shape, original.shape)
    _require_shape("hole", hole.shape, original.shape[:2])
    seam = grow(hole, math.ceil(min(hole.shape) * SEAM_SHARE)) & ~hole
    if np.count_nonzero(seam) < MIN_SEAM_PIXELS or np.array_equal(painted[seam], original[seam]):
        return np.array(painted)
    is_mean, is_spread = _statistics(painted[seam])
    mean, spread = _statistics(original[seam])
    shift = np.clip(mean - is_mean, -MAX_SHIFT, MAX_SHIFT)
    gain = np.clip(spread / np.maximum(is_spread, MIN_SPREAD), 1 / MAX_GAIN, MAX_GAIN)
    gain = np.where((spread < MIN_SPREAD) | (is_spread < MIN_SPREAD), np.float32(1), gain)
    return _from_lab((_to_lab(painted) - is_mean) * gain + is_mean + shift)


def paste(pixels: Rgb, painted: Rgb, window: Box, weight: Floats) -> Rgb:
    """Return a new picture like `pixels`, HxWx3, with `painted` laid over its `window`.

    `painted` and `weight` (0 = photo to 1 = painted) have the window's size. Where the weight is 0,
    and outside the window, the pixels are those of the photo bit for bit; elsewhere they are
    blended and rounded. Beyond the copy of the photo, work and memory follow the window.
    Raises BadRequest when sizes do not fit together or weights leave their range.
    """
    _require_window(window, (pixels.shape[1], pixels.shape[0]))
    shape = (window.y1 - window.y0, window.x1 - window.x0)
    _require_shape("painted picture", painted.shape, (*shape, 3))
    _require_shape("weight", weight.shape, shape)
    if not (weight.min() >= 0 and weight.max() <= 1):
        raise BadRequest("The weight leaves its range; it must be from 0 to 1 everywhere.")
    result = np.array(pixels)
    target = result[window.y0 : window.y1, window.x0 : window.x1]
    for top in range(0, shape[0], STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        _blend(target[rows], painted[rows], weight[rows])
    return result


def _blend(target: Rgb, painted: Rgb, weight: Floats) -> None:
    """Lay `painted` over `target`, in place, where the weight is above 0."""
    share = weight[..., None]
    base = target.astype(np.float32)
    blended = np.rint(base + (painted - base) * share).astype(np.uint8)
    np.copyto(target, blended, where=share > 0)


def _telea(rgb: Rgb, hole: Mask) -> Rgb:
    inside = np.ascontiguousarray(hole).view(np.uint8)
    # opencv's gradients reach into the hole: let them find nothing of its old content there
    start = np.where(hole[..., None], _pull_push(rgb, hole), rgb)
    if min(hole.shape) == 1:  # opencv reads beyond a single row
        return start
    return np.asarray(cv2.inpaint(start, inside, TELEA_RADIUS, cv2.INPAINT_TELEA), np.uint8)


def _pull_push(rgb: Rgb, hole: Mask) -> Rgb:
    """Fill the hole from kept pixels: halve until all is known, then double back into the gaps.

    Source: Gortler et al., The Lumigraph (1996), section 3.4.
    """
    known = (~hole).astype(np.float32)
    filled = _filled(rgb * known[..., None], known)
    return np.rint(np.clip(filled, 0, 255)).astype(np.uint8)


def _filled(colour: Floats, known: Floats) -> Floats:
    """Return `colour`, HxWx3 weighted by `known` (HxW, 0-1), completed from its own half size."""
    height, width = known.shape
    if known.all() or height == width == 1:
        return np.asarray(colour / np.maximum(known, np.float32(1e-6))[..., None], np.float32)
    half = (width + 1) // 2, (height + 1) // 2
    mean_known = _resized(known, half, cv2.INTER_AREA)
    half_known = np.minimum(4 * mean_known, np.float32(1))
    share = half_known / np.maximum(mean_known, np.float32(1e-6))
    half_colour = _resized(colour, half, cv2.INTER_AREA) * share[..., None]
    coarse = _resized(_filled(half_colour, half_known), (width, height), cv2.INTER_LINEAR)
    return np.asarray(colour + (1 - known[..., None]) * coarse, np.float32)


def _resized(array: Floats, size: Size, interpolation: int) -> Floats:
    return np.asarray(cv2.resize(array, size, interpolation=interpolation), np.float32)


def _statistics(colours: Rgb) -> tuple[Floats, Floats]:
    """Return mean and spread, 3 numbers each, of Nx3 colours in Lab."""
    lab = _to_lab(colours[None])[0]
    return lab.mean(axis=0, dtype=np.float32), lab.std(axis=0, dtype=np.float32)


def _to_lab(rgb: Rgb) -> Floats:
    """Return L 0-100, a and b about -127 to 127 of sRGB 0-255, HxWx3."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def _from_lab(lab: NDArray[np.floating]) -> Rgb:
    rgb = np.asarray(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_Lab2RGB), np.float32)
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def _require_shape(name: str, shape: tuple[int, ...], right: tuple[int, ...]) -> None:
    if shape != right:
        raise BadRequest(f"The {name} has the shape {shape}; it must be {right}.")


def _require_window(window: Box, size: Size) -> None:
    across = 0 <= window.x0 < window.x1 <= size[0]
    if not across or not 0 <= window.y0 < window.y1 <= size[1]:
        raise BadRequest(f"{window} does not lie in a photo of {size[0]}x{size[1]} pixels.")
