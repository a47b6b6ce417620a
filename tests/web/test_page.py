from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import gradio as gr
import pytest
from gradio.state_holder import SessionState, StateHolder

from inpainting.settings import Settings
from inpainting.web import editing
from inpainting.web.desk import Desk
from inpainting.web.finished import Sheet
from inpainting.web.page import build_page
from inpainting.web.wiring import desk_of
from tests.support.photos import fake_studio, photo


@pytest.fixture(scope="module")
def page() -> Iterator[gr.Blocks]:
    """A page with the store that its server would give it."""
    blocks = build_page(fake_studio(), Settings(), ())
    new_store: Callable[[], StateHolder] = StateHolder
    new_store().set_blocks(blocks)
    yield blocks
    blocks.close(verbose=False)


def cell(page: gr.Blocks) -> gr.State:
    """The state that holds the desk."""
    states = [block for block in page.blocks.values() if isinstance(block, gr.State)]
    (found,) = (state for state in states if isinstance(state.value, Desk))
    return found


def arrived(page: gr.Blocks, window: str) -> tuple[SessionState, Desk]:
    """A window's session and its desk with a photo, given back as an event does."""
    held, state = page.state_holder[window], cell(page)
    desk = held[state._id]
    assert isinstance(desk, Desk)
    opened = photo()
    desk.open(opened)
    sheet = Sheet(opened.digest, opened.size, opened.name, "x.jpg")
    desk.change(partial(editing.load, sheet=sheet))
    held[state._id] = desk
    return held, desk


def grow_older(held: SessionState, state: gr.State, seconds: int) -> None:
    """Let the state have been given back that long ago."""
    held._state_ttl[state._id] = (
        state.time_to_live,
        datetime.now() - timedelta(seconds=seconds),
    )


def sweep(page: gr.Blocks) -> None:
    """Have gradio forget what is too old."""
    for window in list(page.state_holder.session_data):
        page.state_holder.delete_state(window, expired_only=True)
    gc.collect()


def test_the_desk_is_given_back_when_the_canvas_resumes_and_at_each_photo(page: gr.Blocks) -> None:
    events = [fn for fn in page.fns.values() if cell(page) in fn.outputs]
    names = {name for fn in events for _, name in fn.targets}
    assert {"act", "open", "mask", "resume", "example", "show", "further"} <= names


def test_only_the_repaint_waits_in_the_queue(page: gr.Blocks) -> None:
    queued = [fn for fn in page.fns.values() if fn.queue is not False and fn.fn is not None]
    names = {getattr(fn.fn, "__name__", "") for fn in queued}
    assert names - {"leave"} == {"run"}


def test_fields_that_gradio_refuses_are_told_and_nothing_is_sent_to_the_queue(
    page: gr.Blocks,
) -> None:
    named = {getattr(fn.fn, "__name__", ""): fn for fn in page.fns.values()}
    begin, run, unfit = named["begin"], named["run"], named["unfit"]
    assert (run.trigger_after, run.trigger_only_on_success) == (begin._id, True)
    assert (unfit.trigger_after, unfit.trigger_only_on_failure) == (begin._id, True)
    assert unfit.queue is False


@pytest.mark.parametrize(("closed", "seconds"), [(True, 3601), (False, 24 * 3600 + 1)])
def test_a_photo_is_freed_an_hour_after_its_window_closed(
    page: gr.Blocks, closed: bool, seconds: int
) -> None:
    held, desk = arrived(page, f"window {closed}")
    seen = weakref.ref(desk)
    held.is_closed = closed
    grow_older(held, cell(page), seconds - 60)
    sweep(page)
    assert desk.session.now.sheet is not None
    grow_older(held, cell(page), seconds)
    del desk
    sweep(page)
    assert seen() is None


def test_a_desk_that_another_window_took_over_stays_when_the_first_is_forgotten(
    page: gr.Blocks,
) -> None:
    first, desk = arrived(page, "first")
    second = page.state_holder["second"]
    second[cell(page)._id] = desk
    first.is_closed = True
    grow_older(first, cell(page), 3601)
    sweep(page)
    assert desk_of(page, cell(page), "first") is not desk
    assert desk_of(page, cell(page), "second") is desk
    assert desk.session.now.sheet is not None


def test_a_closed_window_ends_its_own_repaint_alone(page: gr.Blocks) -> None:
    (leave,) = (fn for fn in page.fns.values() if ("unload" in {name for _, name in fn.targets}))
    (_, mine), (_, other) = arrived(page, "mine"), arrived(page, "other")
    tickets = mine.begin("mine"), other.begin("other")
    assert leave.fn is not None
    leave.fn(gr.Request(session_hash="mine"))
    leave.fn(gr.Request(session_hash="nobody"))
    assert not mine.wants(tickets[0])
    assert other.wants(tickets[1])
    assert mine.session.now.sheet is not None
    assert desk_of(page, cell(page), "nobody") is None


def test_a_window_that_a_reload_left_behind_ends_no_repaint_of_the_new_one(
    page: gr.Blocks,
) -> None:
    (leave,) = (fn for fn in page.fns.values() if ("unload" in {name for _, name in fn.targets}))
    _, desk = arrived(page, "left")
    ticket = desk.begin("new")
    assert leave.fn is not None
    leave.fn(gr.Request(session_hash="left"))
    assert desk.wants(ticket)
