from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.types import Sides
from inpainting.web.sizing import EXTENSIONS, SHAPES, extension, picture_size

SIDE = st.integers(16, 8000)


@given(width=SIDE, height=SIDE, name=st.sampled_from(sorted(SHAPES)))
def test_an_extension_only_adds_and_makes_the_shape(width: int, height: int, name: str) -> None:
    sides = extension((width, height), name)
    assert min(sides.left, sides.top, sides.right, sides.bottom) >= 0
    size = width + sides.left + sides.right, height + sides.top + sides.bottom
    assert abs(size[0] - size[1] * SHAPES[name]) <= 1 + SHAPES[name]
    assert size[0] == width or size[1] == height


def test_a_frame_goes_all_round() -> None:
    assert extension((200, 100), "+25 % all round") == Sides(50, 25, 50, 25)


@pytest.mark.parametrize("odd", [None, "round", 3])
def test_a_name_that_is_none_adds_nothing(odd: object) -> None:
    assert extension((200, 100), odd) == Sides()


@pytest.mark.parametrize("native", [64, 512, 1024])
@pytest.mark.parametrize("name", SHAPES)
def test_a_new_picture_has_about_the_painters_area(native: int, name: str) -> None:
    width, height = picture_size(native, name)
    assert width % 64 == height % 64 == 0
    if native > 64:
        assert math.isclose(width * height, native**2, rel_tol=0.15)
        assert math.isclose(width / height, SHAPES[name], rel_tol=0.15)


def test_all_quick_choices_have_different_names() -> None:
    assert len(set(EXTENSIONS)) == len(EXTENSIONS)
