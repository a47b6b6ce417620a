"""Surfaces in ten colours: wall, brick, checkerboard, stripes, dots, wood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.training.noise import Field, cloud_noise, smooth_noise

Colour = npt.NDArray[np.float32]

PALETTE: dict[str, tuple[int, int, int]] = {
    "red": (205, 35, 40),
    "green": (45, 160, 60),
    "blue": (45, 80, 205),
    "yellow": (240, 210, 55),
    "white": (238, 238, 238),
    "black": (28, 28, 30),
    "orange": (240, 130, 30),
    "purple": (130, 55, 175),
    "pink": (242, 140, 185),
    "brown": (115, 70, 38),
}
_LIGHT = (242, 242, 240)
_GREY = (150, 152, 158)
_MORTAR = (192, 188, 180)
_DARK_MORTAR = (120, 118, 116)


@dataclass(frozen=True)
class _Paints:
    """The asked colour and the one beside it: 3 float32 each, 0..255."""

    base: Colour
    second: Colour


def draw_texture(
    colour: str, texture: str, height: int, width: int, rng: np.random.Generator
) -> Field:
    """Draw one surface: HxWx3 float32 RGB, about 0..255."""
    base = np.array(PALETTE[colour], np.float32) + rng.normal(0, 6, 3).astype(np.float32)
    second = np.array(_GREY if colour == "white" else _LIGHT, np.float32)
    picture = _DRAWERS[texture](_Paints(base, second), height, width, rng)
    light = 1 + 0.05 * smooth_noise(height, width, (height / 2, width / 2), rng)
    return np.asarray(picture * light[..., None], np.float32)


def _grid(height: int, width: int, rng: np.random.Generator) -> tuple[Field, Field]:
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    shift = rng.uniform(0, 64, 2).astype(np.float32)
    return rows + shift[0], columns + shift[1]


def _two(where: npt.NDArray[np.bool_], paints: _Paints) -> Field:
    return np.where(where[..., None], paints.base, paints.second).astype(np.float32)


def _wall(paints: _Paints, height: int, width: int, rng: np.random.Generator) -> Field:
    lumps = cloud_noise(height, width, (24, 24), rng)[..., None] - 0.5
    towards = (paints.second - paints.base) * 0.06
    return np.asarray(paints.base + lumps * (14 + towards), np.float32)


def _brick(paints: _Paints, height: int, width: int, rng: np.random.Generator) -> Field:
    rows, columns = _grid(height, width, rng)
    tall = float(rng.integers(18, 31))
    long = tall * rng.uniform(1.9, 2.5)
    course = rows // tall
    along = columns + (course % 2) * long / 2
    shade = rng.uniform(0.82, 1.12, (64, 64)).astype(np.float32)
    tone = shade[course.astype(int) % 64, (along // long).astype(int) % 64]
    joint = max(3.0, tall / 7)
    mortar = ((rows % tall) < joint) | ((along % long) < joint)
    grey = np.array(_DARK_MORTAR if paints.second[0] < 200 else _MORTAR, np.float32)
    return np.where(mortar[..., None], grey, paints.base * tone[..., None]).astype(np.float32)


def _checkerboard(paints: _Paints, height: int, width: int, rng: np.random.Generator) -> Field:
    rows, columns = _grid(height, width, rng)
    side = float(rng.integers(22, 45))
    return _two((rows // side + columns // side) % 2 == 0, paints)


def _stripes(paints: _Paints, height: int, width: int, rng: np.random.Generator) -> Field:
    rows, columns = _grid(height, width, rng)
    side = float(rng.integers(16, 33))
    angle = rng.choice([0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]) + rng.normal(0, 0.05)
    across = columns * np.cos(angle) + rows * np.sin(angle)
    return _two((across // side) % 2 == 0, paints)


def _dots(paints: _Paints, height: int, width: int, rng: np.random.Generator) -> Field:
    rows, columns = _grid(height, width, rng)
    pitch = float(rng.integers(30, 53))
    shifted = columns + (rows // pitch % 2) * pitch / 2 * int(rng.integers(2))
    away = np.hypot(rows % pitch - pitch / 2, shifted % pitch - pitch / 2)
    return _two(away < pitch * rng.uniform(0.3, 0.38), paints)


def _wood(paints: _Paints, height: int, width: int, rng: np.random.Generator) -> Field:
    upright = bool(rng.integers(2))
    tall, wide = (width, height) if upright else (height, width)
    rows, _ = _grid(tall, wide, rng)
    plank = float(rng.integers(30, 57))
    grain = smooth_noise(tall, wide, (5, 70), rng) * 0.5 + smooth_noise(tall, wide, (10, 90), rng)
    tone = rng.uniform(0.86, 1.08, 64).astype(np.float32)[(rows // plank).astype(int) % 64]
    joint = np.where((rows % plank) < 3.5, 0.55, 1.0)
    if paints.base.max() < 60:
        picture = paints.base + (tone * 25 + grain * 11)[..., None] - 12
        picture = picture * joint[..., None]
    else:
        picture = paints.base * (tone * (1 + 0.10 * grain) * joint)[..., None]
    return np.asarray(picture.transpose(1, 0, 2) if upright else picture, np.float32)


_Drawer = Callable[[_Paints, int, int, np.random.Generator], Field]
_DRAWERS: dict[str, _Drawer] = {
    "wall": _wall,
    "brick": _brick,
    "checkerboard": _checkerboard,
    "stripes": _stripes,
    "dots": _dots,
    "wood": _wood,
}
