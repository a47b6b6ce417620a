"""From the parts of a step to one selection, with no more work than the last change asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from types import MappingProxyType

import numpy as np

from inpainting.cropped import CroppedMask, crop_mask
from inpainting.masks import hole_bounds
from inpainting.repainting import default_feather
from inpainting.selection import Layer, combine, refine
from inpainting.types import Combine, Edges, Mask, ModelInfo, Size, Stroke
from inpainting.web.answer import Composed, nothing
from inpainting.web.session import Part, Session, Step

LOOK_BACK = 20
"""How many former steps are tried for one to go on from."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """What a part brings to the selection; equal ones bring the same."""

    mask: CroppedMask | None
    op: Combine
    strokes: tuple[Stroke, ...]


Ingredients = tuple[Ingredient, ...]

NO_MASKS: Mapping[CroppedMask, Mask] = MappingProxyType({})


def compose(
    session: Session, painter: ModelInfo, known: Mapping[CroppedMask, Mask] = NO_MASKS
) -> Composed:
    """Work out the selection of a session with a photo, whose parts are answered.

    `known` are masks that need not be unpacked again.
    """
    now = session.now
    if not ingredients(now):
        return nothing(_size(now))
    raw, packed = _raw(session, known)
    if not raw.any():
        return Composed(packed, packed)
    neutral = _is_neutral(now.edges)
    mask = raw if neutral else refine(raw, now.edges, session.side)
    cropped = packed if neutral else crop_mask(mask)
    return Composed(packed, cropped, _feather(mask, session, painter), int(np.count_nonzero(mask)))


def _raw(session: Session, known: Mapping[CroppedMask, Mask]) -> tuple[Mask, CroppedMask]:
    """Return parts and strokes put together, as an array and packed."""
    wanted = ingredients(session.now)
    if len(wanted) == 1 and wanted[0].mask is not None and _is_plain(wanted[0]):
        return _unpacked(wanted[0].mask, known), wanted[0].mask
    start, rest = _start(session, wanted)
    if start is not None and not rest:
        return _unpacked(start, known), start
    layers = (Layer(_mask(item, known), item.op, item.strokes) for item in rest)
    raw = combine(layers, _size(session.now), None if start is None else _unpacked(start, known))
    return raw, crop_mask(raw)


def ingredients(step: Step) -> Ingredients:
    """Return what makes the selection of a step before its edges, in its order."""
    return tuple(_ingredient(part) for part in step.parts if part.shown and not part.empty)


def _ingredient(part: Part) -> Ingredient:
    mask = None if part.answer is None else part.answer.masks[part.chosen]
    return Ingredient(mask, part.op, part.strokes)


def _start(session: Session, wanted: Ingredients) -> tuple[CroppedMask | None, Ingredients]:
    """Return the selection of a near step to go on from, and what is left to do on top of it."""
    for step in _near(session):
        if step.composed is not None and step.sheet == session.now.sheet:
            rest = rest_after(ingredients(step), wanted)
            if rest is not None:
                return step.composed.raw, rest
    return None, wanted


def _near(session: Session) -> Iterator[Step]:
    return chain(islice(reversed(session.past), LOOK_BACK), session.future[:1])


def rest_after(done: Ingredients, wanted: Ingredients) -> Ingredients | None:
    """Return what makes `wanted` out of the selection that `done` makes, None where nothing does.

    That is so where more strokes were drawn on the last part, or more parts follow it.
    """
    count = len(done)
    if not 0 < count <= len(wanted) or done[:-1] != wanted[: count - 1]:
        return None
    last, now = done[-1], wanted[count - 1]
    drawn = len(last.strokes)
    if (last.mask, last.op, last.strokes) != (now.mask, now.op, now.strokes[:drawn]):
        return None
    more = now.strokes[drawn:]
    return (*((Ingredient(None, Combine.ADD, more),) if more else ()), *wanted[count:])


def _is_plain(item: Ingredient) -> bool:
    return item.op is Combine.ADD and not item.strokes


def _is_neutral(edges: Edges) -> bool:
    return not (edges.grow or edges.smooth or edges.fill or edges.specks)


def _mask(item: Ingredient, known: Mapping[CroppedMask, Mask]) -> Mask | None:
    return None if item.mask is None else _unpacked(item.mask, known)


def _unpacked(packed: CroppedMask, known: Mapping[CroppedMask, Mask]) -> Mask:
    mask = known.get(packed)
    return packed.whole() if mask is None else mask


def _size(step: Step) -> Size:
    return (0, 0) if step.sheet is None else step.sheet.size


def _feather(mask: Mask, session: Session, painter: ModelInfo) -> int:
    """Return the feather that a repaint would use; 0 for an empty hole."""
    if session.now.edges.feather is not None:
        return session.now.edges.feather
    box = hole_bounds(mask, session.side)
    return 0 if box is None else default_feather(box, _size(session.now), painter)
