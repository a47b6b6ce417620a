"""Quick choices of sizes: how far a photo is extended, and how large a picture begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from inpainting.types import Sides, Size

SHAPES: Mapping[str, float] = MappingProxyType(
    {
        "Square": 1.0,
        "4:3": 4 / 3,
        "3:4": 3 / 4,
        "16:9": 16 / 9,
        "9:16": 9 / 16,
    }
)
"""Names of shapes with their width as a share of their height."""

AROUND: Mapping[str, float] = MappingProxyType({"+25 % all round": 0.25, "+50 % all round": 0.5})
"""Names of frames with their width as a share of the photo's side."""

EXTENSIONS = (*AROUND, *SHAPES)

STEP = 64
"""Sides of a created picture are multiples of it, which suits every painter."""


def extension(size: Size, name: object) -> Sides:
    """Return what brings a photo of `size` (width, height) to a shape, or puts a frame round it.

    A shape is made by adding to both sides of the direction that is too short; a name that is not
    known adds nothing.
    """
    width, height = size
    if not isinstance(name, str):
        return Sides()
    if name in AROUND:
        across, down = round(width * AROUND[name]), round(height * AROUND[name])
        return Sides(across, down, across, down)
    ratio = SHAPES.get(name, width / height)
    across = max(0, round(height * ratio) - width)
    down = max(0, round(width / ratio) - height)
    return Sides(across // 2, down // 2, across - across // 2, down - down // 2)


def picture_size(native_side: int, name: object) -> Size:
    """Return (width, height) of a shape with about the area that a painter does best with."""
    ratio = SHAPES.get(name, 1.0) if isinstance(name, str) else 1.0
    return _side(native_side * math.sqrt(ratio)), _side(native_side / math.sqrt(ratio))


def _side(length: float) -> int:
    return max(STEP, round(length / STEP) * STEP)
