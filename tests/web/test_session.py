from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.requests import MAX_POINTS
from inpainting.types import Box, Candidates, Combine, Edges, Point, Prompts, Region, Stroke
from inpainting.web import editing as e
from inpainting.web import history as h
from inpainting.web.answer import Answer, Composed, nothing, pack, pack_one
from inpainting.web.finished import Finished, Sheet
from inpainting.web.session import NO_PARTS, Part, Session, Step

SIZE = (64, 48)
SHEET = Sheet("a" * 64, SIZE, "noise", "x.jpg")
LOADED = e.load(Session(), SHEET)
Reducer = Callable[[Session], Session]


def corner(size: int) -> Answer:
    mask = np.zeros((48, 64), np.bool_)
    mask[:size, :size] = True
    return pack_one(mask)


def answer(value: int = 0) -> Answer:
    """Three candidates, of which the n-th has a corner of n + 1 + value pixels."""
    masks = tuple(corner(n + 1 + value).mask(0) for n in range(3))
    hints = tuple(np.full((4, 4), n, np.float32) for n in range(3))
    return pack(Candidates(masks, (0.9, 0.8, 0.7), hints), "model")


ANSWERS = tuple(map(answer, range(7)))


def settled(session: Session) -> Session:
    """The session with an answer to whatever is asked; it depends on the prompts alone."""
    for part in session.now.parts:
        if part.unanswered:
            found = ANSWERS[len(part.prompts.points) % 7]
            session = h.answered(session, session.version, part.key, found)
    if session.unsettled:
        raw = corner(len(session.now.parts)).masks[0]
        session = h.settled(session, session.version, Composed(raw, raw, 3, 1))
    return session


def clicked(*places: tuple[int, int], session: Session = LOADED) -> Session:
    for x, y in places or [(1, 1)]:
        session = settled(e.click(session, x, y))
    return session


def result(number: int, before: str = "x.jpg") -> Finished:
    sheet = Sheet(f"{number}" * 64, SIZE, "noise", f"{number}.jpg", f"{number}.png")
    return Finished(
        number, sheet, before, "thumb.jpg", f"noise-{number}.png", number, 1.5, source=before
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
        if action is h.undo:
            at = max(0, at - 1)
        elif action is h.redo:
            at = min(len(states) - 1, at + 1)
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


# ---- parts


def test_what_came_without_a_click_is_not_changed_by_clicks() -> None:
    session = settled(e.give(LOADED, corner(5)))
    assert session.now.part.given
    included = e.click(session, 1, 1).now
    assert [part.op for part in included.parts] == [Combine.ADD, Combine.ADD]
    excluded = e.exclude(session, 1, 1).now
    assert [part.op for part in excluded.parts] == [Combine.ADD, Combine.SUBTRACT]
    assert excluded.part.prompts.points == (Point(1, 1),)
    assert e.box(session, Box(0, 0, 5, 5)).now.active == 1
    for after in (included, excluded):
        assert after.parts[0] == session.now.part


def test_a_given_part_stands_beside_what_is_selected_or_takes_an_empty_one() -> None:
    assert len(e.give(LOADED, corner(5)).now.parts) == 1
    beside = e.give(clicked(), corner(5)).now
    assert (len(beside.parts), beside.active) == (2, 1)
    subtracted = e.give(e.new_part(clicked(), Combine.SUBTRACT), corner(5)).now
    assert subtracted.part.op is Combine.SUBTRACT


def test_parts_are_added_picked_hidden_and_deleted() -> None:
    two = clicked((5, 5), session=e.new_part(clicked(), Combine.SUBTRACT))
    assert [part.key for part in two.now.parts] == [0, 1]
    assert e.pick_part(two, 0).now.active == 0
    assert not e.show_part(two, 0, shown=False).now.parts[0].shown
    assert e.set_op(two, 1, Combine.INTERSECT).now.parts[1].op is Combine.INTERSECT
    first = e.delete_part(two, 0).now
    assert ([part.key for part in first.parts], first.active) == ([1], 0)
    assert e.delete_part(e.delete_part(two, 0), 1).now.parts == NO_PARTS
    for refused in (e.pick_part, e.delete_part):
        with pytest.raises(BadRequest):
            refused(two, 7)


def test_a_new_part_takes_the_place_of_an_empty_one() -> None:
    assert e.new_part(LOADED, Combine.SUBTRACT).now.parts == (Part(op=Combine.SUBTRACT),)


def test_what_is_worked_on_is_shown() -> None:
    hidden = e.show_part(clicked(), 0, shown=False)
    dot = Stroke(((3.0, 3.0),), 5)
    for after in (e.click(hidden, 2, 2), e.stroke(hidden, dot)):
        assert after.now.part.shown


def test_parts_and_strokes_are_bounded() -> None:
    session = LOADED
    for _ in range(e.MAX_PARTS):
        session = e.give(session, corner(3))
    with pytest.raises(BadRequest):
        e.give(session, corner(3))
    long = Stroke(tuple((float(n % 60), 1.0) for n in range(5000)), 5)
    session = LOADED
    for _ in range(e.MAX_CORNERS // 5000):
        session = e.stroke(session, long)
    with pytest.raises(BadRequest):
        e.stroke(session, long)


def test_what_changes_nothing_is_no_step() -> None:
    session = clicked()
    for same in (
        e.choose(session, 0),
        e.set_edges(session, session.now.edges),
        e.set_region(session, Region.BACKGROUND),
        e.pick_part(session, 0),
        e.set_op(session, 0, Combine.ADD),
        e.show_part(session, 0, shown=True),
    ):
        assert same == session


def test_what_a_picture_was_made_with_comes_back_in_one_step() -> None:
    prompts = Prompts((Point(1, 1),))
    parts = (Part(0, answer=corner(7), prompts=prompts),)
    session = e.bring_back(LOADED, parts, Edges(feather=9), Region.SUBJECT, True)
    assert session.now.region is Region.SUBJECT
    assert session.now.edges == Edges(feather=9)
    assert not session.now.part.given
    assert not session.now.unanswered
    assert h.undo(session).now == LOADED.now
    assert e.click(session, 2, 2).now.part.prompts.points == (Point(1, 1), Point(2, 2))
    none = e.bring_back(session, (), Edges(), Region.BACKGROUND, False)
    assert (none.now.parts, none.now.edges) == (session.now.parts, session.now.edges)


# ---- answers


def test_the_chosen_candidate_is_another_step() -> None:
    session = clicked()
    third = settled(e.choose(session, 2))
    assert third.now.part.chosen == 2
    assert h.undo(third).now == session.now


def test_a_late_answer_is_dropped() -> None:
    first = e.click(LOADED, 1, 1)
    second = e.click(first, 2, 2)
    assert h.answered(second, first.version, 0, answer()) is second
    assert h.settled(second, first.version, nothing(SIZE)) is second
    assert h.failed(second, first.version, "no") is second


def test_a_refused_step_is_taken_back_with_its_sentence() -> None:
    good = clicked()
    bad = e.click(good, 2, 2)
    back = h.failed(bad, bad.version, "That did not work.")
    assert back.now == good.now
    assert back.message == "That did not work."
    assert e.click(back, 3, 3).message == ""


def test_a_first_step_that_fails_is_emptied_and_settled() -> None:
    step = Step(SHEET, (Part(prompts=Prompts((Point(1, 1),))),))
    failed = h.failed(Session(step), 0, "No.")
    assert failed.now.parts == NO_PARTS
    assert not failed.unsettled


def test_the_mask_is_the_selection_or_nothing() -> None:
    raw = corner(5)
    step = Step(SHEET, composed=Composed(raw.masks[0], raw.masks[0], 0, 25))
    mask = Session(step).mask
    assert mask is not None
    assert np.array_equal(mask, raw.mask(0))
    assert Session(Step(SHEET, composed=nothing(SIZE))).mask is None
    assert Session(Step(SHEET)).mask is None


def test_the_next_click_starts_from_the_chosen_answer_and_the_history_keeps_no_hints() -> None:
    session = e.choose(clicked(), 1)
    following = e.click(session, 2, 2)
    hint = following.now.part.hint
    assert hint is not None
    assert hint.logits[0, 0] == 1
    assert all(step.part.hint is None for step in following.past)
    assert all(not step.part.answer.hints for step in following.past if step.part.answer)
    assert e.box(session, Box(0, 0, 5, 5)).now.part.hint is None


# ---- results


def test_a_result_is_shown_where_its_photo_still_lies() -> None:
    session = e.finished(clicked(), result(1))
    assert (session.now.result, session.result(1)) == (1, result(1))
    assert h.undo(session).now.result == 0
    assert h.undo(session).results == session.results
    elsewhere = e.finished(clicked(), result(1, before="other.jpg"))
    assert (elsewhere.now.result, len(elsewhere.results)) == (0, 1)
    assert e.finished(Session(), result(1)).now.sheet is None


def test_the_pictures_of_one_run_are_one_step() -> None:
    before = clicked()
    session = e.finished(before, result(1))
    for n in (2, 3):
        session = e.finished(session, result(n), more=True)
    assert (session.now.result, len(session.results)) == (3, 3)
    assert len(session.past) == len(before.past) + 1
    assert h.undo(session).now == before.now


def test_a_result_that_comes_while_there_is_something_to_redo_is_shown_and_leaves_it() -> None:
    undone = h.undo(clicked())
    session = e.finished(undone, result(1))
    assert (session.now.result, session.past, session.future) == (1, undone.past, undone.future)
    assert h.redo(session).now == h.redo(undone).now


def test_the_first_part_that_is_left_adds() -> None:
    session = e.new_part(clicked(), Combine.SUBTRACT)
    session = e.click(session, 5, 5)
    left = e.delete_part(session, 0).now
    assert [part.op for part in left.parts] == [Combine.ADD]


def test_showing_a_result_is_no_step() -> None:
    session = e.finished(clicked(), result(1))
    closed = e.show_result(session, 0)
    assert (closed.now.result, closed.past) == (0, session.past)
    assert closed.version > session.version
    assert e.show_result(closed, 1).now == session.now
    with pytest.raises(BadRequest):
        e.show_result(session, 5)


def test_results_are_bounded() -> None:
    session = LOADED
    for n in range(e.MAX_RESULTS + 5):
        session = e.finished(session, result(n + 1))
    assert len(session.results) == e.MAX_RESULTS
    assert session.results[-1].id == e.MAX_RESULTS + 5


# ---- bounds of the history


def test_the_history_is_bounded() -> None:
    session = LOADED
    for n in range(h.MAX_HISTORY + 20):
        session = e.click(session, n % 64, 0)
    assert len(session.past) == h.MAX_HISTORY


def test_the_history_is_bounded_in_bytes_and_keeps_one_step_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def steps() -> int:
        session = LOADED
        for n in range(40):
            session = settled(e.click(session, n, 0))
        return len(session.past)

    assert steps() == 40
    monkeypatch.setattr(h, "MAX_HISTORY_BYTES", 3000)
    assert 1 <= steps() < 40
    monkeypatch.setattr(h, "MAX_HISTORY_BYTES", 0)
    assert steps() == 1


def test_strokes_count_in_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h, "MAX_HISTORY_BYTES", 20 * 100 * h.CORNER_BYTES)
    session = LOADED
    for n in range(60):
        line = tuple((float(x % 60), float(n % 40)) for x in range(100))
        session = e.stroke(session, Stroke(line, 3))
    assert len(session.past) == 20
