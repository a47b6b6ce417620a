"""Photos for training: read from a folder, cut into random patches."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def load_photos(folder: Path) -> list[Pixels]:
    """Every photo of a folder in the order of names: HxWx3 uint8 RGB.

    Raises FileNotFoundError where the folder holds none.
    """
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in _SUFFIXES)
    if not files:
        raise FileNotFoundError(f"no JPEG, PNG or WebP photo lies in {folder}")
    return [np.asarray(Image.open(path).convert("RGB"), np.uint8) for path in files]


def random_patch(photos: list[Pixels], size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """A random cut of a random photo, scaled to `size` (width, height), mirrored half the time."""
    photo = photos[int(rng.integers(len(photos)))]
    width, height = size
    scale = min(photo.shape[0] / height, photo.shape[1] / width) * rng.uniform(0.4, 1.0)
    tall, wide = max(1, int(height * scale)), max(1, int(width * scale))
    top = int(rng.integers(photo.shape[0] - tall + 1))
    left = int(rng.integers(photo.shape[1] - wide + 1))
    cut = photo[top : top + tall, left : left + wide]
    cut = cut[:, ::-1] if rng.random() < 0.5 else cut
    patch = cv2.resize(np.ascontiguousarray(cut), size, interpolation=cv2.INTER_AREA)
    return np.asarray(patch, np.uint8)
