"""What each tool paints on, and where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest, NothingSelected
from inpainting.photo import make_photo
from inpainting.records import is_whole
from inpainting.tools import blank_photo, task_for
from inpainting.types import Mask, PaintRequest, Photo, Region, Sides, Tool

ROOM = 10**6


def photo_of(width: int, height: int, alpha: bool = False) -> Photo:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 4), np.uint8)
    return make_photo(noise[..., :3].copy(), noise[..., 3].copy() if alpha else None, None, "p")


def middle(photo: Photo) -> Mask:
    width, height = photo.size
    mask = np.zeros((height, width), np.bool_)
    mask[height // 4 : height // 2, width // 4 : width // 2] = True
    return mask


def request(tool: Tool, photo: Photo | None = None, **changes: Any) -> PaintRequest:
    photo = photo or photo_of(60, 40)
    return replace(PaintRequest(photo, middle(photo), tool=tool), **changes)


@pytest.mark.parametrize("tool", [Tool.REPAINT, Tool.RESTYLE])
@pytest.mark.parametrize("region", list(Region))
def test_the_hole_is_the_region(tool: Tool, region: Region) -> None:
    asked = request(tool, region=region)
    task = task_for(asked, ROOM)
    assert task.photo is asked.photo
    assert np.array_equal(task.hole, middle(asked.photo) == (region is Region.SUBJECT))


@pytest.mark.parametrize("region", list(Region))
def test_remove_takes_the_subject_and_a_margin_whatever_the_region(region: Region) -> None:
    asked = request(Tool.REMOVE, photo_of(600, 400), region=region)
    hole, subject = task_for(asked, ROOM).hole, middle(asked.photo)
    assert hole[subject].all()
    assert subject.sum() < hole.sum() < 1.2 * subject.sum()


def test_remove_leaves_something_to_fill_from() -> None:
    photo = photo_of(30, 20)
    mask = np.ones((20, 30), np.bool_)
    mask[0, 0] = False
    assert np.array_equal(task_for(PaintRequest(photo, mask, tool=Tool.REMOVE), ROOM).hole, mask)


def test_restyle_without_a_mask_takes_the_whole_photo() -> None:
    asked = request(Tool.RESTYLE, mask=None)
    assert task_for(asked, ROOM).hole.all()
    assert is_whole(asked.tool, asked.mask)
    assert not is_whole(Tool.RESTYLE, asked.photo)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.tuples(*(st.integers(0, 50) for _ in range(4))).filter(any),
    st.booleans(),
)
def test_extend_puts_new_ground_round_the_very_photo(
    size: tuple[int, int], sides: tuple[int, ...], alpha: bool
) -> None:
    photo, (left, top, right, bottom) = photo_of(*size, alpha), sides
    task = task_for(PaintRequest(photo, None, tool=Tool.EXTEND, sides=Sides(*sides)), ROOM)
    width, height = size
    assert task.photo.size == (width + left + right, height + top + bottom)
    assert task.hole.shape == task.photo.pixels.shape[:2]
    inside = np.s_[top : top + height, left : left + width]
    assert not task.hole[inside].any()
    assert task.hole.sum() == task.hole.size - width * height
    assert np.array_equal(task.photo.pixels[inside], photo.pixels)
    assert np.array_equal(task.photo.rgb[inside], photo.rgb)
    assert (task.photo.alpha is None) == (photo.alpha is None)
    if task.photo.alpha is not None and photo.alpha is not None:
        assert np.array_equal(task.photo.alpha[inside], photo.alpha)
        assert (task.photo.alpha[task.hole] == 255).all()


def test_create_paints_all_of_an_empty_picture() -> None:
    task = task_for(request(Tool.CREATE, size=(96, 64)), ROOM)
    assert task.photo.size == (96, 64)
    assert task.hole.all()
    assert is_whole(Tool.CREATE, None)
    assert task.photo.digest == blank_photo((96, 64)).digest


@pytest.mark.parametrize("tool", [Tool.REPAINT, Tool.REMOVE])
def test_nothing_selected_is_a_sentence(tool: Tool) -> None:
    with pytest.raises(NothingSelected, match="Nothing is selected yet"):
        task_for(request(tool, mask=None), ROOM)
    for value, sentence in ((False, "Nothing is selected yet"), (True, "whole photo")):
        with pytest.raises(NothingSelected, match=sentence):
            task_for(request(tool, mask=np.full((40, 60), value)), ROOM)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tool": Tool.EXTEND}, "by nothing"),
        ({"tool": Tool.EXTEND, "sides": Sides(left=-1)}, "left is -1"),
        ({"tool": Tool.EXTEND, "sides": Sides(top=4097)}, "top is 4097"),
        ({"tool": Tool.EXTEND, "sides": Sides(4096, 4096, 4096, 4096)}, "at most 1 million"),
        ({"tool": Tool.CREATE}, "needs a size"),
        ({"tool": Tool.CREATE, "size": (63, 64)}, "width is 63"),
        ({"tool": Tool.CREATE, "size": (64, 5000)}, "height is 5000"),
        ({"tool": Tool.CREATE, "size": (64.5, 64)}, "width is 64.5"),
        ({"tool": Tool.CREATE, "size": (2000, 2000)}, "at most 1 million"),
    ],
)
def test_a_size_out_of_its_range_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        task_for(request(**changes), ROOM)


@pytest.mark.parametrize("sides", [Sides(right=4096), Sides(left=2000, right=2000)])
def test_a_photo_is_not_extended_further_than_one_can_be_opened(sides: Sides) -> None:
    asked = PaintRequest(photo_of(28_000, 16), None, tool=Tool.EXTEND, sides=sides)
    with pytest.raises(BadRequest, match="a side may have at most 30000"):
        task_for(asked, ROOM)
