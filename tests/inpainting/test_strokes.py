"""Strokes on a mask against their definition, worked out for every pixel."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpainting.strokes import MAX_ROWS, draw
from inpainting.types import Mask, Stroke
from tests.support.masks import masks

quick = settings(deadline=None, max_examples=120)

Line = tuple[tuple[float, float], ...]

tenths = st.integers(-300, 600).map(lambda n: n / 10)
corners = st.tuples(tenths, tenths) | st.tuples(st.floats(-30, 60), st.floats(-30, 60))
lines = st.lists(corners, min_size=1, max_size=6).map(tuple)
sizes = st.one_of(st.integers(1, 12), st.floats(1, 90))
strokes = st.builds(Stroke, lines, sizes, st.booleans())


def brute_distance(shape: tuple[int, ...], line: Line) -> NDArray[np.float64]:
    """Distance of the middle of every pixel to the nearest point of the line."""
    y, x = np.indices(shape) + 0.5
    nearest = np.full(shape, math.inf)
    for (ax, ay), (bx, by) in zip(line, line[1:] or line, strict=False):
        square = (bx - ax) ** 2 + (by - ay) ** 2
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / (square or 1)
        share = np.clip(along, 0, 1)
        nearest = np.minimum(
            nearest, np.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay))
        )
    return nearest


@given(masks(), strokes)
@quick
def test_a_stroke_covers_what_lies_within_half_its_size(mask: Mask, stroke: Stroke) -> None:
    distance = brute_distance(mask.shape, stroke.line)
    covered, drawn = distance <= stroke.size / 2, draw(mask, [stroke])
    expected = mask & ~covered if stroke.erase else mask | covered
    surely = abs(distance - stroke.size / 2) > 1e-9
    assert np.array_equal(drawn[surely], expected[surely])
    assert drawn.dtype == np.bool_


@given(
    st.tuples(st.integers(-9, 40), st.integers(-9, 40)),
    st.integers(-40, 40),
    st.integers(1, 24),
    st.booleans(),
)
@quick
def test_pixels_at_just_half_the_size_are_covered(
    start: tuple[int, int], length: int, size: int, upright: bool
) -> None:
    x, y = start[0] / 2, start[1] / 2
    end = (x, y + length / 2) if upright else (x + length / 2, y)
    line = ((x, y), end)
    drawn = draw(np.zeros((20, 24), np.bool_), [Stroke(line, size)])
    assert np.array_equal(drawn, brute_distance(drawn.shape, line) <= size / 2)


def test_a_dot_is_a_disc_and_takes_in_what_it_touches() -> None:
    dot = draw(np.zeros((9, 9), np.bool_), [Stroke(((4.5, 4.5),), 6)])
    assert np.array_equal(dot, np.hypot(*(np.indices((9, 9)) - 4)) <= 3)
    assert dot[4, 7]
    assert not draw(np.zeros((9, 9), np.bool_), [Stroke(((4, 4),), 1)]).any()


@pytest.mark.parametrize("size", range(1, 25))
def test_lines_of_every_length_along_the_rows_and_columns_are_exact(size: int) -> None:
    empty = np.zeros((40, 60), np.bool_)
    for half_length in range(1, 60):
        line = ((20.5, 15.0), (20.5, 15 + half_length / 2))
        drawn = draw(empty, [Stroke(line, size)])
        assert np.array_equal(drawn, brute_distance(empty.shape, line) <= size / 2)
        turned = tuple((y, x) for x, y in line)
        assert np.array_equal(draw(empty.T, [Stroke(turned, size)]), drawn.T)


@given(masks(), st.lists(strokes, max_size=6))
@quick
def test_strokes_are_drawn_in_their_order(mask: Mask, several: list[Stroke]) -> None:
    before, expected = mask.copy(), mask
    for stroke in several:
        expected = draw(expected, [stroke])
    drawn = draw(mask, several)
    assert np.array_equal(drawn, expected)
    assert np.array_equal(mask, before)
    assert not np.shares_memory(drawn, mask)


@given(masks(), lines, sizes, st.integers(0, 5))
@quick
def test_a_line_cut_at_a_corner_is_the_same_line(
    mask: Mask, line: Line, size: float, cut: int
) -> None:
    at = cut % len(line)
    halves = [Stroke(line[: at + 1], size), Stroke(line[at:], size)]
    assert np.array_equal(draw(mask, [Stroke(line, size)]), draw(mask, halves))


@given(masks(), lines, sizes)
@quick
def test_a_corner_drawn_twice_adds_nothing(mask: Mask, line: Line, size: float) -> None:
    twice = tuple(corner for corner in line for _ in range(2))
    assert np.array_equal(draw(mask, [Stroke(line, size)]), draw(mask, [Stroke(twice, size)]))


def test_a_stroke_of_very_many_rows_is_the_sum_of_its_segments() -> None:
    line = tuple(map(tuple, np.random.default_rng(0).uniform(0, 600, (900, 2)).tolist()))
    empty = np.zeros((600, 300), np.bool_)
    pieces = [draw(empty, [Stroke(pair, 3)]) for pair in pairwise(line)]
    assert sum(abs(a[1] - b[1]) for a, b in pairwise(line)) > MAX_ROWS
    assert np.array_equal(draw(empty, [Stroke(line, 3)]), np.any(pieces, axis=0))


@pytest.mark.parametrize("erase", [False, True])
def test_a_brush_wider_than_the_photo_covers_it_all(erase: bool) -> None:
    mask = np.random.default_rng(0).random((30, 40)) < 0.5
    stroke = Stroke(((-500.0, 20.0), (900.0, 10.0)), 2000, erase)
    assert (draw(mask, [stroke]) != erase).all()


@pytest.mark.parametrize(
    "line",
    [
        ((-70_000.0, -70_000.0), (-69_000.0, 140_000.0)),
        ((140_000.0, 3.0),),
        ((5.0, -40.0), (9.0, -39.9)),
    ],
)
def test_a_stroke_off_the_photo_changes_nothing(line: Line) -> None:
    mask = np.random.default_rng(0).random((30, 40)) < 0.5
    assert np.array_equal(draw(mask, [Stroke(line, 60)]), mask)


def test_a_line_from_far_off_to_far_off_is_straight() -> None:
    line = ((-70_000.0, -70_000.0), (140_000.0, 140_000.0))
    drawn = draw(np.zeros((50, 60), np.bool_), [Stroke(line, 10)])
    y, x = np.indices(drawn.shape)
    assert np.array_equal(drawn, abs(x - y) <= 5 * math.sqrt(2))


@pytest.mark.parametrize("rise", [0.0, 1e-300, 1e-12, 1e-8, 1e-3])
def test_lines_that_hardly_rise_and_hardly_move_are_drawn(rise: float) -> None:
    level, dot = ((3.2, 10.1), (30.3, 10.1 + rise)), ((20.0, 10.1), (20.0 + rise, 10.1))
    for line in (level, level[::-1], dot):
        drawn = draw(np.zeros((24, 40), np.bool_), [Stroke(line, 7)])
        assert np.array_equal(drawn, brute_distance(drawn.shape, line) <= 3.5)
