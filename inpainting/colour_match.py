"""Colours that the painter changed where it should have left them, put right in the hole too."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.distances import distance_to
from inpainting.errors import BadRequest
from inpainting.types import Mask, Rgb

Floats = NDArray[np.float32]

SEAM_SHARE = 1 / 16
"""Width of the band of kept pixels whose colours are compared, as a share of the shorter side."""

SMEAR_SHARE = 1 / 4
"""The part of that band next to the hole that is left out: a painter's latents smear across."""

MIN_SEAM_PIXELS = 256
MIN_SPREAD = 1.0
MAX_SHIFT = 10.0
"""Largest correction of a mean in Lab units; a larger difference is content, not a colour cast."""

MAX_GAIN = 1.25
MIN_BETTER = 0.05
"""The share by which a correction must lower the difference on pixels that it was not made from."""

CHECK_CELL = 8
"""Side in pixels of the squares, in turn used for the correction and for its check."""


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """A change of Lab colours: away from `centre` by `gain`, then by `shift`; 3 numbers each."""

    centre: Floats
    gain: Floats
    shift: Floats

    def apply(self, lab: Floats) -> Floats:
        """Return the colours, ...x3, corrected."""
        corrected = (lab - self.centre) * self.gain + self.centre + self.shift
        return np.asarray(corrected, np.float32)


def match_colour(painted: Rgb, original: Rgb, hole: Mask) -> Rgb:
    """Return `painted` with its colours shifted to those of `original`; all HxW(x3), same size.

    Mean and spread of L, a and b over the kept pixels near the hole tell how the painter changed
    colours that it should have left; the same correction is applied everywhere (Reinhard 2001).
    It is bounded: MAX_SHIFT a mean, MAX_GAIN a spread; and it is checked: made from every second
    square of those pixels it must bring the others nearer to the original by MIN_BETTER, the mean
    alone if the spread does not help. Else, and with fewer than MIN_SEAM_PIXELS kept pixels,
    `painted` comes back as it is. Raises BadRequest for sizes that differ.
    """
    _require_shape("painted picture", painted.shape, original.shape)
    _require_shape("hole", hole.shape, original.shape[:2])
    seam = seam_band(hole)
    if np.count_nonzero(seam) < MIN_SEAM_PIXELS or np.array_equal(painted[seam], original[seam]):
        return np.array(painted)
    correction = _correction(_lab_of(painted[seam]), _lab_of(original[seam]), _squares(seam))
    if correction is None:
        return np.array(painted)
    return _from_lab(correction.apply(_to_lab(painted)))


def seam_band(hole: Mask) -> Mask:
    """Return the kept pixels near the hole, HxW, less those right beside it."""
    width = math.ceil(min(hole.shape) * SEAM_SHARE)
    if not hole.any():
        return np.zeros_like(hole)
    away = distance_to(hole)
    return np.asarray((away > SMEAR_SHARE * width) & (away <= width), np.bool_)


def _correction(painted: Floats, original: Floats, odd: Mask) -> Correction | None:
    """Return the correction of Nx3 Lab colours if one made from a part of them helps the rest."""
    parts = ~odd, odd
    if min(map(np.count_nonzero, parts)) < MIN_SEAM_PIXELS // 4:
        parts = np.ones_like(odd), np.ones_like(odd)
    fit, check = parts
    bar = (1 - MIN_BETTER) * _difference(painted[check], original[check])
    for spread in (True, False):
        trial = _fitted(painted[fit], original[fit], spread=spread)
        if _difference(trial.apply(painted[check]), original[check]) <= bar:
            return _fitted(painted, original, spread=spread)
    return None


def _fitted(painted: Floats, original: Floats, *, spread: bool) -> Correction:
    centre, deviation = painted.mean(axis=0), painted.std(axis=0)
    shift = np.clip(original.mean(axis=0) - centre, -MAX_SHIFT, MAX_SHIFT)
    wanted = original.std(axis=0)
    gain = np.clip(wanted / np.maximum(deviation, MIN_SPREAD), 1 / MAX_GAIN, MAX_GAIN)
    flat = (wanted < MIN_SPREAD) | (deviation < MIN_SPREAD)
    return Correction(centre, np.where(flat | (not spread), np.float32(1), gain), shift)


def _difference(one: Floats, other: Floats) -> float:
    """Return the mean distance of Nx3 Lab colours (CIE 1976)."""
    return float(np.linalg.norm(one - other, axis=-1).mean())


def _squares(seam: Mask) -> Mask:
    """Return for each pixel of the seam, in reading order, whether it lies in an odd square."""
    rows, columns = np.nonzero(seam)
    return np.asarray((rows // CHECK_CELL + columns // CHECK_CELL) % 2 == 1, np.bool_)


def _lab_of(colours: Rgb) -> Floats:
    """Return Nx3 colours in Lab."""
    return np.asarray(_to_lab(colours[None])[0], np.float32)


def _to_lab(rgb: Rgb) -> Floats:
    """Return L 0-100, a and b about -127 to 127 of sRGB 0-255, HxWx3."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def _from_lab(lab: Floats) -> Rgb:
    rgb = np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), np.float32)
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def _require_shape(name: str, shape: tuple[int, ...], right: tuple[int, ...]) -> None:
    if shape != right:
        raise BadRequest(f"The {name} has the shape {shape}; it must be {right}.")
