from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpainting.errors import BadRequest
from inpainting.masks import (
    as_mask,
    bounds,
    drop_specks,
    feather,
    fill_holes,
    grow,
    keep_clicked,
    outline,
    shrink,
    to_hole,
)
from inpainting.types import Box, Mask, Point, Region

quick = settings(deadline=None, max_examples=80)
distances = st.one_of(st.integers(0, 9), st.floats(0, 9))


@st.composite
def masks(draw: st.DrawFn, longest: int = 24) -> Mask:
    """Speckle, blocks or nothing on a picture of any aspect, down to one pixel."""
    height, width = draw(st.integers(1, longest)), draw(st.integers(1, longest))
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    block = draw(st.sampled_from([1, 1, 3, 5]))
    cells = noise.random((height // block + 1, width // block + 1))
    share = draw(st.sampled_from([0.0, 0.03, 0.3, 0.6, 0.95, 1.0]))
    mask: Mask = np.kron(cells < share, np.ones((block, block), np.bool_))[:height, :width]
    return np.ascontiguousarray(mask)


def brute_distance(mask: Mask) -> NDArray[np.float64]:
    """Distance of every pixel to the nearest True pixel, by comparing all with all."""
    ys, xs = np.nonzero(mask)
    if not len(ys):
        return np.full(mask.shape, math.inf)
    height, width = mask.shape
    squares = (np.arange(height)[:, None, None] - ys) ** 2 + (np.arange(width)[:, None] - xs) ** 2
    return np.asarray(np.sqrt(squares.min(axis=-1)), np.float64)


def disc(side: int, radius: float) -> Mask:
    across = np.arange(side) - side // 2
    return np.asarray(np.hypot(across, across[:, None]) <= radius, np.bool_)


# as_mask, bounds, to_hole


@given(masks())
@quick
def test_a_mask_of_the_photos_size_is_taken_as_it_is(mask: Mask) -> None:
    height, width = mask.shape
    assert np.array_equal(as_mask(mask, (width, height)), mask)
    assert as_mask(np.asfortranarray(mask), (width, height)).flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_numbers_are_no_mask_for_nobody_can_tell_1_from_255(dtype: type) -> None:
    with pytest.raises(BadRequest, match="must be an array of bool"):
        as_mask(np.ones((3, 5), dtype), (5, 3))


@pytest.mark.parametrize("value", [None, [[True]], "mask"])
def test_what_is_no_array_is_no_mask(value: object) -> None:
    with pytest.raises(BadRequest, match="must be an array of bool"):
        as_mask(value, (1, 1))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5, 1), (15,), (3, 4)])
def test_a_mask_of_another_shape_is_refused_and_the_right_one_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadRequest, match="must be 3x5"):
        as_mask(np.ones(shape, np.bool_), (5, 3))


@given(masks())
@quick
def test_bounds_are_the_tightest_box(mask: Mask) -> None:
    box = bounds(mask)
    if box is None:
        assert not mask.any()
        return
    ys, xs = np.nonzero(mask)
    assert box == Box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


@given(masks())
@quick
def test_the_two_regions_share_the_photo_between_them(mask: Mask) -> None:
    subject, background = to_hole(mask, Region.SUBJECT), to_hole(mask, Region.BACKGROUND)
    assert np.array_equal(subject, mask)
    assert np.array_equal(subject, ~background)
    assert not np.shares_memory(subject, mask)


# grow, shrink, outline


@given(masks(), distances)
@quick
def test_grow_is_what_lies_within_the_distance(mask: Mask, pixels: float) -> None:
    grown = grow(mask, pixels)
    assert np.array_equal(grown, brute_distance(mask) <= np.float32(pixels))
    assert not (mask & ~grown).any()


@given(masks(), distances)
@quick
def test_shrink_is_what_lies_deeper_than_the_distance(mask: Mask, pixels: float) -> None:
    shrunk = shrink(mask, pixels)
    assert np.array_equal(shrunk, brute_distance(~mask) > np.float32(pixels))
    assert not (shrunk & ~mask).any()


@given(masks(), distances)
@quick
def test_shrinking_is_growing_the_other_side(mask: Mask, pixels: float) -> None:
    assert np.array_equal(shrink(mask, pixels), ~grow(~mask, pixels))


def test_the_pictures_border_is_no_edge() -> None:
    whole = np.ones((6, 9), np.bool_)
    assert shrink(whole, 3).all()
    half = whole.copy()
    half[:, 5:] = False
    assert np.array_equal(np.nonzero(shrink(half, 2)[0])[0], [0, 1, 2])


@pytest.mark.parametrize("pixels", [-1, -0.1, math.nan, math.inf])
def test_a_distance_must_be_a_number_of_0_or_more(pixels: float) -> None:
    mask = np.ones((2, 2), np.bool_)
    for act in (grow, shrink, feather):
        with pytest.raises(BadRequest, match="0 or more"):
            act(mask, pixels)


@given(masks())
@quick
def test_the_outline_is_the_mask_that_touches_the_rest(mask: Mask) -> None:
    padded = np.pad(mask, 1, constant_values=True)
    open_sides = ~padded[:-2, 1:-1] | ~padded[2:, 1:-1] | ~padded[1:-1, :-2] | ~padded[1:-1, 2:]
    assert np.array_equal(outline(mask), mask & open_sides)


# fill_holes, drop_specks, keep_clicked


@given(masks(), st.one_of(st.none(), st.integers(0, 40)))
@quick
def test_filling_twice_is_filling_once(mask: Mask, max_area: int | None) -> None:
    filled = fill_holes(mask, max_area)
    assert not (mask & ~filled).any()
    assert np.array_equal(fill_holes(filled, max_area), filled)


@given(masks())
@quick
def test_what_reaches_the_border_is_not_filled(mask: Mask) -> None:
    filled = fill_holes(mask)
    rim = np.ones(mask.shape, np.bool_)
    rim[1:-1, 1:-1] = False
    assert np.array_equal(filled & rim, mask & rim)


def test_only_small_enough_closed_gaps_are_filled() -> None:
    mask = np.ones((9, 20), np.bool_)
    mask[2, 2] = False
    mask[4:7, 5:9] = False
    mask[0:3, 15] = False
    expected = mask.copy()
    expected[2, 2] = True
    assert np.array_equal(fill_holes(mask, max_area=11), expected)
    expected[4:7, 5:9] = True
    assert np.array_equal(fill_holes(mask, max_area=12), expected)
    assert np.array_equal(fill_holes(mask), expected)


def test_a_diagonal_chain_of_mask_closes_a_gap() -> None:
    diamond = np.abs(np.indices((7, 7)) - 3).sum(axis=0) == 2
    assert np.count_nonzero(fill_holes(diamond)) == 13


@given(masks(), st.integers(0, 30))
@quick
def test_no_speck_is_left_and_no_large_part_lost(mask: Mask, min_area: int) -> None:
    kept = drop_specks(mask, min_area)
    assert not (kept & ~mask).any()
    assert np.array_equal(drop_specks(kept, min_area), kept)
    assert np.array_equal(drop_specks(mask, 1), mask)
    assert not drop_specks(mask & ~kept, min_area).any()


def test_keep_clicked_keeps_the_parts_under_include_points() -> None:
    mask = np.zeros((5, 9), np.bool_)
    mask[:, 0:2] = mask[:, 3:5] = mask[:, 7:9] = True
    kept = keep_clicked(mask, [Point(1, 2), Point(8, 4), Point(4, 0, include=False)])
    assert kept[:, [0, 1, 7, 8]].all()
    assert not kept[:, 2:7].any()


@given(masks(), st.lists(st.builds(Point, st.integers(-3, 26), st.integers(-3, 26), st.booleans())))
@quick
def test_keep_clicked_never_loses_all(mask: Mask, points: list[Point]) -> None:
    kept = keep_clicked(mask, points)
    assert not (kept & ~mask).any()
    assert kept.any() == mask.any()
    height, width = mask.shape
    for point in points:
        if point.include and 0 <= point.x < width and 0 <= point.y < height:
            assert kept[point.y, point.x] == mask[point.y, point.x]


# feather


@given(masks(40), distances)
@quick
def test_feather_lies_inside_the_hole(hole: Mask, pixels: float) -> None:
    weight = feather(hole, pixels)
    assert weight.dtype == np.float32
    assert weight.shape == hole.shape
    assert np.array_equal(weight > 0, hole)
    assert (weight <= 1).all()
    assert (weight[brute_distance(~hole) >= max(1, pixels)] == 1).all()


@given(masks(40), st.floats(0, 12), st.floats(0, 12))
@quick
def test_a_wider_feather_is_nowhere_harder(hole: Mask, one: float, other: float) -> None:
    narrow, wide = sorted((one, other))
    assert (feather(hole, wide) <= feather(hole, narrow) + 1e-6).all()


@given(masks(40), st.floats(0, 12))
@quick
def test_the_deepest_pixels_of_a_hole_are_painted_in_full(hole: Mask, pixels: float) -> None:
    depth = np.where(hole, brute_distance(~hole), 0)
    weight = feather(hole, pixels)
    assert (weight[hole & (depth == depth.max())] == 1).all()


@pytest.mark.parametrize("pixels", [0, 1, 3, 8, 20, 64])
@pytest.mark.parametrize("radius", [2, 9, 30])
def test_in_a_round_hole_the_weight_rises_with_the_depth(radius: float, pixels: int) -> None:
    hole = disc(80, radius)
    depth, weight = brute_distance(~hole)[hole], feather(hole, pixels)[hole]
    rising = weight[np.argsort(depth)]
    assert (np.diff(rising) >= -1e-6).all()


def test_in_a_wide_hole_the_ramp_is_a_smoothstep_of_the_distance() -> None:
    hole = np.ones((40, 100), np.bool_)
    hole[:, :10] = False
    share = np.minimum(np.arange(1, 91) / 16, 1)
    assert np.allclose(feather(hole, 16)[20, 10:], share * share * (3 - 2 * share), atol=1e-6)


def test_a_whole_hole_is_painted_in_full() -> None:
    assert (feather(np.ones((5, 60), np.bool_), 32) == 1).all()


@pytest.mark.parametrize("width", [1, 2, 3, 7])
def test_a_thin_hole_is_not_left_unpainted(width: int) -> None:
    hole = np.zeros((80, 80), np.bool_)
    hole[10:70, 30 : 30 + width] = True
    weight = feather(hole, 64)
    assert weight[40, 30 + width // 2] == 1
    assert weight[hole].mean() >= 0.7


def test_a_gap_behind_an_arm_is_painted_though_the_background_is_wide() -> None:
    hole = np.ones((120, 200), np.bool_)
    hole[10:, 100:116] = hole[10:, 120:130] = False
    weight = feather(hole, 16)
    assert weight[70, 117:119].tolist() == [1, 1]
    assert weight[70, 99] < 0.05
    assert weight[70, 84] == 1


@given(st.integers(20, 40), st.integers(20, 40), st.integers(0, 9))
@quick
def test_a_small_subject_in_a_wide_photo_is_feathered_as_anywhere(
    left: int, top: int, pixels: int
) -> None:
    subject = np.zeros((70, 70), np.bool_)
    subject[top : top + 4, left : left + 6] = True
    around = np.pad(subject, 80)
    there = feather(~around, pixels)
    assert np.array_equal(there[80:-80, 80:-80], feather(~subject, pixels))
    assert (there[:40] == 1).all()
