"""A page that is loaded again during a repaint: what becomes of it, and what is said."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import gradio as gr
import pytest

from inpainting.studio import Studio
from inpainting.web import progress
from inpainting.web.desk import Desk, Desks
from inpainting.web.events import FOLLOWED, Events
from tests.support.fakes import FakePainter
from tests.support.painting import cache, painter, selected, studio

__all__ = ["cache", "painter", "studio"]

FIELDS = ("sea", "", "17", 5.0, 4, 1.0, "Euler", 2)
SKIP = gr.skip()


@pytest.fixture
def events(studio: Studio) -> Events:
    return Events(studio, (), Desks())


@pytest.fixture
def desk(events: Events) -> Desk:
    """A desk with a photo and a selection."""
    made = selected(events.studio)
    events.desks.add(made)
    return made


Run = Generator[Any, None, None]


def painting(events: Events, desk: Desk, seconds: int = 1) -> tuple[int, Run]:
    """A repaint that the window "old" has begun, at the first step of its n-th picture."""
    ticket = events.begin(desk, desk.key, gr.Request(session_hash="old"), *FIELDS)[0]
    run, seen = events.run(desk, ticket, *FIELDS), 0
    while seen < seconds:
        seen += next(run)[0].get("step") == 1
    return ticket, run


def loaded(events: Events, desk: Desk) -> tuple[Any, Any, Any]:
    """Card, ticket and timer of a page that is loaded and knows the desk."""
    values = events.resume(events.desks.new(), gr.EventData(None, {"desk": desk.key}))
    assert values[1] is desk
    return values[4], values[5], values[6]


def ids(results: Any) -> list[int]:
    return [item["id"] for item in results["items"]]


def test_a_page_that_had_nothing_painted_is_told_nothing(events: Events, desk: Desk) -> None:
    assert loaded(events, desk) == (SKIP,) * 3
    _, run = painting(events, desk)
    list(run)
    assert loaded(events, desk) == (SKIP,) * 3
    desk.leave("old")
    assert loaded(events, desk) == (SKIP,) * 3


def test_a_repaint_that_a_reload_stopped_is_told_once_and_what_was_painted_is_listed(
    events: Events, desk: Desk, painter: FakePainter
) -> None:
    _, run = painting(events, desk, seconds=2)
    desk.leave("old")
    card, ticket, timer = loaded(events, desk)
    assert (card, ticket, timer.active) == (progress.LEFT, FOLLOWED, True)
    assert events.wait(desk, ticket)[1] == SKIP
    run.close()  # its last step is made
    card, results, timer = events.wait(desk, ticket)
    assert (card, ids(results), timer.active) == (progress.LEFT, [1], False)
    assert painter.closed == 1
    assert desk.session.mask is not None
    assert loaded(events, desk) == (SKIP,) * 3


def test_a_repaint_that_had_not_begun_to_paint_is_told_of_too(events: Events, desk: Desk) -> None:
    events.begin(desk, desk.key, gr.Request(session_hash="old"), *FIELDS)
    desk.leave("old")
    card, _, timer = loaded(events, desk)
    assert (card, timer.active) == (progress.LEFT, False)


def test_the_notice_that_a_window_has_gone_may_come_after_the_reload(
    events: Events, desk: Desk
) -> None:
    _, run = painting(events, desk)
    card, ticket, timer = loaded(events, desk)
    assert (card, timer.active) == (progress.ELSEWHERE, True)
    desk.leave("old")
    assert events.wait(desk, ticket)[0] == progress.LEFT
    run.close()
    assert events.wait(desk, ticket)[0] == progress.LEFT


def test_a_second_window_on_the_desk_hears_that_the_repaint_goes_on_and_of_its_end(
    events: Events, desk: Desk
) -> None:
    begun, run = painting(events, desk)
    _, ticket, _ = loaded(events, desk)
    assert events.wait(desk, ticket)[0] == progress.ELSEWHERE
    assert desk.wants(begun)
    list(run)
    card, results, timer = events.wait(desk, ticket)
    assert (card, ids(results), timer.active) == (progress.OVER, [1, 2], False)


def test_a_repaint_that_was_stopped_by_hand_is_told_as_that(events: Events, desk: Desk) -> None:
    _, run = painting(events, desk)
    events.stop(desk)
    card, ticket, _ = loaded(events, desk)
    assert card == progress.STOPPED
    list(run)
    assert events.wait(desk, ticket)[0] == progress.STOPPED


def test_a_repaint_begun_after_the_reload_is_its_own(events: Events, desk: Desk) -> None:
    _, old = painting(events, desk)
    desk.leave("old")
    loaded(events, desk)
    ticket = events.begin(desk, desk.key, gr.Request(session_hash="new"), *FIELDS)[0]
    assert not desk.left
    old.close()
    assert list(events.run(desk, ticket, *FIELDS))[-1][0]["state"] == "done"
