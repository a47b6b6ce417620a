"""Between a photo and the square that Segment Anything sees.

The photo is scaled so that its longer side equals the model's side, and padded right and bottom
(Kirillov et al. 2023, "Segment Anything", and the code published with it).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.types import Mask, Rgb, Size

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def scaled_size(size: Size, side: int) -> Size:
    """Return the (width, height) of a photo of `size` whose longer side was scaled to `side`."""
    scale = side / max(size)
    return _scaled(size[0], scale), _scaled(size[1], scale)


def _scaled(length: int, scale: float) -> int:
    return max(1, int(length * scale + 0.5))


def to_square(coordinates: NDArray[np.float64], size: Size, side: int) -> NDArray[np.float32]:
    """Return photo coordinates (Nx2, x y) in the square's pixels, as the model was trained.

    The prompt encoder adds the half pixel to the centre itself.
    """
    scale = np.array(scaled_size(size, side)) / np.array(size)
    return np.asarray(coordinates * scale, np.float32)


def pixel_values(rgb: Rgb, side: int) -> NDArray[np.float32]:
    """Return the encoder's input, 3 x side x side float32, from HxWx3 uint8 sRGB.

    Bilinear scaling, ImageNet mean and deviation, zeros right and below.
    """
    size = scaled_size((rgb.shape[1], rgb.shape[0]), side)
    scaled = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR), np.float32)
    square = np.zeros((3, side, side), np.float32)
    square[:, : size[1], : size[0]] = ((scaled / 255 - _MEAN) / _DEVIATION).transpose(2, 0, 1)
    return square


def photo_mask(logits: NDArray[np.float32], size: Size, side: int) -> Mask:
    """Return low-resolution logits (square, float32) as a mask of a photo of `size`.

    The logits are scaled and thresholded at 0 last: thresholding first gives stairs.
    """
    width, height = scaled_size(size, side)
    square = cv2.resize(logits, (side, side), interpolation=cv2.INTER_LINEAR)
    smooth = cv2.resize(square[:height, :width], size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth > 0)
