"""From the answers to a grid of points to the segments of a photo.

After Kirillov et al. 2023, "Segment Anything" (arXiv 2304.02643), and the automatic mask generator
published with it: a regular grid of single points, three masks each; those that the model thinks
good and that hardly change with the threshold; of boxes that overlap the best alone. All of this
works on the model's small logits; masks are made for what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inpainting.types import Mask, Size
from models.parts import tidy
from models.sam_geometry import Square, scaled_size

GRID = 16
"""Points along each side of the photo."""

MOST_SEGMENTS = 255
LONGEST = 1024
"""Longest side of the masks of segments: 255 at the size of a large photo would be gigabytes."""

GOOD = 0.86
"""The model's own estimate from which a segment of SAM counts, 0-1."""

_STABLE = 0.95
_OFFSET = 1.0
_OVERLAP = 0.7
_ALIKE = 0.8
_WHOLE = 0.97
_FEW = 3
_PART, _GAP = 0.02, 0.01
_USUAL_SIZE, _SIZES = 0.2, 1.4
_SPREAD = 0.35

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One mask of the model for a point of the grid.

    `logits` the whole square, float32; `score` the model's own estimate of its intersection over
    union and `stability`, both 0-1; `inside` its mask on the part of the square that is photo.
    """

    logits: Logits
    score: float
    stability: float
    inside: Mask

    @property
    def share(self) -> float:
        """How much of the photo it covers, 0-1."""
        return float(self.inside.mean())


def point_grid(size: Size, count: int = GRID) -> NDArray[np.float32]:
    """Return count**2 points (x, y), row by row, evenly over a picture of `size`; off its rim."""
    steps = (np.arange(count) + 0.5) / count
    x, y = np.meshgrid(steps * size[0], steps * size[1])
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def stability(logits: torch.Tensor, offset: float = _OFFSET) -> torch.Tensor:
    """Return for NxHxW logits how little their masks change with the threshold, N, 0-1.

    The intersection over union of the masks at `offset` above and below 0; an empty mask has 0.
    """
    tight = (logits > offset).sum(dim=(-2, -1))
    wide = (logits > -offset).sum(dim=(-2, -1))
    return tight.float() / wide.clamp(min=1)


def worth_copying(
    logits: torch.Tensor, scores: torch.Tensor, least: float = GOOD
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the indices of the good and stable of N masks, and of the best few; and N stabilities.

    `logits` NxHxW of what is photo, `scores` N, good from `least` on. A mask that is empty or
    nearly the whole photo is none of them.
    """
    stable = stability(logits)
    share = (logits > 0).float().mean(dim=(-2, -1))
    usable = (share > 0) & (share <= _WHOLE)
    good = usable & (scores >= least) & (stable >= _STABLE)
    ranks = torch.where(usable, scores * stable, -torch.inf)
    good[torch.argsort(ranks, descending=True, stable=True)[:_FEW]] = True
    return torch.nonzero(good & usable).flatten(), stable


def segment_of(logits: Logits, score: float, stable: float, part: tuple[int, int]) -> Segment:
    """Describe one mask; `part` as from `Square.part`."""
    return Segment(logits, score, stable, logits[: part[0], : part[1]] > 0)


def worth_keeping(segments: Sequence[Segment], least: float = GOOD) -> list[Segment]:
    """Return the good and stable segments in their order, or the best few where none is."""
    good = [one for one in segments if one.score >= least and one.stability >= _STABLE]
    return good or sorted(segments, key=lambda one: -one.score * one.stability)[:_FEW]


def stand_in(side: int, part: tuple[int, int]) -> Segment:
    """Return the middle of the photo, for where the model has no segment at all."""
    height, width = part
    logits = np.full((side, side), -1, np.float32)
    logits[height // 4 : -(-3 * height // 4), width // 4 : -(-3 * width // 4)] = 1
    return segment_of(logits, 0.0, 0.0, part)


def chosen(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments to show, largest first, at most 255, none twice."""
    if not segments:
        return []
    boxes = np.array([box_of(one.inside) for one in segments], np.float32)
    scores = np.array([one.score for one in segments], np.float32)
    kept = [segments[index] for index in suppressed(boxes, scores)[:MOST_SEGMENTS]]
    return sorted(kept, key=lambda one: -one.share)


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """Return x0, y0, x1, y1 of a mask with a True pixel; x1 and y1 lie beyond it."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def suppressed(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], overlap: float = _OVERLAP
) -> list[int]:
    """Return the indices of the boxes that stay, best first (non-maximum suppression).

    `boxes` Nx4 (x0, y0, x1, y1) with an area above 0. A box goes when its intersection over union
    with a better one that stays is above `overlap`; of equal scores the first is better.
    """
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.size:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        order = order[shared <= overlap * (areas[best] + areas[order] - shared)]
    return kept


def small_mask(logits: Logits, size: Size, square: Square) -> Mask:
    """Return a mask of a photo of `size`, its longer side at most 1024, without crumbs."""
    small = size if max(size) <= LONGEST else scaled_size(size, LONGEST)
    return tidy(square.mask(logits, small), _PART, _GAP)


def likely_subjects(segments: Sequence[Segment]) -> list[Segment]:
    """Return up to three unlike segments that are likely the subject, best first.

    Good, stable, of a usual size, near the middle; what touches three borders is background, unless
    everything does.
    """
    inner = [one for one in segments if borders_touched(one.inside) < 3] or segments
    found: list[Segment] = []
    for one in sorted(inner, key=lambda one: -likelihood(one)):
        if all(_alike(one.inside, other.inside) < _ALIKE for other in found):
            found.append(one)
    return found[:_FEW]


def borders_touched(mask: Mask) -> int:
    """Return how many of the four borders hold a pixel of the mask."""
    return sum(bool(side.any()) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def likelihood(segment: Segment) -> float:
    """Return how likely a segment is the subject, 0-1; see `likely_subjects`."""
    rows, columns = np.nonzero(segment.inside)
    height, width = segment.inside.shape
    off_x, off_y = (columns.mean() + 0.5) / width - 0.5, (rows.mean() + 0.5) / height - 0.5
    central = np.exp(-(off_x**2 + off_y**2) / (2 * _SPREAD**2))
    usual = np.exp(-(np.log(segment.share / _USUAL_SIZE) ** 2) / (2 * _SIZES**2))
    good = min(max(segment.score, 0.0), 1.0) * segment.stability
    return float(good * central * usual)


def _alike(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))
