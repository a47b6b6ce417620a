"""Real photos to measure on: the project's own, those inside installed packages, and folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from inpainting.types import Mask, Rgb, Size

ASSETS = Path(__file__).resolve().parent.parent / "assets" / "photos"
SUFFIXES = {".jpg", ".jpeg", ".png"}
PACKAGED = (
    ("skimage", "data/motorcycle_left.png"),
    ("skimage", "data/camera.png"),
    ("skimage", "data/coins.png"),
    ("gradio", "media_assets/images/cheetah.jpg"),
    ("gradio", "media_assets/images/lion.jpg"),
    ("gradio", "media_assets/images/tower.jpg"),
    ("gradio", "test_data/cheetah2.jpg"),
    ("sklearn", "datasets/images/china.jpg"),
    ("sklearn", "datasets/images/flower.jpg"),
)
"""Photos that packages bring along; a package that is not installed is passed over."""

LONGEST = 640
"""Longer side in pixels that photos are made small to."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A photo, HxWx3 sRGB, with its name, and a mask of its middle that stands for a subject."""

    name: str
    rgb: Rgb
    subject: Mask


def samples(folders: Iterable[Path]) -> list[Sample]:
    """Return every photo once by its name: the project's own, installed ones, then folders'."""
    paths: dict[str, Path] = {}
    for path in (*_in_folder(ASSETS), *_installed(), *(p for f in folders for p in _in_folder(f))):
        paths.setdefault(path.stem, path)
    return [_sample(number, path) for number, path in enumerate(paths.values())]


def blob(size: Size, seed: int) -> Mask:
    """Return a round, wavy blob in the middle of a picture, True inside; a fifth of its area."""
    width, height = size
    y, x = np.mgrid[-1 : 1 : complex(height), -1 : 1 : complex(width)]
    angle, phases = np.arctan2(y, x), np.random.default_rng(seed).uniform(0, 2 * np.pi, 3)
    waves = [0.12 * np.cos((k + 2) * angle + phase) for k, phase in enumerate(phases)]
    return np.asarray(np.hypot(x, y) < 0.52 * (1 + np.sum(waves, axis=0)), np.bool_)


def _in_folder(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES)


def _installed() -> Iterator[Path]:
    for package, name in PACKAGED:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            if (path := Path(place) / name).exists():
                yield path


def _sample(number: int, path: Path) -> Sample:
    with Image.open(path) as file:
        rgb = np.array(file.convert("RGB"))
    scale = min(1.0, LONGEST / max(rgb.shape[:2]))
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Sample(path.stem, small, blob(size, number))
