"""From the layers of a selection to one mask, and what is done to its border."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from inpainting.masks import as_mask, drop_specks, fill_holes, grow, shrink, smooth
from inpainting.strokes import draw
from inpainting.types import Combine, Edges, Mask, Region, Size, Stroke


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One object of a selection: its mask, how that joins what is below, and strokes on top of all.

    Without a mask there are the strokes alone.
    """

    mask: Mask | None = None
    op: Combine = Combine.ADD
    strokes: tuple[Stroke, ...] = ()


def combine(layers: Iterable[Layer], size: Size, start: Mask | None = None) -> Mask:
    """Return the selection that the layers make one after the other, for a photo of `size`.

    It begins with `start`, by default with nothing selected. Each layer first joins its mask to
    what is there (adds it, takes it away, or keeps what both have), then draws its strokes on that.
    `size` is (width, height); raises BadRequest for masks of another size or dtype.
    """
    width, height = size
    selected = np.zeros((height, width), np.bool_) if start is None else as_mask(start, size).copy()
    for layer in layers:
        if layer.mask is not None:
            _join(selected, as_mask(layer.mask, size), layer.op)
        if layer.strokes:
            selected = draw(selected, layer.strokes)
    return selected


def _join(selected: Mask, mask: Mask, op: Combine) -> None:
    """Change `selected` in place by a mask."""
    if op is Combine.ADD:
        np.logical_or(selected, mask, out=selected)
    elif op is Combine.SUBTRACT:
        np.greater(selected, mask, out=selected)
    else:
        np.logical_and(selected, mask, out=selected)


def refine(mask: Mask, edges: Edges, region: Region) -> Mask:
    """Return the mask with its border treated: gaps filled, specks dropped, smoothed, then grown.

    What grows is the side that is repainted: the mask for the region subject, all the rest for the
    region background, where the mask shrinks by as much. A step that would leave all or nothing
    selected, where there was a border before, is left out. `edges.feather` is for the repaint.
    """
    refined = mask
    for step in _steps(edges, region):
        changed = step(refined)
        refined = refined if _uniform(changed) else changed
    return np.array(mask) if refined is mask else refined


def _steps(edges: Edges, region: Region) -> list[Callable[[Mask], Mask]]:
    """Return what is to be done, in its order; what would change nothing is not in it."""
    outwards = edges.grow > 0 if region is Region.SUBJECT else edges.grow < 0
    steps: list[tuple[bool, Callable[[Mask], Mask]]] = [
        (edges.fill > 1, partial(fill_holes, max_area=edges.fill**2 - 1)),
        (edges.specks > 1, partial(drop_specks, min_area=edges.specks**2)),
        (edges.smooth > 0, partial(smooth, radius=edges.smooth)),
        (edges.grow != 0, partial(grow if outwards else shrink, pixels=abs(edges.grow))),
    ]
    return [step for wanted, step in steps if wanted]


def _uniform(mask: Mask) -> bool:
    return bool(mask.all()) or not mask.any()
