"""From a grid's answers to segments: the pure part, with masks that are drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpainting.types import Mask
from models.sam_everything import (
    MOST_SEGMENTS,
    Segment,
    borders_touched,
    box_of,
    chosen,
    likelihood,
    likely_subjects,
    point_grid,
    segment_of,
    small_mask,
    stability,
    stand_in,
    suppressed,
    worth_copying,
    worth_keeping,
)
from models.sam_geometry import Square

SIDE = 32

Boxes = NDArray[np.float32]


def _segment(
    rows: slice, columns: slice, score: float = 0.9, steady: float = 0.97, height: int = SIDE
) -> Segment:
    logits = np.full((SIDE, SIDE), -5, np.float32)
    logits[rows, columns] = 5
    return segment_of(logits, score, steady, (height, SIDE))


def _iou(one: Boxes, other: Boxes) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    areas = [float(np.prod(box[2:] - box[:2])) for box in (one, other)]
    return shared / (sum(areas) - shared)


@st.composite
def boxes_with_scores(draw: st.DrawFn) -> tuple[Boxes, NDArray[np.float32]]:
    corner, extent = st.integers(0, 20), st.integers(1, 20)
    rows = draw(st.lists(st.tuples(corner, corner, extent, extent), max_size=25))
    scores = [draw(st.sampled_from([0.1, 0.5, 0.7, 0.9])) for _ in rows]
    boxes = [(x, y, x + width, y + height) for x, y, width, height in rows]
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32)


@given(boxes_with_scores(), st.sampled_from([0.0, 0.3, 0.7, 1.0]))
def test_of_overlapping_boxes_the_best_stays(
    given_boxes: tuple[Boxes, NDArray[np.float32]], overlap: float
) -> None:
    boxes, scores = given_boxes
    kept = suppressed(boxes, scores, overlap)
    assert len(set(kept)) == len(kept)
    assert [scores[index] for index in kept] == sorted(scores[kept], reverse=True)
    for at, index in enumerate(kept):
        assert all(_iou(boxes[index], boxes[other]) <= overlap + 1e-6 for other in kept[:at])
    for index in set(range(len(boxes))) - set(kept):
        better = [other for other in kept if scores[other] >= scores[index]]
        assert any(_iou(boxes[index], boxes[other]) > overlap - 1e-6 for other in better)
    assert suppressed(boxes[kept], scores[kept], overlap) == list(range(len(kept)))


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=30))
def test_stability_is_the_overlap_of_two_thresholds(values: list[float]) -> None:
    logits = np.array([[values]], np.float32)
    tight, wide = logits > 1, logits > -1
    expected = (tight & wide).sum() / max(1, (tight | wide).sum())
    assert float(stability(torch.from_numpy(logits))[0]) == pytest.approx(expected)


def test_a_sharp_mask_is_stable_and_a_flat_slope_is_not() -> None:
    ramp = torch.linspace(-1, 1, 32).expand(32, 32)
    found = stability(torch.stack([ramp * 100, ramp * 2, ramp - 9]))
    assert found[0] > 0.9
    assert found[1] < 0.5
    assert found[2] == 0


def test_the_grid_is_even_and_inside() -> None:
    points = point_grid((100, 40), 4)
    assert points.shape == (16, 2)
    assert points[0].tolist() == [12.5, 5]
    assert points[-1].tolist() == [87.5, 35]
    assert np.allclose(points.mean(axis=0), (50, 20))
    assert points.dtype == np.float32


def test_good_masks_are_copied_and_the_best_few_in_any_case() -> None:
    logits = torch.full((6, 8, 8), -9.0)
    logits[0, :4] = 9
    logits[1, :, :3] = 9
    logits[2, 2:6, 2:6] = 9
    logits[4] = 9
    logits[5, :2] = 0.5
    scores = torch.tensor([0.9, 0.5, 0.95, 0.99, 0.99, 0.99])
    kept, stable = worth_copying(logits, scores)
    assert kept.tolist() == [0, 1, 2], "not the empty, the whole one; the unstable is fourth"
    assert stable.tolist() == [1, 1, 1, 0, 1, 0]


def test_the_few_are_dropped_where_there_are_good_ones() -> None:
    half, good = slice(0, 16), _segment(slice(0, 9), slice(0, 9))
    poor = [_segment(half, half, score) for score in (0.1, 0.3, 0.2, 0.4)]
    assert [one.score for one in worth_keeping(poor)] == [0.4, 0.3, 0.2]
    assert worth_keeping([*poor, good]) == [good]
    unsteady = _segment(half, half, 0.99, 0.5)
    assert worth_keeping([unsteady, good]) == [good]


def test_segments_come_largest_first_and_none_twice() -> None:
    large = _segment(slice(0, 20), slice(0, 20), 0.88)
    same = _segment(slice(0, 20), slice(0, 19), 0.95)
    small = _segment(slice(2, 8), slice(2, 8), 0.99)
    assert chosen([small, large, same]) == [same, small]
    assert chosen([]) == []


def test_there_are_at_most_as_many_segments_as_a_byte_can_name() -> None:
    cells = [
        _segment(slice(row, row + 1), slice(column, column + 2), 0.9 + 1e-4 * row)
        for row in range(SIDE)
        for column in range(0, SIDE, 2)
    ]
    found = chosen(cells)
    assert len(cells) > len(found) == MOST_SEGMENTS
    assert min(one.score for one in found) > min(one.score for one in cells)


def test_what_lies_beside_the_photo_does_not_count() -> None:
    height = Square(4 * SIDE).part((64, 16), SIDE)[0]
    assert height == 8
    below = _segment(slice(8, 32), slice(0, 32), height=height)
    assert not below.inside.any()
    assert below.share == 0


def test_small_masks_are_reduced_and_without_crumbs() -> None:
    segment = _segment(slice(4, 20), slice(4, 20))
    segment.logits[28, 28] = 5
    segment.logits[10, 10] = -5
    mask = small_mask(segment.logits, (4000, 4000), Square(SIDE))
    assert mask.shape == (1024, 1024)
    assert mask.mean() == pytest.approx(0.25, abs=0.02)
    assert not mask[800:].any()
    assert mask[330, 330], "the pinhole is filled"
    assert small_mask(segment.logits, (40, 40), Square(SIDE)).shape == (40, 40)


def test_the_middle_stands_in_for_nothing() -> None:
    segment = stand_in(SIDE, (9, 32))
    assert 0.2 < segment.share < 0.6
    assert segment.inside[4, 16]
    assert likelihood(segment) == 0
    assert stand_in(SIDE, (1, 32)).inside.any()


def test_the_likely_subject_is_large_and_in_the_middle() -> None:
    middle = _segment(slice(8, 24), slice(8, 24))
    corner = _segment(slice(0, 16), slice(0, 16))
    crumb = _segment(slice(15, 17), slice(15, 17))
    ground = _segment(slice(12, 32), slice(0, 32))
    twin = _segment(slice(8, 24), slice(8, 23), 0.87)
    found = likely_subjects([crumb, ground, corner, middle, twin])
    assert found == [middle, corner, crumb]
    assert [likelihood(one) for one in found] == sorted(map(likelihood, found), reverse=True)
    assert likely_subjects([ground]) == [ground], "there is nothing else"
    assert likely_subjects([]) == []


@pytest.mark.parametrize(
    ("rows", "columns", "count"),
    [
        (slice(3, 9), slice(3, 9), 0),
        (slice(0, 9), slice(3, 9), 1),
        (slice(0, 9), slice(0, SIDE), 3),
        (slice(0, SIDE), slice(0, SIDE), 4),
    ],
)
def test_borders_are_counted(rows: slice, columns: slice, count: int) -> None:
    assert borders_touched(_segment(rows, columns).inside) == count


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 11), st.integers(1, 11))
def test_a_box_holds_its_mask(x: int, y: int, width: int, height: int) -> None:
    mask: Mask = np.zeros((SIDE, SIDE), bool)
    mask[y : y + height, x : x + width] = True
    assert box_of(mask) == (x, y, x + width, y + height)


def test_how_good_is_good_depends_on_the_model() -> None:
    logits = torch.full((5, 8, 8), -9.0)
    logits[:, :4] = 9
    scores = torch.tensor([0.82, 0.84, 0.83, 0.81, 0.79])
    assert len(worth_copying(logits, scores)[0]) == 3, "the best few alone"
    assert worth_copying(logits, scores, 0.8)[0].tolist() == [0, 1, 2, 3]
    fair = [_segment(slice(0, 9), slice(0, 9), score) for score in (0.7, 0.81, 0.82, 0.83, 0.84)]
    assert worth_keeping(fair, 0.8) == fair[1:]
