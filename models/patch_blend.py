"""Patches that meet are lifted or lowered so that their tones agree; strong edges stay.

Source: Perez et al., Poisson Image Editing (2003), with the weights of robust least squares, so
that what does not continue is left as it is instead of being smeared.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from inpainting.types import Mask
from models.patch_vote import copied
from models.patches import Floats, Level, Places

TOLERANCE = 16.0
"""A step of so many levels of 255 between patches is held for content rather than for tone."""

HOLD = 3e-4
"""How firmly the fill is held to what it was."""

ROUNDS = 120
ENOUGH = 1e-6
"""The solver stops at so much of the error that it started with."""

Number = TypeVar("Number", bound=np.generic)

Pair = tuple[Floats, Floats]
"""Something for each step to the next row, and to the next column."""


def blended(level: Level, origin: Places) -> Floats:
    """Return HxWx3, 0-255: the hole copied from the places `origin`, one a pixel, and blended.

    Kept pixels stay as they are.
    """
    height, width = level.size
    picture = copied(level, origin)[..., :3]
    came = np.arange(height * width)
    came[level.pixels] = origin
    rows, columns = _stretch(level.hole), _stretch(level.hole.T)
    part, hole = picture[rows, columns], level.hole[rows, columns]
    came = came.reshape(height, width)[rows, columns]
    kept = level.picture[..., :3].reshape(-1, 3)
    down = _excess(kept, part, came, hole, 0, width)
    across = _excess(kept, part, came, hole, 1, 1)
    weights = _weight(down), _weight(across)
    wanted = -_gathered((down * weights[0], across * weights[1]))
    picture[rows, columns] += _lift(wanted, weights, hole[..., None])
    return np.clip(picture, 0, 255)


def _stretch(hole: Mask) -> slice:
    """Return from the first to the last row with a hole, and a row more on each side."""
    lines = np.nonzero(hole)[0]
    return slice(max(0, int(lines.min()) - 1), int(lines.max()) + 2)


def _excess(kept: Floats, part: Floats, came: Places, hole: Mask, axis: int, stride: int) -> Floats:
    """Return by how much each step along an axis differs from the same step in the sources."""
    first, second = _ends(came, axis)
    ahead = kept[np.minimum(first + stride, len(kept) - 1)] - kept[first]
    behind = kept[second] - kept[np.maximum(second - stride, 0)]
    in_first, in_second = _ends(hole[..., None], axis)
    # a kept pixel's own next one may be hole, of which nothing is known
    told = np.where(in_first & in_second, (ahead + behind) / 2, np.where(in_first, ahead, behind))
    excess = np.where(in_first | in_second, np.diff(part, axis=axis) - told, 0)
    return np.asarray(excess, np.float32)


def _ends(array: NDArray[Number], axis: int) -> tuple[NDArray[Number], NDArray[Number]]:
    """Return what each step along an axis starts from, and where it leads."""
    return (array[:-1], array[1:]) if axis == 0 else (array[:, :-1], array[:, 1:])


def _weight(excess: Floats) -> Floats:
    size = np.abs(excess).max(axis=2, keepdims=True) / np.float32(TOLERANCE)
    return np.asarray(1 / (1 + size**2) ** 3, np.float32)


def _gathered(steps: Pair) -> Floats:
    """Return for each pixel the steps that lead to it less those that start from it."""
    down, across = steps
    total = np.zeros((across.shape[0], down.shape[1], down.shape[2]), np.float32)
    total[1:] += down
    total[:-1] -= down
    total[:, 1:] += across
    total[:, :-1] -= across
    return total


def _lift(wanted: Floats, weights: Pair, free: Mask) -> Floats:
    """Return what is added to the pixels where `free`, HxWx1, by conjugate gradients."""

    def applied(lift: Floats) -> Floats:
        steps = np.diff(lift, axis=0) * weights[0], np.diff(lift, axis=1) * weights[1]
        return np.where(free, _gathered(steps) + HOLD * lift, np.float32(0))

    lift = np.zeros_like(wanted)
    rest = np.where(free, wanted, np.float32(0))
    way, size = rest.copy(), float(np.vdot(rest, rest))
    enough = ENOUGH * size
    for _ in range(ROUNDS):
        if size <= enough:
            break
        change = applied(way)
        share = np.float32(size / float(np.vdot(way, change)))
        lift += share * way
        rest -= share * change
        size, before = float(np.vdot(rest, rest)), size
        way = rest + np.float32(size / before) * way
    return lift
