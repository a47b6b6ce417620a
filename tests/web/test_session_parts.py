from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inpainting.errors import BadRequest
from inpainting.types import Box, Combine, Edges, Point, Prompts, Region, Stroke, Tool
from inpainting.web import editing as e
from inpainting.web import history as h
from inpainting.web.answer import Composed, nothing
from inpainting.web.session import NO_PARTS, Part, Session, Step
from inpainting.web.views import view
from tests.support.sessions import (
    LOADED,
    SHEET,
    SIZE,
    answer,
    clicked,
    corner,
    result,
    settled,
)

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
    assert (none.now.parts, none.now.edges) == (session.now.parts, Edges())
    assert e.bring_back(session, (), Edges(feather=3), Region.SUBJECT, True).now.edges.feather == 3


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


def test_undo_and_redo_pass_over_what_would_show_nothing() -> None:
    before = clicked()
    closed = e.show_result(e.finished(before, result(1)), 0)
    assert h.undo(closed).now == h.undo(before).now
    assert h.redo(h.undo(closed)).now == before.now
    again = e.click(closed, 2, 2)
    assert h.undo(again).now == before.now
    assert h.undo(h.undo(again)).now == h.undo(before).now
    shown = e.show_result(h.undo(e.finished(before, result(1))), 1)
    assert (shown.future[0], h.ahead(shown), h.redo(shown).now) == (shown.now, (), shown.now)


def test_what_would_show_nothing_cannot_be_undone() -> None:
    session = e.finished(LOADED, result(1))
    assert view(session)["undo"]
    closed = e.show_result(session, 0)
    assert (len(closed.past), h.behind(closed)) == (1, ())
    assert not view(closed)["undo"]
    assert h.undo(closed).now == closed.now


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
        session = e.click(session, n % 64, n // 64)
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


def test_what_was_created_becomes_the_photo_to_go_on_with() -> None:
    made = replace(result(2), created=True, source="photo.jpg")
    assert LOADED.now.sheet is not None
    sheet = replace(LOADED.now.sheet, display="photo.jpg")
    here = replace(LOADED, now=replace(LOADED.now, sheet=sheet))
    session = e.finished(e.choose_tool(here, Tool.CREATE), made)
    assert (session.now.sheet, session.tool) == (made.sheet, Tool.REPAINT)
    assert h.undo(session).now.sheet == here.now.sheet
    elsewhere = e.finished(here, replace(made, source="another.jpg"))
    assert elsewhere.now.sheet == here.now.sheet


def test_where_there_was_nothing_the_first_picture_becomes_the_photo() -> None:
    session = e.finished(Session(), replace(result(1, before=""), created=True))
    assert session.now.sheet == result(1).sheet
    assert (session.now.result, session.serial) == (0, 1)
    more = e.finished(session, replace(result(2, before=""), created=True), more=True)
    assert more.now.sheet == session.now.sheet
    assert len(more.results) == 2
    assert h.undo(more).now.sheet is None


def test_a_tool_is_no_step_and_stays_with_the_next_photo() -> None:
    before = clicked()
    session = e.choose_tool(before, Tool.REMOVE)
    assert (session.past, session.side, session.unsettled) == (
        tuple(replace(step, composed=None) for step in before.past),
        Region.SUBJECT,
        True,
    )
    assert e.choose_tool(session, Tool.REMOVE) is session
    assert e.load(session, SHEET).tool is Tool.REMOVE
    assert not e.choose_tool(before, Tool.EXTEND).unsettled
    assert not e.choose_tool(before, Tool.EXTEND).on_mask
