"""A hole filled by patches of what is kept, from coarse to fine.

Source: Wexler et al., Space-Time Completion of Video (2007): matches are sought for what fills the
hole, the hole is filled by what matched, and so on, at ever finer sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from inpainting.types import Mask, Rgb
from models.patch_blend import blended
from models.patch_pyramid import handed_down, pyramid
from models.patch_start import layered, tolls_of
from models.patch_vote import chosen, voted
from models.patches import Floats, Level, Places
from models.patchmatch import Matches, codes_of, search, sources_of

ROUNDS_COARSE = 12
ROUNDS = 5
ROUNDS_FINE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Step `number` of `total` done; `rgb` HxWx3 at its own size, the last at the picture's."""

    number: int
    total: int
    rgb: Rgb


def fill(rgb: Rgb, hole: Mask, seed: int) -> Iterator[Step]:
    """Fill the hole, HxW, of a picture, HxWx3, and yield every step; the last is the result.

    Yields nothing where too little is kept to take patches from. Kept pixels stay as they are, what
    the hole holds is not looked at, and the same seed gives the same bytes.
    """
    levels = pyramid(rgb, hole)
    if not levels:
        return
    rounds = _rounds(len(levels))
    total = sum(rounds) + 1
    matches = Matches(levels[0].targets, np.zeros(len(levels[0].targets), np.float32))
    improved = _improved(levels, rounds, np.random.default_rng(seed))
    for number, found in enumerate(improved, 1):
        picture, matches = found
        yield Step(number, total, _as_rgb(picture))
    last = _as_rgb(blended(levels[0], chosen(levels[0], matches)))
    yield Step(total, total, np.where(hole[..., None], last, rgb))


def _improved(
    levels: Sequence[Level], rounds: Sequence[int], rng: np.random.Generator
) -> Iterator[tuple[Floats, Matches]]:
    """Yield after each round its level's picture, filled, and its matches; from coarse to fine."""
    coarsest = levels[-1]
    tolls = tolls_of(coarsest)
    picture = layered(coarsest, tolls, rng)
    above = coarsest
    place: Places | None = None
    for level, count in zip(reversed(levels), reversed(rounds), strict=True):
        if place is not None:
            place = handed_down(above, level, place)
            picture = voted(level, Matches(place, np.ones(len(place), np.float32)))
        size = level.size[1], level.size[0]
        sources = sources_of(level, np.asarray(cv2.resize(tolls, size), np.float32), rng)
        for _ in range(count):
            matches = search(level, sources, codes_of(level, picture, sources), place, rng)
            picture, place = voted(level, matches), matches.place
            yield picture, matches
        above = level


def _rounds(levels: int) -> tuple[int, ...]:
    """Return how often each level is gone over, the finest first."""
    if levels == 1:
        return (ROUNDS,)
    return (ROUNDS_FINE, *(ROUNDS for _ in range(levels - 2)), ROUNDS_COARSE)


def _as_rgb(picture: Floats) -> Rgb:
    return np.rint(np.clip(picture[..., :3], 0, 255)).astype(np.uint8)
