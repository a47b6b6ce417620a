"""Three extents of a subject from its field: the one that fits edges best, a wider, a tighter."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.types import Mask
from models.geodesic import Field
from models.subject_field import Scene, Seeds, part_field, subject_field

_LEVELS = tuple(0.2 + 0.05 * step for step in range(15))
_USUAL = 0.3
_ALIKE = 0.85
_CLEAR = 0.6
Labels = NDArray[np.int32]

_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """A mask hxw and how well its outline lies on edges, 0-1."""

    mask: Mask
    score: float


def three_extents(scene: Scene, seeds: Seeds) -> tuple[Extent, Extent, Extent]:
    """Return the best extent, the best of the wider ones and the best of the tighter ones.

    Every extent is made of parts that hold a subject seed and has no holes but at background seeds.
    Where no tighter level lies on edges the clicked parts alone are tried; where nothing wider or
    tighter differs, the widest or tightest extent stands in.
    """
    strength = scene.strength
    extents = _levels(subject_field(scene, seeds), strength, seeds)
    at = max(range(len(extents)), key=lambda index: extents[index].score)
    best, wider, tighter = extents[at], extents[:at], extents[at + 1 :]
    if _choice(best, tighter, best).score < _CLEAR * best.score or not _unlike(best, tighter):
        tighter = _tighter(best, _levels(part_field(scene, seeds), strength, seeds))
    return best, _choice(best, wider, extents[0]), _choice(best, tighter, extents[-1])


def _levels(field: Field, strength: Field, seeds: Seeds) -> list[Extent]:
    return [_extent(field, level, strength, seeds) for level in _LEVELS]


def _tighter(best: Extent, others: list[Extent]) -> list[Extent]:
    # A part is as likely meant as the whole at most.
    area = np.count_nonzero(best.mask)
    return [
        Extent(other.mask, min(other.score, 0.95 * best.score))
        for other in others
        if np.count_nonzero(other.mask) < area
    ]


def _choice(best: Extent, others: list[Extent], last: Extent) -> Extent:
    return max(_unlike(best, others), key=lambda extent: extent.score, default=last)


def _unlike(best: Extent, others: list[Extent]) -> list[Extent]:
    return [other for other in others if overlap(best.mask, other.mask) < _ALIKE]


def overlap(one: Mask, other: Mask) -> float:
    """Return the intersection over the union of two masks, 0-1; 0 where both are empty."""
    return int(np.count_nonzero(one & other)) / max(1, int(np.count_nonzero(one | other)))


def _extent(field: Field, level: float, strength: Field, seeds: Seeds) -> Extent:
    mask = solid_parts(field > level, seeds)
    usual = np.exp(-((level - _USUAL) ** 2) / 6)
    size = np.count_nonzero(mask) / mask.size
    score = on_edges(mask, strength) * usual * size**0.2
    return Extent(mask, float(np.clip(score, 0, 1)))


def on_edges(mask: Mask, strength: Field) -> float:
    """Return the mean strength (hxw, 0-1) along a mask's outline; 0 for a very short one."""
    grey = mask.astype(np.uint8)
    outline = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, _SQUARE) > 0
    inner = np.zeros_like(outline)
    # The photo's own border is no edge of the subject.
    inner[2:-2, 2:-2] = outline[2:-2, 2:-2]
    return float(strength[inner].mean()) if np.count_nonzero(inner) >= 10 else 0.0


def solid_parts(mask: Mask, seeds: Seeds) -> Mask:
    """Hold an hxw mask to the seeds, fill its holes and keep the parts that hold a subject seed.

    A hole with a background seed in it stays open. Parts are 4-connected.
    """
    held = (mask & ~seeds.background) | seeds.subject
    filled = ~_open(~held, seeds.background)
    labels = _labelled(filled)
    return _among(labels, labels[seeds.subject])


def _open(mask: Mask, background: Mask) -> Mask:
    labels = _labelled(mask)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return _among(labels, np.concatenate([rim, labels[background]]))


def _labelled(mask: Mask) -> Labels:
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    return np.asarray(labels, np.int32)


def _among(labels: Labels, wanted: Labels) -> Mask:
    """Return where a label is one of the wanted; label 0 is none."""
    # A table by label: np.isin sorts, which takes four times as long.
    chosen = np.zeros(int(labels.max()) + 1, np.bool_)
    chosen[wanted] = True
    chosen[0] = False
    return np.take(chosen, labels)
