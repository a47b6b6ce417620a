from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import gradio as gr
import pytest
from gradio.state_holder import SessionState, StateHolder

from inpainting.settings import Settings
from inpainting.web import session as s
from inpainting.web.desk import Desk
from inpainting.web.page import build_page, desk_of
from inpainting.web.results import EMPTY
from inpainting.web.session import Session
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
    """A window's session and its desk with a photo, a result and a repaint, all given back."""
    held, state = page.state_holder[window], cell(page)
    desk = held[state._id]
    assert isinstance(desk, Desk)
    desk.change(partial(s.load, photo=photo(), display="x.jpg"))
    desk.results = {"run": 1, "items": [{}]}
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


def test_the_desk_is_given_back_when_the_page_loads_and_at_each_photo(page: gr.Blocks) -> None:
    events = [fn for fn in page.fns.values() if cell(page) in fn.outputs]
    names = {name for fn in events for _, name in fn.targets}
    assert {"load", "act", "open", "example"} <= names


@pytest.mark.parametrize(("closed", "seconds"), [(True, 3601), (False, 24 * 3600 + 1)])
def test_a_photo_is_freed_an_hour_after_its_window_closed(
    page: gr.Blocks, closed: bool, seconds: int
) -> None:
    held, desk = arrived(page, f"window {closed}")
    ticket = desk.begin()
    held.is_closed = closed
    grow_older(held, cell(page), seconds - 60)
    sweep(page)
    assert desk.session.photo is not None
    grow_older(held, cell(page), seconds)
    sweep(page)
    assert cell(page)._id not in held.state_data
    assert desk.session == Session(serial=2, version=2)
    assert desk.results == EMPTY
    assert not desk.wants(ticket)


def test_a_closed_window_ends_its_own_repaint_alone(page: gr.Blocks) -> None:
    (leave,) = (fn for fn in page.fns.values() if ("unload" in {name for _, name in fn.targets}))
    (_, mine), (_, other) = arrived(page, "mine"), arrived(page, "other")
    tickets = mine.begin(), other.begin()
    assert leave.fn is not None
    leave.fn(gr.Request(session_hash="mine"))
    leave.fn(gr.Request(session_hash="nobody"))
    assert not mine.wants(tickets[0])
    assert other.wants(tickets[1])
    assert mine.session.photo is not None
    assert desk_of(page, cell(page), "nobody") is None
