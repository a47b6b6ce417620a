"""Pictures as a browser needs them: small, and in formats that it reads."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from inpainting.photo import encode_mask_bits
from inpainting.types import Mask, Rgb, Size

DISPLAY_SIDE = 2048
"""Longer side in pixels of the copy of a photo that the canvas shows."""

MASK_SIDE = 1536
"""Longer side in pixels of the mask that is laid over it."""

THUMB_SIDE = 144
"""Longer side in pixels of a candidate's small mask."""

EXAMPLE_SIDE = 224
"""Longer side in pixels of the picture on an example's button."""


def display_copy(rgb: Rgb) -> bytes:
    """Return a JPEG file of a photo HxWx3 sRGB for the screen."""
    return encode_jpeg(reduced(rgb, DISPLAY_SIDE), 94)


def encode_jpeg(rgb: Rgb, quality: int) -> bytes:
    """Return a JPEG file; `quality` 1-100."""
    bgr = np.ascontiguousarray(rgb[..., ::-1])  # opencv's own order
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
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


def mask_url(mask: Mask, side: int) -> str:
    """Return a mask as a data URL of a one-bit PNG whose longer side is at most `side`."""
    size = fitting((mask.shape[1], mask.shape[0]), side)
    small = cv2.resize(mask.view(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) >= 128
    return data_url(encode_mask_bits(small), "image/png")


def jpeg_url(rgb: Rgb, side: int, quality: int = 80) -> str:
    """Return a small picture as a data URL."""
    return data_url(encode_jpeg(reduced(rgb, side), quality), "image/jpeg")


def data_url(data: bytes, kind: str) -> str:
    """Return bytes as a URL that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
