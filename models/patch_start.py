"""The first fill of a hole, at the smallest size, from its border inwards.

Source: Newson et al., Non-Local Patch-Based Image Inpainting (2017), section 2.4. Two things are
added that keep other objects of the picture out of the hole: a smooth guess of what is missing, and
a toll on patches that look like nothing near the hole.
"""

from __future__ import annotations

import cv2
import numpy as np

from models.patches import Floats, Level, depth_of, patches_at, patches_by, widened

GUESS = 0.2
"""What a pixel that is only guessed counts in the comparison, against a known one."""

TOLL = 1.0
"""What a patch's distance to the nearest one by the hole counts, against one to the hole itself."""

RING = 4
"""Width in pixels of what counts as near the hole."""

SOURCES = 4096
"""Patches to choose from, at most."""


def tolls_of(level: Level) -> Floats:
    """Return HxW, for each source its squared distance to the nearest source near the hole."""
    tolls = np.zeros(level.hole.size, np.float32)
    near = widened(level.hole, level.radius + RING).ravel()
    ring = patches_at(level.picture, np.flatnonzero(near & level.valid), level.radius)[:SOURCES]
    if len(ring):
        lengths = np.einsum("nk,nk->n", ring, ring)
        for places, patches in patches_by(level.picture, level.sources, level.radius):
            least = (lengths - 2 * patches @ ring.T).min(axis=1)
            tolls[places] = np.maximum(least + np.einsum("nk,nk->n", patches, patches), 0)
    return np.asarray(TOLL * tolls.reshape(level.size), np.float32)


def layered(level: Level, tolls: Floats, rng: np.random.Generator) -> Floats:
    """Return the level's picture with its hole filled, layer by layer; `tolls` HxW."""
    count = min(SOURCES, len(level.sources))
    offered = np.sort(rng.choice(level.sources, count, replace=False))
    patches = patches_at(level.picture, offered, level.radius)
    squares, toll = patches**2, tolls.ravel()[offered]
    channels = level.picture.shape[2]
    middles = level.picture.reshape(-1, channels)[offered]
    picture, missing = smooth(level), level.hole.copy()
    while missing.any():
        rim = missing & widened(~missing, 1)
        places = np.flatnonzero(rim)
        trust = np.where(missing, np.float32(GUESS), np.float32(1))[..., None]
        weight = np.repeat(patches_at(trust, places, level.radius), channels, axis=1)
        wanted = patches_at(picture, places, level.radius) * weight
        cost = weight @ squares.T - 2 * wanted @ patches.T + toll
        picture.reshape(-1, channels)[places] = middles[np.argmin(cost, axis=1)]
        missing &= ~rim
    return picture


def smooth(level: Level) -> Floats:
    """Return the level's picture with its hole filled by a weighted mean of what is kept."""
    reach = max(1.0, float(depth_of(level.hole).max()) / 2)
    known = (~level.hole).astype(np.float32)
    # far from all that is kept the mean of the whole is left
    little = np.float32(1e-6)
    mean = level.picture[~level.hole].mean(axis=0)
    share = cv2.GaussianBlur(known, (0, 0), reach) + little
    guess = (cv2.GaussianBlur(level.picture, (0, 0), reach) + little * mean) / share[..., None]
    return np.where(level.hole[..., None], guess, level.picture).astype(np.float32)
