"""Where the subject of a reduced photo likely is, without weights.

Background is what belongs to the photo's border: patches whose like, reached without crossing
edges, run along much of it (Zhu et al. 2014, "Saliency optimization from robust background
detection"). Subject is what differs in colour from that background nearby. One linear system brings
both together, smooth within surfaces.
"""

from __future__ import annotations

import numpy as np

from inpainting.types import Rgb
from models.geodesic import Field
from models.superpixels import Patches, patches_of

_ALONG = 7.0
_WITHIN = 10.0
_NEARBY = 0.4
_BACKGROUND_WEIGHS = 5.0
_TIE = 0.1
_SPREAD = 0.38
_FAINT = 0.03


def saliency(lab: Rgb) -> Field:
    """Return HxW float32, 0-1, how likely each pixel of HxWx3 8-bit Lab is of the subject.

    A picture of one colour gives what the centre prior alone gives: a blob in its middle.
    """
    patches = patches_of(lab)
    apart = _colour_distances(patches)
    background = _background(patches, apart)
    subject = _contrast(patches, apart, background)
    values = _settled(patches, apart, background, subject)[patches.labels]
    lit = np.maximum(values, _FAINT * middle(patches.labels.shape))
    return np.asarray(lit / max(float(lit.max()), 1e-6), np.float32)


def middle(shape: tuple[int, ...]) -> Field:
    """Return hxw float32 for `shape` (height, width): 1 in the middle, about 0.2 in the corners."""
    height, width = shape
    y = (np.arange(height) + 0.5)[:, None] / height - 0.5
    x = (np.arange(width) + 0.5)[None] / width - 0.5
    return np.asarray(np.exp(-(x**2 + y**2) / (2 * _SPREAD**2)), np.float32)


def _colour_distances(patches: Patches) -> Field:
    # 8-bit Lab stretches lightness by 255/100.
    colour = patches.colour * np.array([100 / 255, 1, 1], np.float32)
    difference = colour[:, None] - colour[None]
    return np.asarray(np.sqrt((difference**2).sum(axis=2)), np.float32)


def _background(patches: Patches, apart: Field) -> Field:
    """Return for each patch 0-1 how likely it is background: by its share of the border."""
    linked = patches.touching | (patches.rim[:, None] & patches.rim[None])
    usual = np.where(patches.touching, apart, np.inf).min(axis=1)
    usual = usual[np.isfinite(usual)]
    small = float(usual.mean()) if usual.size else 0.0
    paths = np.where(linked, np.maximum(apart - small, 0), np.inf).astype(np.float32)
    np.fill_diagonal(paths, 0)
    alike = np.exp(-(_all_pairs(paths) ** 2) / (2 * _ALONG**2))
    along = alike @ patches.rim.astype(np.float32) / np.sqrt(alike.sum(axis=1))
    return np.asarray(1 - np.exp(-(along**2) / 2), np.float32)


def _all_pairs(paths: Field) -> Field:
    """Return the lengths of the shortest ways (Floyd and Warshall)."""
    for middle in range(len(paths)):
        paths = np.minimum(paths, paths[:, middle, None] + paths[None, middle])
    return paths


def _contrast(patches: Patches, apart: Field, background: Field) -> Field:
    difference = patches.place[:, None] - patches.place[None]
    near = np.exp(-(difference**2).sum(axis=2) / (2 * _NEARBY**2))
    contrast = (apart * near) @ background
    return np.asarray(_stretched(contrast), np.float32)


def _stretched(values: Field) -> Field:
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) / max(high - low, 1e-6), np.float32)


def _settled(patches: Patches, apart: Field, background: Field, subject: Field) -> Field:
    near = patches.touching.astype(np.float32)
    second = (near @ near > 0) | patches.touching
    np.fill_diagonal(second, False)
    ties = np.where(second, np.exp(-(apart**2) / (2 * _WITHIN**2)) + _TIE, 0)
    pull = np.diag(ties.sum(axis=1)) - ties
    system = pull + np.diag(_BACKGROUND_WEIGHS * background + subject + 1e-3)
    return np.asarray(_stretched(np.linalg.solve(system, subject)), np.float32)
