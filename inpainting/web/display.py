"""Pictures as a browser needs them: small, and in formats that it reads."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.photo import encode_mask_bits
from inpainting.types import Mask, Rgb, Size

Greys = NDArray[np.uint8]
"""HxW, 0-255."""

DISPLAY_SIDE = 4096
"""Longer side in pixels of the copy of a photo that the canvas shows, so that zooming in shows the
photo's own pixels up to 12 megapixels.
"""

DISPLAY_QUALITY = 92
"""JPEG quality of that copy, its colours at full size (4:4:4)."""

THUMB_SIDE = 144
"""Longer side in pixels of a candidate's small mask."""

EXAMPLE_SIDE = 224
"""Longer side in pixels of the picture on an example's button."""


def display_copy(rgb: Rgb) -> bytes:
    """Return a JPEG file of a photo HxWx3 sRGB for the screen."""
    return encode_jpeg(reduced(rgb, DISPLAY_SIDE), DISPLAY_QUALITY, full_colour=True)


def encode_jpeg(rgb: Rgb, quality: int, full_colour: bool = False) -> bytes:
    """Return a JPEG file; `quality` 1-100; with `full_colour` colours are not halved in size."""
    bgr = np.ascontiguousarray(rgb[..., ::-1])  # opencv's own order
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    if full_colour:
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    _, data = cv2.imencode(".jpg", bgr, options)
    return data.tobytes()


def reduced(rgb: Rgb, side: int) -> Rgb:
    """Return a picture with its longer side at most `side`."""
    size = fitting((rgb.shape[1], rgb.shape[0]), side)
    if size == (rgb.shape[1], rgb.shape[0]):
        return rgb
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def fitting(size: Size, side: int) -> Size:
    """Return `size` scaled down, where needed, so that its longer side is `side`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def small_mask(mask: Mask, side: int) -> Mask:
    """Return a mask HxW with its longer side at most `side`: True where half of it is."""
    height, width = mask.shape
    size = fitting((width, height), side)
    if size == (width, height):
        return mask
    # Two samples a pixel each way tell about as much as all, at a small part of the time.
    stride = max(1, max(width, height) // (2 * side))
    sampled = np.ascontiguousarray(mask[::stride, ::stride]).view(np.uint8) * np.uint8(255)
    return np.asarray(cv2.resize(sampled, size, interpolation=cv2.INTER_AREA)) >= 128


def mask_url(mask: Mask, side: int) -> str:
    """Return a mask as a data URL of a one-bit PNG whose longer side is at most `side`."""
    return data_url(encode_mask_bits(small_mask(mask, side)), "image/png")


def grey_url(values: Greys) -> str:
    """Return HxW uint8 as a data URL of an 8-bit grey PNG."""
    _, data = cv2.imencode(".png", values)
    return data_url(data.tobytes(), "image/png")


def jpeg_url(rgb: Rgb, side: int, quality: int = 80) -> str:
    """Return a small picture as a data URL."""
    return data_url(encode_jpeg(reduced(rgb, side), quality), "image/jpeg")


def data_url(data: bytes, kind: str) -> str:
    """Return bytes as a URL that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
