from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.compositing import FEATHERED_ROWS, Floats, feathered, lay, paste
from inpainting.errors import BadRequest
from inpainting.masks import feather
from inpainting.types import Box, Mask, Rgb
from tests.support.holed import noise, photos, scene

quick = settings(deadline=None, max_examples=60)


@given(photos(), st.integers(0, 99))
@quick
def test_paste_is_exact_where_the_weight_is_0_or_1(photo: tuple[Rgb, Mask], seed: int) -> None:
    rgb, mask = photo
    height, width = mask.shape
    before, painted = rgb.copy(), noise((width, height), seed + 100)
    pasted = paste(rgb, painted, Box(0, 0, width, height), mask.astype(np.float32))
    assert np.array_equal(pasted[mask], painted[mask])
    assert np.array_equal(pasted[~mask], rgb[~mask])
    assert np.array_equal(rgb, before)
    assert not np.shares_memory(pasted, rgb)


def test_between_0_and_1_colours_are_blended_and_rounded() -> None:
    rgb, painted = np.full((1, 5, 3), 10, np.uint8), np.full((1, 5, 3), 21, np.uint8)
    weight = np.array([[0, 0.04, 0.25, 0.5, 1]], np.float32)
    pasted = paste(rgb, painted, Box(0, 0, 5, 1), weight)
    assert pasted[0, :, 0].tolist() == [10, 10, 13, 16, 21]


def test_nothing_changes_outside_the_window_also_beyond_a_strip() -> None:
    rgb, window = noise((40, 700)), Box(5, 20, 25, 650)
    painted = noise((20, 630), 1)
    pasted = paste(rgb, painted, window, np.ones((630, 20), np.float32))
    assert np.array_equal(pasted[20:650, 5:25], painted)
    pasted[20:650, 5:25] = rgb[20:650, 5:25]
    assert np.array_equal(pasted, rgb)


@pytest.mark.parametrize(
    "window", [Box(-1, 0, 3, 4), Box(0, 0, 129, 4), Box(5, 5, 5, 9), Box(0, 90, 4, 97)]
)
def test_a_window_off_the_photo_is_refused(window: Box) -> None:
    with pytest.raises(BadRequest, match="128x96"):
        paste(scene(), scene(), window, np.ones((96, 128), np.float32))


def test_a_painted_picture_or_weight_of_another_size_is_refused() -> None:
    window, weight = Box(0, 0, 128, 96), np.ones((96, 128), np.float32)
    with pytest.raises(BadRequest, match="painted picture"):
        paste(scene(), scene()[1:], window, weight)
    with pytest.raises(BadRequest, match="weight has the shape"):
        paste(scene(), scene(), window, weight[1:])


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan])
def test_weights_out_of_range_are_refused(value: float) -> None:
    weight: Floats = np.ones((96, 128), np.float32)
    weight[3, 4] = value
    with pytest.raises(BadRequest, match="from 0 to 1"):
        paste(scene(), scene(), Box(0, 0, 128, 96), weight)


# lay


@given(photos(), st.integers(0, 256))
@quick
def test_laying_is_pasting_with_a_feather(photo: tuple[Rgb, Mask], pixels: int) -> None:
    rgb, hole = photo
    window = Box(0, 0, hole.shape[1], hole.shape[0])
    laid = lay(rgb, 255 - rgb, window, hole, pixels)
    assert np.array_equal(laid, paste(rgb, 255 - rgb, window, feather(hole, pixels)))
    assert np.array_equal(laid[~hole], rgb[~hole])


@given(photos(), st.floats(0, 12), st.integers(0, 150), st.integers(1, 40))
@quick
def test_a_strip_is_feathered_as_in_the_whole(
    photo: tuple[Rgb, Mask], pixels: float, top: int, count: int
) -> None:
    hole = photo[1]
    rows = slice(min(top, hole.shape[0] - 1), min(top + count, hole.shape[0]))
    assert np.array_equal(feathered(hole, rows, pixels), feather(hole, pixels)[rows])


def test_strips_meet_without_a_trace() -> None:
    height = 2 * FEATHERED_ROWS + 77
    hole = np.zeros((height, 90), np.bool_)
    hole[30:-30, 20:70] = True
    hole[FEATHERED_ROWS - 3, 40] = False
    rgb, window = noise((90, height)), Box(0, 0, 90, height)
    laid = lay(rgb, 255 - rgb, window, hole, 30)
    assert np.array_equal(laid, paste(rgb, 255 - rgb, window, feather(hole, 30)))


def test_a_hole_of_another_size_than_the_painted_picture_is_refused() -> None:
    with pytest.raises(BadRequest, match="painted picture"):
        lay(scene(), scene(), Box(0, 0, 128, 96), np.ones((95, 128), np.bool_), 3)
