"""For each patch that touches a hole, a patch elsewhere that looks like it.

Source: Barnes et al., PatchMatch (2009): good matches are found by chance and handed on to the
neighbours. Here all patches take a step at once, so that numpy does the work, and patches are
compared by their principal components.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.patches import Floats, Level, Places, patches_at, patches_by

COMPONENTS = 24
"""Numbers that a patch is compared by; they hold nearly all that differs in natural pictures."""

SAMPLE = 4096
"""Patches that the components are learnt from."""

EXACT = 6_000_000
"""Up to so many pairs of patches all are compared; above it PatchMatch searches."""

JUMPS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """The patches to take from: `basis` DxK of components; `codes` HWxK, zero where no source is.

    `tolls` HW are added to the cost of each.
    """

    basis: Floats
    codes: Floats
    tolls: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """For each target of a level: the `place` of its source, and its `cost`, a squared distance."""

    place: Places
    cost: Floats


def sources_of(level: Level, tolls: Floats, rng: np.random.Generator) -> Sources:
    """Learn the components of a level's sources, and describe each by them; `tolls` HxW."""
    basis = _components(level, rng)
    codes = np.zeros((level.hole.size, basis.shape[1]), np.float32)
    for places, patches in patches_by(level.picture, level.sources, level.radius):
        codes[places] = patches @ basis
    return Sources(basis, codes, tolls.ravel())


def codes_of(level: Level, picture: Floats, sources: Sources) -> Floats:
    """Describe the targets of a level, as `picture` shows them now, NxK."""
    chunks = patches_by(picture, level.targets, level.radius)
    return np.concatenate([patches @ sources.basis for _, patches in chunks])


def search(
    level: Level,
    sources: Sources,
    codes: Floats,
    start: Places | None,
    rng: np.random.Generator,
) -> Matches:
    """Return matches for targets described by `codes`, NxK, from `start` or else from chance."""
    if len(codes) * len(level.sources) <= EXACT:
        return _exact(level, sources, codes)
    place = start if start is not None else rng.choice(level.sources, len(codes))
    matches = Matches(place, _costs(sources, codes, place))
    for jump in JUMPS:
        matches = _handed_on(level, sources, codes, matches, jump)
    return _by_chance(level, sources, codes, matches, rng)


def _components(level: Level, rng: np.random.Generator) -> Floats:
    count = min(SAMPLE, len(level.sources))
    sample = np.sort(rng.choice(level.sources, count, replace=False))
    patches = patches_at(level.picture, sample, level.radius).astype(np.float64)
    spread = patches - patches.mean(axis=0)
    vectors: NDArray[np.float64] = np.linalg.eigh(spread.T @ spread)[1]
    return np.ascontiguousarray(vectors[:, : -COMPONENTS - 1 : -1], np.float32)


def _exact(level: Level, sources: Sources, codes: Floats) -> Matches:
    """Compare every target with every source."""
    offered = sources.codes[level.sources]
    own = np.einsum("nk,nk->n", offered, offered) + sources.tolls[level.sources]
    place = level.sources[np.argmin(own - 2 * (codes @ offered.T), axis=1)]
    return Matches(place, _costs(sources, codes, place))


def _handed_on(
    level: Level, sources: Sources, codes: Floats, matches: Matches, jump: int
) -> Matches:
    """Offer each target the match of each neighbour, moved as the neighbour lies."""
    width = level.size[1]
    for step in (-jump, jump, -jump * width, jump * width):
        # A step over the border meets the row beside: one more offer by chance, no worse.
        neighbour = level.index[np.clip(level.targets - step, 0, level.hole.size - 1)]
        offer = np.where(neighbour >= 0, matches.place[neighbour] + step, -1)
        matches = _taken(level, sources, codes, matches, offer)
    return matches


def _by_chance(
    level: Level, sources: Sources, codes: Floats, matches: Matches, rng: np.random.Generator
) -> Matches:
    """Offer each target sources ever nearer to its own."""
    height, width = level.size
    reach = max(height, width)
    while reach >= 1:
        away = rng.integers(-reach, reach + 1, (2, len(codes)))
        offer = matches.place + away[0] * width + away[1]
        matches = _taken(level, sources, codes, matches, offer)
        reach //= 2
    return matches


def _taken(
    level: Level, sources: Sources, codes: Floats, matches: Matches, offer: Places
) -> Matches:
    """Take the offers that are sources and cost less."""
    inside = np.clip(offer, 0, level.hole.size - 1)
    worth = np.flatnonzero((offer == inside) & level.valid[inside] & (offer != matches.place))
    cost = _costs(sources, codes[worth], offer[worth])
    better = cost < matches.cost[worth]
    place, costs = matches.place.copy(), matches.cost.copy()
    place[worth[better]] = offer[worth[better]]
    costs[worth[better]] = cost[better]
    return Matches(place, costs)


def _costs(sources: Sources, codes: Floats, place: Places) -> Floats:
    away = sources.codes[place] - codes
    return np.asarray(np.einsum("nk,nk->n", away, away) + sources.tolls[place], np.float32)
