"""The subject of a reduced photo proposed without a click: many masks, ranked.

Masks are levels of the saliency, of fields grown from its peaks and from the photo's middle (as if
clicked there), and what GrabCut makes of it (after Cheng et al. 2011, "Global contrast based
salient region detection"). The rank tells how far a mask is a thing: its outline lies on edges, its
colours end with it, it covers what is salient, it is large, compact and does not run along the
border (after Alexe et al. 2010, "What is an object?"). The figures are tuned for a longest side of
320 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from inpainting.types import Mask
from models.colours import subject_share
from models.cutting import cut, follow
from models.extents import on_edges, overlap, solid_parts
from models.geodesic import Field
from models.parts import large_parts, tidy
from models.saliency import middle, saliency
from models.subject_field import Scene, Seeds, subject_field

MOST = 3
"""How many proposals there are at most."""

_ALIKE = 0.8
_NONE = 0.05
_WORTH = 0.5
_NOTHING = 0.01
_LEAST, _MOST = 0.001, 0.93
_FIELD_LEVELS = tuple(0.2 + 0.1 * step for step in range(8))
_PART = 0.15
_GAP = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A mask hxw and how far it looks like a thing, 0-1."""

    mask: Mask
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class _Salient:
    """Saliency hxw 0-1: `clear` leaves but the most salient 3 % white, `wide` the upper 10 %."""

    clear: Field
    wide: Field


def proposals(scene: Scene) -> list[Proposal]:
    """Return one to three unlike proposals for a reduced photo, best first.

    None is empty, and none is the whole photo unless that has a single pixel. Where nothing stands
    out at all it is an ellipse in the middle.
    """
    salient = _salient(scene)
    masks = [mask for mask in _pool(scene, salient) if _LEAST <= mask.mean() <= _MOST]
    found = [Proposal(mask, _score(mask, scene, salient.clear)) for mask in masks]
    ranked = sorted(found, key=lambda proposal: -proposal.score)
    if not ranked or ranked[0].score < _NOTHING:
        return [Proposal(_blob(scene.edges.shape, 4), 0.0)]
    least = _WORTH * ranked[0].score
    chosen = _unlike([proposal for proposal in ranked if proposal.score >= least])[:MOST]
    settled = [Proposal(_settled(scene, proposal.mask), proposal.score) for proposal in chosen]
    return _unlike(settled)


def _settled(scene: Scene, mask: Mask) -> Mask:
    """Return a mask whose outline lies where GrabCut finds it nearby."""
    none = np.zeros_like(mask)
    moved = _tidy(follow(scene.rgb, scene.half, mask, none, none))
    return moved if _LEAST <= moved.mean() <= _MOST else mask


def _salient(scene: Scene) -> _Salient:
    values = saliency(scene.lab)
    return _Salient(_whitened(values, 0.97), _whitened(values, 0.9))


def _whitened(values: Field, share: float) -> Field:
    white = max(float(np.quantile(values, share)), 1e-6)
    return np.asarray(np.clip(values / white, 0, 1), np.float32)


def _pool(scene: Scene, salient: _Salient) -> Iterator[Mask]:
    central = salient.wide * middle(salient.wide.shape)
    soft = np.sqrt(salient.wide)
    for values, level in (
        (salient.clear, 0.2),
        (salient.clear, 0.5),
        (salient.wide, 0.35),
        (central, 0.2),
    ):
        yield _tidy(values > level)
    for values, level in ((salient.wide, 0.5), (central, 0.3), (soft, 0.5)):
        yield _tidy(_cut(scene, values, level))
    for seeds in _starts(salient.clear):
        field = subject_field(scene, seeds)
        yield from (solid_parts(field > level, seeds) for level in _FIELD_LEVELS)


def _cut(scene: Scene, values: Field, level: float) -> Mask:
    """Return what GrabCut makes of saliency above a level; only what has none is certain."""
    trimap = np.where(values > level, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[values < _NONE] = cv2.GC_BGD
    height, width = trimap.shape
    # A cut without a band takes seconds at full side in bad cases; its outline is found later.
    size = scene.half.shape[1], scene.half.shape[0]
    inner = np.asarray(cv2.resize(trimap, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    subject = cut(scene.half, inner, rounds=3).astype(np.float32)
    return np.asarray(cv2.resize(subject, (width, height)) > 0.5)


def _tidy(mask: Mask) -> Mask:
    return tidy(mask, _PART, _GAP)


def _starts(salient: Field) -> Iterator[Seeds]:
    """Yield the seeds of three fields: the peaks of saliency, narrow and wide, and the middle."""
    central = salient * middle(salient.shape)
    for level in (0.75, 0.55):
        core = _core(central > level * float(central.max()))
        yield _seeds(core, np.maximum(central, core))
    yield _seeds(_blob(salient.shape, 8), np.ones_like(salient))


def _seeds(core: Mask, likeness: Field) -> Seeds:
    thick = max(2, max(core.shape) // 80)
    border = np.ones(core.shape, bool)
    border[thick:-thick, thick:-thick] = False
    none = np.zeros(core.shape, bool)
    return Seeds(core, none, border & ~core, np.asarray(likeness, np.float32))


def _core(mask: Mask) -> Mask:
    """Return the larger parts of a mask, less their rims where they have an inside."""
    parts = large_parts(mask, 0.2)
    inside = cv2.erode(parts.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(inside if inside.any() else parts)


def _blob(shape: tuple[int, ...], part: int) -> Mask:
    """Return an ellipse in the middle whose radii are a `part`-th of the sides."""
    height, width = shape
    dots = np.zeros((height, width), np.uint8)
    cv2.ellipse(dots, (width // 2, height // 2), (width // part, height // part), 0, 0, 360, 1, -1)
    return dots > 0


def _score(mask: Mask, scene: Scene, salient: Field) -> float:
    edges = max(on_edges(mask, scene.strength), 0.01)
    covers = float(np.minimum(salient, mask).sum() / np.maximum(salient, mask).sum())
    border = float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())
    thing = edges * _compact(mask) * _apart(mask, scene) * (1 - 0.5 * border)
    return float(np.clip((thing * covers**0.5 * mask.mean() ** 0.35) ** 0.5, 0, 1))


def _compact(mask: Mask) -> float:
    """Return the mask's share of its convex hull, 0-1."""
    points = cv2.findNonZero(mask.astype(np.uint8))
    hull = cv2.contourArea(cv2.convexHull(np.asarray(points, np.int32)))
    return min(1.0, float(mask.sum()) / max(1.0, hull))


def _apart(mask: Mask, scene: Scene) -> float:
    """Return how far a mask's colours are others than all around it and right around it, 0-1."""
    side = 2 * max(1, max(mask.shape) // 16) + 1
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    around = _unlike_colours(scene, mask, grown & ~mask)
    return around * _unlike_colours(scene, mask, ~mask)


def _unlike_colours(scene: Scene, mask: Mask, other: Mask) -> float:
    share = subject_share(scene.bins, mask.astype(np.float32), other.astype(np.float32))
    return max(0.01, float(share[mask].mean() - share[other].mean())) if other.any() else 0.01


def _unlike(ranked: list[Proposal]) -> list[Proposal]:
    chosen: list[Proposal] = []
    for proposal in ranked:
        if all(overlap(proposal.mask, other.mask) < _ALIKE for other in chosen):
            chosen.append(proposal)
    return chosen
