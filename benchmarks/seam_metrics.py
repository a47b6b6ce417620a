"""How well a seam is seen, and how far colours moved; all in Lab, where 2 is just to be noticed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.distances import distance_to
from inpainting.types import Mask, Rgb

Floats = NDArray[np.float32]

SCALES = (1, 2, 4)
"""A seam may be spread by a feather: it is looked for in the picture, its half and its quarter."""

BAND = 8
"""Width in pixels of the bands on both sides of the border whose colours are compared."""

NEAR, DEEP = (0, 4), (10, 24)
"""Distances in pixels from the border between which a hole's rim and its inside are looked at."""

HIGH_PASS = 8.0
"""Sigma in pixels of what is taken off before shapes are compared."""


def visibility(rgb: Rgb, hole: Mask) -> float:
    """Return the gradient across the border of a hole over that along it, at its worst scale.

    `rgb` HxWx3, `hole` HxW. About 1 where the border cannot be told from any other line, and much
    more for a cut. A photo's own edges count too: compare it with what the photo has there. NaN
    where there is no border.
    """
    ratios = [_across_over_along(*_reduced(rgb, hole, scale)) for scale in SCALES]
    known = [ratio for ratio in ratios if not np.isnan(ratio)]
    return max(known) if known else float("nan")


def step(rgb: Rgb, hole: Mask) -> float:
    """Return how far colours differ between both sides of the border, along it on average.

    Means of a band BAND wide on each side are compared place by place (CIE 1976); fine detail does
    not count. NaN where there is no border.
    """
    lab, (inner, outer) = to_lab(rgb), bands(hole)
    at = _borders(hole)
    if not at.any():
        return float("nan")
    difference = _local_mean(lab, inner)[at] - _local_mean(lab, outer)[at]
    return float(np.linalg.norm(difference, axis=-1).mean())


def fringe(rgb: Rgb, hole: Mask) -> float:
    """Return the share of the kept side's colours in the rim of a hole, place by place.

    0 where the rim looks like the inside of the hole, 1 where it looks like what is outside. NaN
    where there is no border or no inside.
    """
    lab, depth, at = to_lab(rgb), distance_to(~hole), _borders(hole)
    rim, inside = (hole & (depth > least) & (depth <= most) for least, most in (NEAR, DEEP))
    if not at.any() or not inside.any():
        return float("nan")
    base, beyond = _local_mean(lab, inside)[at], _local_mean(lab, bands(hole)[1])[at]
    way = beyond - base
    return float(((_local_mean(lab, rim)[at] - base) * way).sum() / max((way * way).sum(), 1e-6))


def drift(one: Rgb, other: Rgb, where: Mask) -> float:
    """Return how far colours lie apart in two pictures of the same, fine detail left out."""
    smooth = [_local_mean(to_lab(rgb), where)[where] for rgb in (one, other)]
    return float(np.linalg.norm(smooth[0] - smooth[1], axis=-1).mean())


def ghost(painted: Rgb, old: Rgb, hole: Mask) -> float:
    """Return how much of the old shapes is left in a hole: the correlation of both, -1 to 1.

    Lightness without what is coarser than HIGH_PASS; unrelated pictures give about 0.
    """
    shapes = [_shapes(rgb)[hole] for rgb in (painted, old)]
    spreads = [values.std() for values in shapes]
    if min(spreads) < 1e-3:
        return 0.0
    mean = ((shapes[0] - shapes[0].mean()) * (shapes[1] - shapes[1].mean())).mean()
    return float(mean / (spreads[0] * spreads[1]))


def bands(hole: Mask) -> tuple[Mask, Mask]:
    """Return the pixels of the hole, and those outside, that lie within BAND of its border."""
    inner, outer = distance_to(~hole) <= BAND, distance_to(hole) <= BAND
    return np.asarray(inner & hole, np.bool_), np.asarray(outer & ~hole, np.bool_)


def to_lab(rgb: Rgb) -> Floats:
    """Return L 0-100, a and b of sRGB, HxWx3."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def _across_over_along(lab: Floats, hole: Mask) -> float:
    across, along = [], []
    for axis in (0, 1):
        picture, inside = np.moveaxis(lab, axis, 0), np.moveaxis(hole, axis, 0)
        cut = inside[1:] != inside[:-1]
        across.append(_lengths(picture[1:] - picture[:-1])[cut])
        same = inside[:, 1:] == inside[:, :-1]
        beside = cut[:, 1:] & cut[:, :-1] & same[1:] & same[:-1]
        steps = _lengths(picture[:, 1:] - picture[:, :-1])
        along += [steps[1:][beside], steps[:-1][beside]]
    return _mean(across) / max(_mean(along), 0.1) if _mean(along) >= 0 else float("nan")


def _mean(parts: list[Floats]) -> float:
    values = np.concatenate(parts)
    return float(values.mean()) if values.size else float("nan")


def _lengths(differences: Floats) -> Floats:
    return np.asarray(np.linalg.norm(differences, axis=-1), np.float32)


def _reduced(rgb: Rgb, hole: Mask, scale: int) -> tuple[Floats, Mask]:
    """Return the picture in Lab and its hole at 1/scale."""
    size = max(1, rgb.shape[1] // scale), max(1, rgb.shape[0] // scale)
    inside = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    return to_lab(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)), inside


def _local_mean(lab: Floats, where: Mask) -> Floats:
    """Return the mean of `lab` over the pixels `where` near each place."""
    weight = where.astype(np.float32)
    total = cv2.GaussianBlur(lab * weight[..., None], (0, 0), BAND)
    count = cv2.GaussianBlur(weight, (0, 0), BAND)
    return np.asarray(total / np.maximum(count, 1e-6)[..., None], np.float32)


def _borders(hole: Mask) -> Mask:
    """Return the pixels of the hole that touch a kept one."""
    return np.asarray(hole & (distance_to(~hole) <= 1), np.bool_)


def _shapes(rgb: Rgb) -> Floats:
    lightness = to_lab(rgb)[..., 0]
    return np.asarray(lightness - cv2.GaussianBlur(lightness, (0, 0), HIGH_PASS), np.float32)
