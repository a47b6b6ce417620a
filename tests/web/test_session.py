from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.requests import MAX_POINTS
from inpainting.types import Box, Combine, Edges, Point, Prompts, Region, Stroke
from inpainting.web import editing as e
from inpainting.web import history as h
from inpainting.web.session import NO_PARTS, Part, Session
from tests.support.sessions import (
    LOADED,
    SHEET,
    Reducer,
    clicked,
    corner,
    result,
    settled,
)

places = st.tuples(st.integers(-1, 64), st.integers(-1, 48))
indices = st.integers(-1, 3)
keys = st.integers(0, 4)
corners = st.tuples(st.floats(-9, 70), st.floats(-9, 70))
strokes = st.builds(
    Stroke, st.lists(corners, max_size=3).map(tuple), st.floats(-1, 30), st.booleans()
)
edges = st.builds(
    Edges, st.integers(-65, 65), st.integers(-1, 9), st.integers(0, 9), st.integers(0, 9)
)
ops = st.sampled_from(Combine)
reducers: st.SearchStrategy[Reducer] = st.one_of(
    places.map(lambda at: partial(e.click, x=at[0], y=at[1])),
    places.map(lambda at: partial(e.exclude, x=at[0], y=at[1])),
    places.map(lambda at: partial(e.box, corners=Box(at[0] // 2, at[1] // 2, 64, 48))),
    indices.map(lambda n: partial(e.remove, index=n)),
    st.tuples(indices, places).map(lambda m: partial(e.move, index=m[0], x=m[1][0], y=m[1][1])),
    indices.map(lambda n: partial(e.choose, index=n)),
    strokes.map(lambda drawn: partial(e.stroke, drawn=drawn)),
    edges.map(lambda wanted: partial(e.set_edges, edges=wanted)),
    st.sampled_from(Region).map(lambda region: partial(e.set_region, region=region)),
    ops.map(lambda op: partial(e.new_part, op=op)),
    keys.map(lambda key: partial(e.pick_part, key=key)),
    st.tuples(keys, ops).map(lambda it: partial(e.set_op, key=it[0], op=it[1])),
    st.tuples(keys, st.booleans()).map(lambda it: partial(e.show_part, key=it[0], shown=it[1])),
    keys.map(lambda key: partial(e.delete_part, key=key)),
    st.just(partial(e.give, answer=corner(9))),
    st.just(e.clear),
    st.integers(0, 3).map(lambda n: partial(e.further, number=n)),
    st.integers(1, 2).map(lambda n: partial(e.finished, result=result(n))),
)


def follow(session: Session, reduce: Reducer) -> Session:
    """The session after an action, as it was where the action is refused."""
    try:
        return settled(reduce(session))
    except BadRequest as error:
        assert str(error).endswith(".")
        return session


@given(st.lists(reducers, max_size=20))
def test_undo_restores_every_state_and_redo_takes_it_back(actions: list[Reducer]) -> None:
    session, seen = settled(LOADED), [settled(LOADED).now]
    for action in actions:
        session = follow(session, action)
        if session.now != seen[-1]:
            seen.append(session.now)
    results = session.results
    for former in reversed(seen[:-1]):
        session = h.undo(session)
        assert session.now == former
    assert h.undo(session).now == session.now
    for later in seen[1:]:
        session = h.redo(session)
        assert session.now == later
    assert not session.future
    assert session.results == results


@given(st.lists(reducers | st.sampled_from([h.undo, h.redo]), max_size=25))
def test_the_history_is_a_list_with_a_place_in_it(actions: list[Reducer]) -> None:
    session = settled(LOADED)
    states, at = [session.now], 0
    for action in actions:
        after = follow(session, action)
        others = [n for n, state in enumerate(states) if state != states[at]]
        if action is h.undo and min(others, default=at) < at:
            to = max(n for n in others if n < at)
            del states[to + 1 : at]
            at = to
        elif action is h.redo and max(others, default=at) > at:
            del states[at + 1 : min(n for n in others if n > at)]
            at += 1
        elif after.now != session.now and after.future:  # a result is shown, which is no step
            assert after.now == replace(session.now, result=after.now.result)
            states[at] = after.now
        elif after.now != session.now:
            states[at + 1 :] = [after.now]
            at += 1
        session = after
        assert session.now == states[at]
        assert (len(session.past), len(session.future)) == (at, len(states) - at - 1)


@given(st.lists(reducers, max_size=12), reducers)
def test_each_change_counts_and_moves_to_what_is_valid(
    actions: list[Reducer], last: Reducer
) -> None:
    session = settled(LOADED)
    for action in (*actions, last):
        after = follow(session, action)
        assert after.version >= session.version
        assert after.now == session.now or after.version > session.version
        assert (after.now.sheet == session.now.sheet) == (after.serial == session.serial)
        assert 0 <= after.now.active < len(after.now.parts)
        assert len({part.key for part in after.now.parts}) == len(after.now.parts)
        session = after


@given(st.lists(reducers, max_size=8), reducers)
def test_what_is_asked_without_a_photo_is_refused_or_nothing_is_selected(
    actions: list[Reducer], last: Reducer
) -> None:
    session = Session()
    for action in (*actions, last):
        session = follow(session, action)
        if session.now.sheet is None:
            assert not any(part.strokes or part.prompts for part in session.now.parts)


# ---- pointing


def test_click_exclude_and_box_end_in_the_prompts() -> None:
    session = e.box(e.exclude(e.click(LOADED, 3, 4), 5, 6), Box(1, 2, 3, 4))
    wanted = Prompts((Point(3, 4), Point(5, 6, include=False)), Box(1, 2, 3, 4))
    assert session.now.part.prompts == wanted
    assert e.box(session, Box(0, 0, 9, 9)).now.part.prompts.box == Box(0, 0, 9, 9)


def test_the_second_half_of_a_double_click_is_no_step() -> None:
    once = settled(e.click(LOADED, 5, 6))
    assert e.click(once, 5, 6).now == once.now
    assert len(e.click(once, 5, 6).past) == len(once.past)
    assert len(e.exclude(once, 5, 6).now.part.prompts.points) == 2
    hidden = settled(e.show_part(once, key=once.now.part.key, shown=False))
    assert e.click(hidden, 5, 6).now.part.shown


def test_a_new_action_forgets_what_was_undone() -> None:
    session = e.click(h.undo(e.click(LOADED, 1, 1)), 2, 2)
    assert session.future == ()


def test_clear_can_be_undone_and_is_no_step_when_nothing_is_there() -> None:
    before = clicked((1, 1))
    assert e.clear(before).now.parts == NO_PARTS
    assert h.undo(e.clear(before)).now == before.now
    assert e.clear(LOADED).past == ()


@pytest.mark.parametrize("place", [(64, 0), (0, 48), (-1, 0)])
def test_a_place_off_the_photo_is_refused(place: tuple[int, int]) -> None:
    with pytest.raises(BadRequest):
        e.click(LOADED, *place)
    with pytest.raises(BadRequest):
        e.move(clicked(), 0, *place)


def test_too_many_points_are_refused() -> None:
    points = tuple(Point(n % 64, 0) for n in range(MAX_POINTS))
    full = replace(LOADED, now=replace(LOADED.now, parts=(Part(prompts=Prompts(points)),)))
    with pytest.raises(BadRequest):
        e.click(full, 1, 1)


def test_without_a_photo_nothing_can_be_clicked() -> None:
    with pytest.raises(BadRequest, match="Open a photo"):
        e.click(Session(), 1, 1)


def test_points_are_moved_and_removed_and_exclude_points_do_not_stay_alone() -> None:
    session = e.exclude(clicked((3, 4), (5, 6)), 7, 8)
    moved = e.move(session, 1, 9, 9).now.part.prompts.points
    assert moved == (Point(3, 4), Point(9, 9), Point(7, 8, include=False))
    assert e.move(session, 1, 5, 6).past == session.past
    one = e.remove(session, 0)
    assert one.now.part.prompts.points == (Point(5, 6), Point(7, 8, include=False))
    assert not e.remove(one, 0).now.part.prompts
    for index in (-1, 3):
        with pytest.raises(BadRequest):
            e.remove(session, index)


def test_a_whole_selection_is_one_step() -> None:
    prompts = Prompts((Point(1, 1), Point(2, 2)))
    session = e.point_at(LOADED, prompts)
    assert session.now.part.prompts == prompts
    assert not h.undo(session).now.part.prompts
    assert e.point_at(LOADED, Prompts()) is LOADED


@pytest.mark.parametrize("index", [-1, 3])
def test_a_candidate_that_is_not_offered_is_refused(index: int) -> None:
    with pytest.raises(BadRequest):
        e.choose(clicked(), index)


# ---- photos


def test_load_keeps_region_and_results_alone() -> None:
    session = e.finished(e.set_region(clicked(), Region.SUBJECT), result(1))
    after = e.load(session, replace(SHEET, digest="b" * 64), "A note.")
    assert (after.past, after.now.parts, after.note) == ((), NO_PARTS, "A note.")
    assert after.now.region is Region.SUBJECT
    assert after.results == session.results
    assert after.serial > session.serial
    assert after.version > session.version
    assert e.load(session, SHEET, region=Region.BACKGROUND).now.region is Region.BACKGROUND


def test_a_photo_begins_with_what_is_repainted_a_little_larger() -> None:
    assert e.load(Session(), replace(SHEET, size=(4000, 3000))).now.edges == Edges(grow=4)
    assert LOADED.now.edges == Edges(grow=1)


def test_reset_takes_the_photo_away() -> None:
    after = e.reset(clicked())
    assert after.now.sheet is None
    assert after.mask is None
    assert after.serial > LOADED.serial


def test_going_on_with_a_result_is_a_step_that_undo_takes_back() -> None:
    session = e.finished(clicked(), result(1))
    after = e.further(session, 1)
    assert after.now.sheet == result(1).sheet
    assert (after.now.parts, after.now.result) == (NO_PARTS, 0)
    assert after.serial > session.serial
    back = h.undo(after)
    assert back.now == session.now
    assert back.serial > after.serial
    with pytest.raises(BadRequest):
        e.further(session, 2)
