"""What the hole holds before it is painted. Below strength 1 a painter starts from it.

Kept pixels are never changed, and only "original" leaves anything of what the hole held before.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadRequest
from inpainting.masks import grow
from inpainting.types import PREFILLS, Mask, Rgb, Size

Floats = NDArray[np.float32]

METHODS = PREFILLS[1:]
"""What `prefill` takes: every prefill but "auto", which `repainting.prefill_for` resolves."""

MID_GREY = 128
GREY_SPREAD = 50.0
"""Spread of noise, in levels, where there is no surrounding to take it from."""

INPAINT_RADIUS = 5
INPAINT_SIDE = 512
"""Opencv carries edges into the hole of a picture of at most this longer side: time grows with
the hole's area, and what is painted over needs no detail."""

SURROUNDINGS_SHARE = 1 / 8
"""Width of the band of kept pixels whose colours noise takes, as a share of the shorter side."""

MIN_SURROUNDINGS = 16
"""Fewer kept pixels tell nothing about a spread."""


def prefill(rgb: Rgb, hole: Mask, method: str = "blur", seed: int = 0) -> Rgb:
    """Return a copy of `rgb`, HxWx3 uint8, whose hole, HxW, is ready to be painted on.

    "original" leaves the hole; "blur" fills in ever wider means of the kept pixels; "navier-stokes"
    (Bertalmio 2001) and "telea" (Telea 2004) carry edges inwards, slower; "neutral" is mid grey;
    "noise" is coarse and fine noise with mean and spread of the kept pixels near the hole, the same
    for the same `seed`, 0 or more. Where nothing is kept all but "original" and "noise" give mid
    grey. Raises BadRequest for another method or another size of the hole.
    """
    if method not in METHODS:
        raise BadRequest(f"The prefill is {method!r}; it must be one of {', '.join(METHODS)}.")
    if hole.shape != rgb.shape[:2]:
        raise BadRequest(f"The hole has the shape {hole.shape}; it must be {rgb.shape[:2]}.")
    if method == "original" or not hole.any():
        return np.array(rgb)
    return np.where(hole[..., None], _filling(rgb, hole, method, seed), rgb)


def _filling(rgb: Rgb, hole: Mask, method: str, seed: int) -> Rgb:
    """Return a picture like `rgb` that is right inside the hole."""
    if method == "noise":
        return _noise(rgb, hole, seed)
    if method == "neutral" or hole.all():
        return np.full_like(rgb, MID_GREY)
    if method == "telea":
        return _carried_inwards(rgb, hole, cv2.INPAINT_TELEA)
    if method == "navier-stokes":
        return _carried_inwards(rgb, hole, cv2.INPAINT_NS)
    return _pull_push(rgb, hole)


def _carried_inwards(rgb: Rgb, hole: Mask, method: int) -> Rgb:
    # opencv's gradients reach into the hole: let them find nothing of its old content there
    start = np.where(hole[..., None], _pull_push(rgb, hole), rgb)
    height, width = hole.shape
    scale = min(1.0, INPAINT_SIDE / max(height, width))
    small = max(1, round(width * scale)), max(1, round(height * scale))
    if min(small) == 1:  # opencv reads beyond a single row
        return start
    picture = cv2.resize(start, small, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(hole.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0
    filled = cv2.inpaint(picture, inside.astype(np.uint8), INPAINT_RADIUS, method)
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _noise(rgb: Rgb, hole: Mask, seed: int) -> Rgb:
    mean, mixing = _colours_near(rgb, hole)
    grains = _grains((hole.shape[1], hole.shape[0]), np.random.default_rng(seed))
    inside = grains[hole]
    spread = np.maximum(inside.std(axis=0), np.float32(1e-3))
    coloured = mean + ((grains - inside.mean(axis=0)) / spread) @ mixing.T
    return np.asarray(np.rint(np.clip(coloured, 0, 255)), np.uint8)


def _colours_near(rgb: Rgb, hole: Mask) -> tuple[Floats, Floats]:
    """Return mean (3) and a 3x3 matrix that gives plain noise the spread of the kept pixels."""
    band = grow(hole, math.ceil(min(hole.shape) * SURROUNDINGS_SHARE)) & ~hole
    kept = rgb[band].astype(np.float32)
    if len(kept) < MIN_SURROUNDINGS:
        return np.full(3, MID_GREY, np.float32), np.eye(3, dtype=np.float32) * GREY_SPREAD
    values, vectors = np.linalg.eigh(np.cov(kept.T))
    mixing = vectors * np.sqrt(np.maximum(values, 0))
    return kept.mean(axis=0, dtype=np.float32), np.asarray(mixing, np.float32)


def _grains(size: Size, generator: np.random.Generator) -> Floats:
    """Return noise HxWx3 of equal strength at every scale, as photos have it."""
    width, height = size
    total = np.zeros((height, width, 3), np.float32)
    for octave in range(max(size).bit_length()):
        cell = 2**octave
        shape = (height // cell + 1, width // cell + 1, 3)
        coarse = generator.standard_normal(shape, dtype=np.float32)
        total += _resized(coarse, size, cv2.INTER_CUBIC)
    return total


def _pull_push(rgb: Rgb, hole: Mask) -> Rgb:
    """Fill the hole from kept pixels: halve until all is known, then double back into the gaps.

    Source: Gortler et al., The Lumigraph (1996), section 3.4.
    """
    known = (~hole).astype(np.float32)
    filled = _filled(rgb * known[..., None], known)
    return np.rint(np.clip(filled, 0, 255)).astype(np.uint8)


def _filled(colour: Floats, known: Floats) -> Floats:
    """Return `colour`, HxWx3 weighted by `known` (HxW, 0-1), completed from its own half size."""
    height, width = known.shape
    if known.all() or height == width == 1:
        return np.asarray(colour / np.maximum(known, np.float32(1e-6))[..., None], np.float32)
    half = (width + 1) // 2, (height + 1) // 2
    mean_known = _resized(known, half, cv2.INTER_AREA)
    half_known = np.minimum(4 * mean_known, np.float32(1))
    share = half_known / np.maximum(mean_known, np.float32(1e-6))
    half_colour = _resized(colour, half, cv2.INTER_AREA) * share[..., None]
    coarse = _resized(_filled(half_colour, half_known), (width, height), cv2.INTER_LINEAR)
    return np.asarray(colour + (1 - known[..., None]) * coarse, np.float32)


def _resized(array: Floats, size: Size, interpolation: int) -> Floats:
    return np.asarray(cv2.resize(array, size, interpolation=interpolation), np.float32)
