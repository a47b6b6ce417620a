"""How well each pixel's colour fits the subject rather than the background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.types import Rgb

Field = NDArray[np.float32]
Bins = NDArray[np.intp]

_SIDE = 16
_WIDTHS = ((0.8, 1.0), (1.6, 0.15), (3.2, 0.03))
"""Blurs of a histogram in bins, with their weights: the wide ones judge colours never seen."""

_POWER = 0.72
_UNSEEN = 4e-5


def colour_bins(lab: Rgb) -> Bins:
    """Return for HxW pixels of 8-bit Lab the index of their bin, 0 to 4095.

    Bins are 16 units of lightness by 8 of a and of b, whose rare ends share the last bin.
    """
    light = lab[..., 0].astype(np.intp) // 16
    a, b = (np.clip((lab[..., i].astype(np.intp) - 64) // 8, 0, _SIDE - 1) for i in (1, 2))
    return (light * _SIDE + a) * _SIDE + b


def subject_share(bins: Bins, subject: Field, background: Field) -> Field:
    """Return for each pixel how far its colour is the subject's, 0-1, HxW float32.

    `subject` and `background` HxW weigh the pixels that each side's colours are learnt from.
    """
    ours, theirs = _density(bins, subject), _density(bins, background)
    share = (ours + _UNSEEN) / (ours + theirs + 2 * _UNSEEN)
    return np.asarray(share[bins], np.float32)


def _density(bins: Bins, weights: Field) -> Field:
    counts = np.bincount(bins.ravel(), weights.ravel(), _SIDE**3)
    shares = (counts / max(float(counts.sum()), 1e-6)).astype(np.float32)
    cube = shares.reshape(_SIDE, _SIDE, _SIDE)
    smooth = sum((weight * _blurred(cube, width) for width, weight in _WIDTHS), np.float32(0))
    return np.asarray(np.ravel(smooth) ** _POWER, np.float32)


def _blurred(cube: Field, width: float) -> Field:
    for axis in range(3):
        rows = np.ascontiguousarray(np.moveaxis(cube, axis, 0)).reshape(_SIDE, -1)
        rows = np.asarray(
            cv2.GaussianBlur(rows, (1, 17), width, borderType=cv2.BORDER_CONSTANT), np.float32
        )
        cube = np.moveaxis(rows.reshape(_SIDE, _SIDE, _SIDE), 0, axis)
    return cube
