from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings

from inpainting.framing import Frame
from inpainting.separating import CELL, MAX_BOXES, MAX_PIECES, boxes_of, separated
from inpainting.types import Box, Mask
from tests.support.masks import masks

quick = settings(deadline=None, max_examples=80)


def tight(box: Box) -> Frame:
    """A frame whose window is the bounds themselves."""
    return Frame(box, (8, 8))


def dots(*places: tuple[int, int]) -> Mask:
    """A picture of 1000 x 1000 with squares of 4 pixels at these x, y."""
    hole = np.zeros((1000, 1000), np.bool_)
    for x, y in places:
        hole[y : y + 4, x : x + 4] = True
    return hole


def inside(hole: Mask, box: Box) -> Mask:
    return hole[box.y0 : box.y1, box.x0 : box.x1]


@given(masks(longest=200))
@quick
def test_boxes_hold_every_pixel_of_the_hole_and_fit_it(hole: Mask) -> None:
    boxes = boxes_of(hole)
    assert len(boxes) <= MAX_BOXES
    assert bool(boxes) == bool(hole.any())
    covered = np.zeros_like(hole)
    for box in boxes:
        inside(covered, box)[...] = True
        sides = inside(hole, box)
        assert all(side.any() for side in (sides[0], sides[-1], sides[:, 0], sides[:, -1]))
    assert not (hole & ~covered).any()


@given(masks(longest=200))
@quick
def test_pieces_are_disjoint_and_together_the_hole(hole: Mask) -> None:
    if not hole.any():
        return
    pieces = separated(hole, tight)
    assert 1 <= len(pieces) <= MAX_PIECES
    assert np.array_equal(np.sum([part for part, _ in pieces], axis=0), hole)
    for part, frame in pieces:
        assert inside(part, frame.window).sum() == part.sum() > 0


def test_pieces_that_touch_at_a_corner_are_one() -> None:
    assert len(boxes_of(dots((100, 100), (104, 104)))) == 1


def test_pieces_a_few_cells_apart_are_told_apart() -> None:
    assert boxes_of(dots((100, 100), (100 + 3 * CELL, 100))) == [
        Box(100, 100, 104, 104),
        Box(100 + 3 * CELL, 100, 104 + 3 * CELL, 104),
    ]


def test_joining_two_pieces_takes_in_those_between_them() -> None:
    def wide(box: Box) -> Frame:
        return Frame(Box(box.x0 - 200, box.y0 - 5, box.x1 + 200, box.y1 + 5), (8, 8))

    around = dots((300, 300), (600, 300), (450, 900))
    assert [int(part.sum()) for part, _ in separated(around, wide)] == [32, 16]


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_the_nearest_go_together_until_few_enough_are_left(most: int) -> None:
    hole = dots((0, 0), (90, 0), (900, 0), (900, 500), (400, 990))
    pieces = separated(hole, tight, most)
    assert len(pieces) == most
    if most == 3:
        near = [
            math.hypot(a.x0 - b.x0, a.y0 - b.y0)
            for (_, one), (_, other) in combinations(pieces, 2)
            for a, b in [(one.window, other.window)]
        ]
        assert min(near) > 400


def test_many_pieces_are_still_painted_in_several_frames() -> None:
    far = [(x, y) for x in range(0, 1000, 100) for y in range(0, 1000, 100)]
    pieces = separated(dots(*far), tight)
    assert len(pieces) == MAX_PIECES
    assert sum(int(part.sum()) for part, _ in pieces) == 16 * len(far)
