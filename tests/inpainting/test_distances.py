"""Growing and shrinking by a distance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.distances import MAX_DISC, bounds, distance_to, grow, shrink
from inpainting.errors import BadRequest
from inpainting.masks import feather
from inpainting.types import Box, Mask
from tests.support.masks import brute_distance, distances, masks

quick = settings(deadline=None, max_examples=80)


@given(masks())
@quick
def test_bounds_are_the_tightest_box(mask: Mask) -> None:
    box = bounds(mask)
    if box is None:
        assert not mask.any()
        return
    ys, xs = np.nonzero(mask)
    assert box == Box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


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


@given(masks(40), st.floats(0, 2 * MAX_DISC))
@quick
def test_small_and_large_distances_are_measured_alike(mask: Mask, pixels: float) -> None:
    assert np.array_equal(grow(mask, pixels), distance_to(mask) <= np.float32(pixels))
    assert np.array_equal(shrink(mask, pixels), distance_to(~mask) > np.float32(pixels))


@pytest.mark.parametrize("square", [1, 2, 5, 13, 25, 50, 72, 100, 144, 169, 225])
def test_pixels_at_just_that_distance_are_reached(square: int) -> None:
    dot = np.zeros((41, 41), np.bool_)
    dot[20, 20] = True
    squares = ((np.indices(dot.shape) - 20) ** 2).sum(axis=0)
    assert np.array_equal(grow(dot, math.sqrt(square)), squares <= square)
    assert np.array_equal(shrink(~dot, math.sqrt(square)), squares > square)


@given(masks(longest=60))
@quick
def test_a_distance_is_the_root_of_a_whole_number_to_the_last_bit(mask: Mask) -> None:
    found = distance_to(mask)
    if mask.any():
        squares = np.rint(brute_distance(mask) ** 2).astype(np.float32)
        assert np.array_equal(found, np.sqrt(squares))
    else:
        assert (found > 1e6).all()
