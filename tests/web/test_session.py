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
from inpainting.types import Box, Candidates, Point, Prompts, Region
from inpainting.web import session as s
from inpainting.web.answer import Answer, pack
from inpainting.web.session import Session
from tests.support.photos import photo

PHOTO = photo()
LOADED = s.load(Session(), PHOTO, "photo.jpg")
Reducer = Callable[[Session], Session]


def answer(value: int = 0) -> Answer:
    """Three candidates, of which the n-th has a corner of n + 1 + value pixels."""
    masks = []
    for n in range(3):
        mask = np.zeros((48, 64), np.bool_)
        mask[: n + 1 + value, : n + 1 + value] = True
        masks.append(mask)
    hints = tuple(np.full((4, 4), n, np.float32) for n in range(3))
    return pack(Candidates(tuple(masks), (0.9, 0.8, 0.7), hints), "model")


def answered(session: Session) -> Session:
    """The session with an answer to whatever is asked; it depends on the prompts alone."""
    if not session.unanswered:
        return session
    return s.answered(session, session.version, answer(len(session.now.prompts.points) % 7))


places = st.tuples(st.integers(0, 63), st.integers(0, 47))
reducers: st.SearchStrategy[Reducer] = st.one_of(
    places.map(lambda at: partial(s.click, x=at[0], y=at[1])),
    places.map(lambda at: partial(s.exclude, x=at[0], y=at[1])),
    places.map(lambda at: partial(s.box, corners=Box(at[0] // 2, at[1] // 2, 64, 48))),
    st.just(s.clear),
    st.integers(0, 2).map(lambda n: lambda v: s.choose(v, n) if v.now.answer else v),
)


def state(session: Session) -> tuple[object, ...]:
    now = session.now
    return now.prompts, now.chosen, now.answer, session.region, session.photo


@given(st.lists(reducers, max_size=12))
def test_undo_restores_every_state_and_redo_takes_it_back(actions: list[Reducer]) -> None:
    session, seen = LOADED, [LOADED]
    for action in actions:
        following = answered(action(session))
        if following.version != session.version:
            seen.append(following)
        session = following
    for former in reversed(seen[:-1]):
        session = s.undo(session)
        assert state(session) == state(former)
    assert s.undo(session).now == session.now
    for later in seen[1:]:
        session = s.redo(session)
        assert state(session) == state(later)
    assert not session.future


@given(st.lists(reducers, min_size=1, max_size=6))
def test_versions_only_grow(actions: list[Reducer]) -> None:
    session = LOADED
    for action in actions:
        following = action(session)
        assert following.version >= session.version
        assert (following.now == session.now) or following.version > session.version
        session = answered(following)


def test_click_exclude_and_box_end_in_the_prompts() -> None:
    session = s.box(s.exclude(s.click(LOADED, 3, 4), 5, 6), Box(1, 2, 3, 4))
    wanted = Prompts((Point(3, 4), Point(5, 6, include=False)), Box(1, 2, 3, 4))
    assert session.now.prompts == wanted
    assert s.box(session, Box(0, 0, 9, 9)).now.prompts.box == Box(0, 0, 9, 9)


def test_a_new_action_forgets_what_was_undone() -> None:
    session = s.click(s.undo(s.click(LOADED, 1, 1)), 2, 2)
    assert session.future == ()


def test_clear_can_be_undone_and_is_no_step_when_nothing_is_there() -> None:
    clicked = s.click(LOADED, 1, 1)
    assert s.undo(s.clear(clicked)).now.prompts == clicked.now.prompts
    assert s.clear(LOADED).past == ()


@pytest.mark.parametrize("place", [(64, 0), (0, 48), (-1, 0)])
def test_a_place_off_the_photo_is_refused(place: tuple[int, int]) -> None:
    with pytest.raises(BadRequest):
        s.click(LOADED, *place)


def test_too_many_points_are_refused() -> None:
    points = tuple(Point(n % 64, 0) for n in range(MAX_POINTS))
    full = replace(LOADED, now=s.Step(Prompts(points)))
    with pytest.raises(BadRequest):
        s.click(full, 1, 1)


def test_without_a_photo_nothing_can_be_clicked() -> None:
    with pytest.raises(BadRequest, match="Open a photo"):
        s.click(Session(), 1, 1)


def test_load_keeps_the_region_alone() -> None:
    before = s.set_region(answered(s.click(LOADED, 1, 1)), Region.SUBJECT)
    after = s.load(before, photo(seed=1), "other.jpg")
    assert (after.past, after.now, after.region) == ((), s.Step(), Region.SUBJECT)
    assert after.serial > before.serial
    assert after.version > before.version


def test_reset_takes_the_photo_away() -> None:
    after = s.reset(answered(s.click(LOADED, 1, 1)))
    assert after.photo is None
    assert after.mask is None
    assert after.serial > LOADED.serial


def test_the_chosen_candidate_is_the_mask() -> None:
    session = answered(s.click(LOADED, 1, 1))
    first, third = session.mask, s.choose(session, 2).mask
    assert first is not None
    assert third is not None
    assert third.sum() > first.sum()
    assert first.shape == (48, 64)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_candidate_that_is_not_offered_is_refused(index: int) -> None:
    with pytest.raises(BadRequest):
        s.choose(answered(s.click(LOADED, 1, 1)), index)


def test_a_late_answer_is_dropped() -> None:
    first = s.click(LOADED, 1, 1)
    second = s.click(first, 2, 2)
    assert s.answered(second, first.version, answer()) is second
    assert s.failed(second, first.version, "no") is second


def test_a_refused_step_is_taken_back_with_its_sentence() -> None:
    good = answered(s.click(LOADED, 1, 1))
    bad = s.click(good, 2, 2)
    back = s.failed(bad, bad.version, "That did not work.")
    assert back.now.prompts == good.now.prompts
    assert back.mask is not None
    assert back.message == "That did not work."
    assert s.click(back, 3, 3).message == ""


def test_the_next_click_starts_from_the_chosen_answer_and_the_history_keeps_no_hints() -> None:
    session = s.choose(answered(s.click(LOADED, 1, 1)), 1)
    following = s.click(session, 2, 2)
    hint = following.now.hint
    assert hint is not None
    assert hint.logits[0, 0] == 1
    assert all(step.hint is None for step in following.past)
    assert all(step.answer is None or not step.answer.hints for step in following.past)
    assert s.box(session, Box(0, 0, 5, 5)).now.hint is None


def test_the_history_is_bounded() -> None:
    session = LOADED
    for n in range(s.MAX_HISTORY + 20):
        session = s.click(session, n % 64, 0)
    assert len(session.past) == s.MAX_HISTORY


def test_a_whole_selection_is_one_step() -> None:
    prompts = Prompts((Point(1, 1), Point(2, 2)))
    session = s.point_at(LOADED, prompts)
    assert session.now.prompts == prompts
    assert s.undo(session).now.prompts == Prompts()
    assert s.point_at(LOADED, Prompts()) is LOADED
