"""Layers to one mask, and its border: against what they mean for arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.masks import drop_specks, fill_holes, grow, shrink, smooth
from inpainting.selection import Layer, combine, refine
from inpainting.strokes import draw
from inpainting.types import Combine, Edges, Mask, Region, Stroke
from tests.support.masks import disc, masks, masks_of

quick = settings(deadline=None, max_examples=80)

SIZE = (17, 13)
EMPTY = np.zeros((13, 17), np.bool_)

places = st.tuples(st.floats(-5, 25), st.floats(-5, 25))
drawings = st.lists(places, min_size=1, max_size=3).map(tuple)
strokes = st.builds(Stroke, drawings, st.floats(1, 9), st.booleans())
layers = st.builds(
    Layer,
    st.none() | masks_of(SIZE),
    st.sampled_from(Combine),
    st.lists(strokes, max_size=3).map(tuple),
)
borders = st.builds(
    Edges, st.integers(-6, 6), st.integers(0, 6), st.integers(0, 4), st.integers(0, 4)
)
regions = st.sampled_from(Region)


def joined(one: Mask, other: Mask, op: Combine) -> Mask:
    return {
        Combine.ADD: one | other,
        Combine.SUBTRACT: one & ~other,
        Combine.INTERSECT: one & other,
    }[op]


def uniform(mask: Mask) -> bool:
    return bool(mask.all() or not mask.any())


# combine


@given(st.lists(layers, max_size=5), st.none() | masks_of(SIZE))
@quick
def test_layers_join_in_their_order_each_with_its_strokes_on_top(
    several: list[Layer], start: Mask | None
) -> None:
    expected = EMPTY if start is None else start
    before = expected.copy()
    for layer in several:
        expected = expected if layer.mask is None else joined(expected, layer.mask, layer.op)
        for stroke in layer.strokes:
            expected = draw(expected, [stroke])
    selected = combine(several, SIZE, start)
    assert np.array_equal(selected, expected)
    assert start is None or np.array_equal(start, before)
    assert start is None or not np.shares_memory(selected, start)


@given(masks_of(SIZE), masks_of(SIZE), st.sampled_from(Combine))
@quick
def test_two_masks_are_united_subtracted_or_intersected(
    one: Mask, other: Mask, op: Combine
) -> None:
    kept = one.copy(), other.copy()
    selected = combine([Layer(one), Layer(other, op)], SIZE)
    assert np.array_equal(selected, joined(one, other, op))
    assert np.array_equal(one, kept[0])
    assert np.array_equal(other, kept[1])


@given(masks_of(SIZE), st.lists(strokes, max_size=4).map(tuple))
@quick
def test_what_was_combined_can_be_gone_on_from(mask: Mask, several: tuple[Stroke, ...]) -> None:
    begun = combine([Layer(mask)], SIZE)
    at_once = combine([Layer(mask, strokes=several)], SIZE)
    assert np.array_equal(combine([Layer(strokes=several)], SIZE, begun), at_once)


def test_the_first_layer_subtracts_from_nothing() -> None:
    for op in (Combine.SUBTRACT, Combine.INTERSECT):
        assert not combine([Layer(~EMPTY, op)], SIZE).any()
    assert not combine([], SIZE).any()


def test_a_mask_of_another_size_is_refused() -> None:
    wrong = np.zeros((17, 13), np.bool_)
    with pytest.raises(BadRequest, match="must be 13x17"):
        combine([Layer(wrong)], SIZE)
    with pytest.raises(BadRequest, match="must be 13x17"):
        combine([], SIZE, wrong)


# refine


@given(masks(), regions)
@quick
def test_without_edges_a_mask_stays_and_is_copied(mask: Mask, region: Region) -> None:
    same = refine(mask, Edges(feather=9), region)
    assert np.array_equal(same, mask)
    assert not np.shares_memory(same, mask)


@given(masks(), borders, regions)
@quick
def test_fill_then_specks_then_smooth_then_grow_each_unless_nothing_would_be_left(
    mask: Mask, edges: Edges, region: Region
) -> None:
    expected = mask
    reach = edges.grow if region is Region.SUBJECT else -edges.grow
    steps: list[Callable[[Mask], Mask]] = [
        lambda m: fill_holes(m, edges.fill**2 - 1),
        lambda m: drop_specks(m, edges.specks**2),
        lambda m: smooth(m, edges.smooth),
        lambda m: grow(m, reach) if reach > 0 else shrink(m, -reach),
    ]
    for changed in steps:
        expected = expected if uniform(changed(expected)) else changed(expected)
    assert np.array_equal(refine(mask, edges, region), expected)


@given(masks(), borders, regions)
@quick
def test_a_mask_with_a_border_keeps_one(mask: Mask, edges: Edges, region: Region) -> None:
    refined = refine(mask, edges, region)
    assert uniform(refined) == uniform(mask)
    if uniform(mask):
        assert np.array_equal(refined, mask)


@given(masks(), borders)
@quick
def test_growing_for_the_background_is_shrinking_for_the_subject(mask: Mask, edges: Edges) -> None:
    other_way = replace(edges, grow=-edges.grow)
    background = refine(mask, edges, Region.BACKGROUND)
    assert np.array_equal(background, refine(mask, other_way, Region.SUBJECT))


@given(masks(), st.integers(-6, 6), st.integers(0, 6))
@quick
def test_what_is_repainted_grows_alike_whichever_side_it_is(
    mask: Mask, pixels: int, radius: int
) -> None:
    edges = Edges(grow=pixels, smooth=radius)
    background = refine(~mask, edges, Region.BACKGROUND)
    assert np.array_equal(background, ~refine(mask, edges, Region.SUBJECT))


@given(masks(), st.integers(0, 6), st.integers(0, 6))
@quick
def test_more_growth_repaints_no_less(mask: Mask, one: int, more: int) -> None:
    little = refine(mask, Edges(grow=one), Region.SUBJECT)
    much = refine(mask, Edges(grow=one + more), Region.SUBJECT)
    assert not (little & ~much).any() or uniform(grow(mask, one + more))


def test_a_step_that_would_leave_nothing_is_left_out_and_the_others_are_done() -> None:
    mask = disc(41, 5)
    mask[20, 20] = False
    refined = refine(mask, Edges(grow=12, fill=2, specks=30), Region.BACKGROUND)
    assert np.array_equal(refined, disc(41, 5))


def test_gaps_and_crumbs_are_measured_by_the_square_of_that_side() -> None:
    mask = disc(60, 20)
    mask[28:31, 28:31] = False
    mask[2:5, 2:5] = True
    for side, gone in ((3, False), (4, True)):
        refined = refine(mask, Edges(fill=side, specks=side), Region.SUBJECT)
        assert (refined[29, 29], refined[3, 3]) == (gone, not gone)
