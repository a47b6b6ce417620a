"""The hole's pixels from the patches that were found for it.

Source: Wexler et al., Space-Time Completion of Video (2007): every patch over a pixel has a vote,
the better it fits the more. Newson et al., Non-Local Patch-Based Image Inpainting (2017): at last
the best patch alone decides, which is sharp.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inpainting.types import Mask
from models.patches import Floats, Level, Places, moved, steps
from models.patchmatch import Matches

SHARPNESS = 6.0
"""How much more the best votes count than those of mean cost; means of many blur a texture."""


def voted(level: Level, matches: Matches) -> Floats:
    """Return the level's picture with its hole filled by the weighted mean of all votes."""
    least, width = _spread(level, matches)
    total = np.zeros(len(level.pixels), np.float32)
    colour = np.zeros((len(level.pixels), level.picture.shape[2]), np.float32)
    for there, cost, place in _votes(level, matches):
        weight = np.where(there, np.exp((least - cost) / width), np.float32(0))
        total += weight
        colour += weight[:, None] * _colours(level, place)
    return filled(level, colour / total[:, None])


def chosen(level: Level, matches: Matches) -> Places:
    """Return for each pixel of the hole its place in the best patch over it."""
    least = np.full(len(level.pixels), np.inf, np.float32)
    origin = np.zeros(len(level.pixels), np.int64)
    for there, cost, place in _votes(level, matches):
        better = there & (cost < least)
        least[better], origin[better] = cost[better], place[better]
    return origin


def copied(level: Level, origin: Places) -> Floats:
    """Return the level's picture with each pixel of the hole copied from its place in `origin`."""
    return filled(level, _colours(level, origin))


def filled(level: Level, colours: Floats) -> Floats:
    """Return a copy of the level's picture with NxC colours in the hole."""
    picture: Floats = level.picture.copy()
    picture.reshape(-1, picture.shape[2])[level.pixels] = colours
    return picture


def _votes(level: Level, matches: Matches) -> Iterator[tuple[Mask, Floats, Places]]:
    """Yield for each step in a patch, and each pixel of the hole, the patch that has it there.

    Whether there is one, what it costs, and which place it would copy.
    """
    width = level.size[1]
    for row, column in steps(level.radius):
        number = level.index[moved(level, level.pixels, (-row, -column))]
        there = number >= 0
        place = matches.place[number] + row * width + column
        yield there, matches.cost[number], np.asarray(np.where(there, place, 0), np.int64)


def _spread(level: Level, matches: Matches) -> tuple[Floats, Floats]:
    """Return the least cost of the patches over each pixel of the hole, and the votes' width."""
    total = np.zeros(len(level.pixels), np.float32)
    count = np.zeros(len(level.pixels), np.float32)
    least = np.full(len(level.pixels), np.inf, np.float32)
    for there, cost, _ in _votes(level, matches):
        total += np.where(there, cost, 0)
        count += there
        least = np.where(there, np.minimum(least, cost), least)
    return least, np.asarray(total / count / SHARPNESS + 1e-3, np.float32)


def _colours(level: Level, places: Places) -> Floats:
    flat: Floats = level.picture.reshape(-1, level.picture.shape[2])
    return np.asarray(flat[places], np.float32)
