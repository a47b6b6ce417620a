"""Gaps and pieces of a mask, by area and by clicks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.pieces import MAX_CHANGES, MAX_WINDOWS, drop_specks, fill_holes, keep_clicked
from inpainting.types import Mask, Point
from tests.support.masks import brute_pieces, disc, masks

quick = settings(deadline=None, max_examples=80)


@given(masks(16), st.integers(0, 30))
@quick
def test_exactly_the_closed_gaps_up_to_an_area_are_filled(mask: Mask, max_area: int) -> None:
    rim = np.ones(mask.shape, np.bool_)
    rim[1:-1, 1:-1] = False
    for limit in (max_area, None):
        expected = mask.copy()
        for gap in brute_pieces(~mask, diagonal=False):
            if not (gap & rim).any() and (limit is None or np.count_nonzero(gap) <= limit):
                expected |= gap
        assert np.array_equal(fill_holes(mask, limit), expected)


@given(masks(16), st.integers(0, 30))
@quick
def test_exactly_the_pieces_below_an_area_are_dropped(mask: Mask, min_area: int) -> None:
    pieces = brute_pieces(mask, diagonal=True)
    kept = [piece for piece in pieces if np.count_nonzero(piece) >= min_area]
    expected = np.any(kept, axis=0) if kept else np.zeros_like(mask)
    assert np.array_equal(drop_specks(mask, min_area), expected)


@pytest.mark.parametrize("step", [30, 4])
def test_few_specks_and_gaps_and_many_are_treated_alike(step: int) -> None:
    clean = disc(300, 120)
    dots = np.zeros_like(clean)
    dots[1::step, 1::step] = True
    assert (np.count_nonzero(dots & ~clean) > MAX_WINDOWS) == (step == 4)
    specked = clean ^ dots
    assert not np.array_equal(specked, clean)
    inner = disc(300, 110)
    tidy = fill_holes(drop_specks(specked, 9), 8)
    assert np.array_equal(tidy & inner, inner)
    assert not (tidy & ~disc(300, 130)).any()


def test_nested_rings_lose_only_what_is_small() -> None:
    rings = disc(61, 28) & ~disc(61, 24) | disc(61, 10) & ~disc(61, 2)
    rings[0, 0] = True
    assert np.array_equal(drop_specks(rings, 5), rings & disc(61, 28))
    filled = fill_holes(rings, int(np.count_nonzero(disc(61, 2))))
    assert np.array_equal(filled, rings | disc(61, 2))


def test_noise_all_over_is_tidied_as_a_little_of_it_is() -> None:
    noise = np.random.default_rng(0).random((900, 900)) < 0.3
    noise[24:26, :26] = noise[:26, 24:26] = False
    noise[-26:-24, -26:] = noise[-26:, -26:-24] = True
    alone, enclosed = noise[:26, :26], noise[-26:, -26:]
    assert np.count_nonzero(noise[:, 1:] != noise[:, :-1]) > MAX_CHANGES
    assert np.array_equal(drop_specks(noise, 6)[:26, :26], drop_specks(alone, 6))
    assert np.array_equal(fill_holes(noise)[-26:, -26:], fill_holes(enclosed))


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
