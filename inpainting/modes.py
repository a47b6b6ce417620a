"""Pillow's picture modes, made few: grey, RGB or CMYK with 8 bits a sample, alpha aside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

Alpha = NDArray[np.uint8]


def split_alpha(image: Image.Image, depth: int = 8) -> tuple[Image.Image, Alpha | None]:
    """Return a loaded picture in mode L, RGB or CMYK and its alpha, HxW uint8 or None.

    `depth` is the bits of a sample in a PNG file, which the transparent colour is written in.
    Colours under alpha 0 stay as they are.
    """
    key = image.info.pop("transparency", None)
    if image.mode == "P":
        return _split_palette(image, key)
    if image.mode in ("LA", "RGBA"):
        return image.convert(image.mode[:-1]), np.array(image.getchannel("A"))
    if image.mode == "1":
        return image.convert("L"), _keyed(np.array(image.convert("L")), key)
    if image.mode.startswith("I"):
        samples = np.array(image)
        return Image.fromarray(to_eight_bits(samples)), _keyed(samples, key)
    if image.mode not in ("L", "RGB", "CMYK"):
        return image.convert("RGB"), None
    return image, _keyed(np.array(image), _in_eight_bits(key, depth)) if key is not None else None


def to_eight_bits(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale 16-bit samples to 0-255, rounded; Pillow's own conversion saturates instead."""
    clipped = np.clip(samples.astype(np.int32), 0, 65535)
    return ((clipped + 128) // 257).astype(np.uint8)


def _split_palette(image: Image.Image, key: object) -> tuple[Image.Image, Alpha | None]:
    if not isinstance(key, int | bytes):
        return image.convert("RGB"), None
    indices = np.array(image)
    opacity = np.full(256, 255, np.uint8)
    if isinstance(key, bytes):
        opacity[: len(key[:256])] = np.frombuffer(key[:256], np.uint8)
    else:
        opacity[key & 255] = 0
    return image.convert("RGB"), opacity[indices]


def _in_eight_bits(key: object, depth: int) -> object:
    """Bring a transparent colour from the file's depth to the 8 bits that Pillow unpacked to."""
    if isinstance(key, tuple):
        return tuple(_sample(part, depth) for part in key)
    return _sample(key, depth) if isinstance(key, int) else None


def _sample(value: int, depth: int) -> int:
    return value >> 8 if depth == 16 else value * 255 // ((1 << depth) - 1)


def _keyed(samples: NDArray[np.generic], key: object) -> Alpha | None:
    """Return alpha 0 where the samples equal the transparent colour and 255 elsewhere.

    A text chunk may also be called "transparency", so `key` can be anything.
    """
    if samples.ndim == 2 and isinstance(key, int):
        hidden = samples == key
    elif samples.ndim == 3 and isinstance(key, tuple) and len(key) == samples.shape[2]:
        hidden = (samples == np.array(key)).all(axis=2)
    else:
        return None
    return np.where(hidden, 0, 255).astype(np.uint8)


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation 1-8 of a loaded picture; 1 where it is missing or unreadable."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken EXIF block raises what it likes and must not cost the photo
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright(array: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn and flip HxW or HxWxC by an EXIF orientation 1-8 (EXIF 2.32, tag 0x0112)."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    flip_rows = orientation in (3, 4, 7, 8)
    flip_columns = orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(array[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1])
