"""Masks: taken, turned into a hole, outlined, smoothed and feathered."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpainting.errors import BadRequest
from inpainting.masks import MAX_RADIUS, as_mask, feather, outline, smooth, to_hole
from inpainting.types import Mask, Region
from tests.support.masks import brute_distance, disc, distances, masks

quick = settings(deadline=None, max_examples=80)


# as_mask, to_hole, outline


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
def test_the_two_regions_share_the_photo_between_them(mask: Mask) -> None:
    subject, background = to_hole(mask, Region.SUBJECT), to_hole(mask, Region.BACKGROUND)
    assert np.array_equal(subject, mask)
    assert np.array_equal(subject, ~background)
    assert not np.shares_memory(subject, mask)


@given(masks())
@quick
def test_the_outline_is_the_mask_that_touches_the_rest(mask: Mask) -> None:
    padded = np.pad(mask, 1, constant_values=True)
    open_sides = ~padded[:-2, 1:-1] | ~padded[2:, 1:-1] | ~padded[1:-1, :-2] | ~padded[1:-1, 2:]
    assert np.array_equal(outline(mask), mask & open_sides)


# smooth


def brute_smooth(mask: Mask, radius: float) -> Mask:
    """The majority under a square mean of a square mean, the picture mirrored at its border."""
    reach = max(0, math.ceil(math.sqrt(1.5) * radius - 1))
    sums: NDArray[np.int64] = mask.astype(np.int64)
    weights = 1
    for around in (reach - reach // 2, reach // 2):
        sides = range(2 * around + 1)
        padded = np.pad(sums, around, mode="symmetric")
        height, width = mask.shape
        sums = np.sum([padded[y : y + height, x : x + width] for y in sides for x in sides], axis=0)
        weights *= len(sides) ** 2
    return np.asarray(2 * sums > weights, np.bool_)


@given(masks(), distances)
@quick
def test_smooth_is_what_most_of_the_surroundings_are(mask: Mask, radius: float) -> None:
    assert np.array_equal(smooth(mask, radius), brute_smooth(mask, radius))


@given(masks(40), st.floats(0, 40))
@quick
def test_smoothing_the_other_side_gives_the_same_border(mask: Mask, radius: float) -> None:
    assert np.array_equal(smooth(~mask, radius), ~smooth(mask, radius))


@given(masks())
@quick
def test_without_a_radius_a_mask_stays_and_is_copied(mask: Mask) -> None:
    same = smooth(mask, 0)
    assert np.array_equal(same, mask)
    assert not np.shares_memory(same, mask)


@pytest.mark.parametrize("radius", [1, 3, 8, 20])
def test_smoothing_leaves_straight_edges_also_where_they_meet_the_pictures_border(
    radius: int,
) -> None:
    half = np.zeros((50, 60), np.bool_)
    half[:, 23:] = True
    assert np.array_equal(smooth(half, radius), half)
    assert np.array_equal(smooth(half.T, radius), half.T)
    y, x = np.indices((120, 120))
    assert np.array_equal(smooth(x > y, radius)[50:70, 50:70], (x > y)[50:70, 50:70])


@pytest.mark.parametrize("radius", [4, 8, 16])
def test_smoothing_rounds_corners_and_only_corners(radius: int) -> None:
    square = np.zeros((120, 120), np.bool_)
    square[20:100, 20:100] = True
    smoothed = smooth(square, radius)
    y, x = np.nonzero(smoothed != square)
    from_corner = np.minimum(abs(y - 20), abs(y - 99)) + np.minimum(abs(x - 20), abs(x - 99))
    assert not smoothed[20, 20]
    assert len(y)
    assert from_corner.max() <= 2 * radius


def test_what_is_much_thinner_than_the_radius_goes_and_what_is_wider_stays() -> None:
    rings = disc(101, 40) & ~disc(101, 2)
    rings[:, 50] = False
    smoothed = smooth(rings, 8)
    assert smoothed[50, 50]
    assert smoothed[30, 50]
    assert np.count_nonzero(smoothed != disc(101, 40)) < 0.02 * np.count_nonzero(disc(101, 40))
    assert not smooth(~rings & disc(101, 30), 8).any()


@pytest.mark.parametrize("mask", [disc(700, 250), ~disc(700, 250)])
def test_the_largest_radius_counts_right(mask: Mask) -> None:
    smoothed = smooth(mask, MAX_RADIUS)
    assert np.count_nonzero(smoothed != mask) < 0.2 * np.count_nonzero(disc(700, 250))
    assert smoothed[350, 350] == mask[350, 350]


@pytest.mark.parametrize("radius", [-1, math.nan, math.inf, MAX_RADIUS + 1])
def test_a_radius_must_be_in_its_range(radius: float) -> None:
    with pytest.raises(BadRequest, match="0 to 128"):
        smooth(np.ones((2, 2), np.bool_), radius)


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
