"""From a tool to a picture and the hole in it: what each tool paints on, and where. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadRequest, NothingSelected
from inpainting.masks import as_mask, grow, to_hole
from inpainting.photo import LIMITS, make_photo
from inpainting.requests import check_sides, check_size
from inpainting.types import Mask, PaintRequest, Photo, Sides, Size, Tool

EMPTY = 128
"""The grey of a picture in which nothing is painted yet."""

REMOVE_SHARE = 1 / 200
"""Remove also takes a margin round the subject, a share of the longer side: masks are a little
tight, and what is left of a border shows. 5 pixels at 1,000."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is painted on, and where: `hole` HxW of `photo`, which has the size of the result."""

    photo: Photo
    hole: Mask


def task_for(request: PaintRequest, max_pixels: int) -> Task:
    """Return the picture and the hole of a request.

    Raises BadRequest for a mask of another size or dtype, for a result of more than `max_pixels`
    pixels and for one longer than a photo may be, NothingSelected where the hole or what is kept
    would be empty and must not be.
    """
    if request.tool is Tool.CREATE:
        return _created(request.size, max_pixels)
    if request.tool is Tool.EXTEND:
        return _extended(request.photo, request.sides, max_pixels)
    if request.tool is Tool.RESTYLE and request.mask is None:
        return Task(request.photo, np.ones(request.photo.pixels.shape[:2], np.bool_))
    if request.tool is Tool.REMOVE:
        return Task(request.photo, _removed(_mask_of(request)))
    return Task(request.photo, to_hole(_mask_of(request), request.region))


def _mask_of(request: PaintRequest) -> Mask:
    if request.mask is None:
        raise NothingSelected("Nothing is selected yet: click the subject of the photo first.")
    mask = as_mask(request.mask, request.photo.size)
    if not mask.any():
        raise NothingSelected("Nothing is selected yet: click the subject of the photo first.")
    if mask.all():
        raise NothingSelected("The whole photo is selected: exclude what is not the subject.")
    return mask


def _removed(mask: Mask) -> Mask:
    """Widen the subject a little, but leave something to fill it from."""
    hole = grow(mask, max(1, round(max(mask.shape) * REMOVE_SHARE)))
    return mask if hole.all() else hole


def blank_photo(size: Size) -> Photo:
    """Return an empty photo of `size` (width, height): what CREATE paints on."""
    pixels = np.full((size[1], size[0], 3), EMPTY, np.uint8)
    return make_photo(pixels, None, None, "picture")


def _created(size: Size | None, max_pixels: int) -> Task:
    chosen = check_size(size)
    _require_room(chosen, max_pixels)
    return Task(blank_photo(chosen), np.ones((chosen[1], chosen[0]), np.bool_))


def _extended(photo: Photo, sides: Sides, max_pixels: int) -> Task:
    if not sides:
        raise NothingSelected("The photo is extended by nothing: say by how much, on which side.")
    check_sides(sides)
    width, height = photo.size
    _require_room((width + sides.left + sides.right, height + sides.top + sides.bottom), max_pixels)
    alpha = None if photo.alpha is None else _padded(photo.alpha, sides, 255)
    # Not grey: the feather lies on the new ground, and would mix it into what is painted.
    pixels = _padded(photo.pixels, sides)
    hole = _padded(np.zeros((height, width), np.uint8), sides, 1).view(np.bool_)
    return Task(make_photo(pixels, alpha, photo.icc_profile, photo.name), hole)


def _require_room(size: Size, max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise BadRequest(
            f"The picture would have {size[0]} x {size[1]} pixels; at most "
            f"{max_pixels / 1_000_000:g} million are allowed."
        )
    if max(size) > LIMITS.max_side:  # it could not be opened again
        raise BadRequest(
            f"The picture would be {size[0]} x {size[1]} pixels; "
            f"a side may have at most {LIMITS.max_side}."
        )


def _padded(array: NDArray[np.uint8], sides: Sides, value: int | None = None) -> NDArray[np.uint8]:
    """Return HxW or HxWx3 with `value` on its sides, None for a continuation of its border."""
    borders = sides.top, sides.bottom, sides.left, sides.right
    kind = cv2.BORDER_REPLICATE if value is None else cv2.BORDER_CONSTANT
    return np.asarray(cv2.copyMakeBorder(array, *borders, kind, value=(value or 0,) * 4), np.uint8)
