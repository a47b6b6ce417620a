"""Sharing: who is painted together, in which order, and what happens to those who leave."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.errors import Cancelled
from models.sharing import Seat, Sharing, let_go, settle
from models.worker import Worker
from tests.support.waiting import until

Letters = Seat[str, str]


class Runs:
    """Runs batches of letters: tells each twice; notes who was in which."""

    def __init__(self) -> None:
        self.batches: list[str] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.go.set()

    def __call__(self, seats: Sequence[Letters]) -> None:
        self.batches.append("".join(seat.work for seat in seats))
        self.begun.set()
        assert self.go.wait(20)
        for seat in seats:
            if seat.work == "!":
                seat.refuse(ZeroDivisionError())
            seat.emit(seat.work)
            seat.serve(seat.work.upper())


def shared(most: int, runs: Runs) -> Sharing[str, str]:
    return Sharing(Worker("test"), runs, most)


def kind(letter: str) -> str | None:
    """Letters of one half of the alphabet fit together; z goes alone."""
    return None if letter == "z" else "early" if letter < "n" else "late"


@given(st.text("abyz", max_size=8), st.integers(1, 4))
def test_each_work_gets_its_own_events_whatever_it_is_batched_with(works: str, most: int) -> None:
    runs = Runs()
    events = list(shared(most, runs).stream(list(works), kind))
    for number, work in enumerate(works):
        assert [event for n, event in events if n == number] == [work, work.upper()]
    assert sorted("".join(runs.batches)) == sorted(works)
    for batch in runs.batches:
        assert len(batch) <= most
        assert len({kind(letter) for letter in batch}) == 1
        assert len(batch) == 1 or "z" not in batch


def test_batches_go_by_who_waits_longest_and_take_along_what_fits() -> None:
    runs = Runs()
    list(shared(3, runs).stream(list("aybzcd"), kind))
    assert runs.batches == ["abc", "y", "z", "d"]


def test_works_of_two_listeners_are_batched() -> None:
    runs = Runs()
    sharing = shared(2, runs)
    runs.go.clear()
    first = sharing.stream(["z"], kind)
    heard: dict[str, list[str]] = {}

    def listen(work: str) -> None:
        heard[work] = [event for _, event in sharing.stream([work], kind)]

    starter = threading.Thread(target=lambda: next(first))
    starter.start()
    assert runs.begun.wait(20)
    listeners = [threading.Thread(target=listen, args=(work,)) for work in "ab"]
    for listener in listeners:
        listener.start()
    until(lambda: len(sharing._waiting) == 2)
    runs.go.set()
    for thread in (starter, *listeners):
        thread.join(20)
    assert sorted(runs.batches[1]) == ["a", "b"]
    assert heard == {"a": ["a", "A"], "b": ["b", "B"]}


def test_an_error_reaches_its_own_listener_alone() -> None:
    runs = Runs()
    sharing = shared(1, runs)
    with pytest.raises(ZeroDivisionError):
        list(sharing.stream(["!"], kind))
    assert [event for _, event in sharing.stream(["a"], kind)] == ["a", "A"]


def test_an_error_of_the_run_itself_reaches_all_who_are_in_it() -> None:
    def broken(seats: Sequence[Letters]) -> None:
        seats[0].emit("begun")
        raise ZeroDivisionError

    sharing: Sharing[str, str] = Sharing(Worker("test"), broken, 2)
    events = sharing.stream(["a", "b"], kind)
    assert next(events) == (0, "begun")
    with pytest.raises(ZeroDivisionError):
        next(events)


def test_works_that_were_given_up_before_their_turn_never_run() -> None:
    runs = Runs()
    sharing = shared(1, runs)
    events = sharing.stream(list("abc"), kind)
    assert next(events) == (0, "a")
    events.close()
    assert [event for _, event in sharing.stream(["d"], kind)] == ["d", "D"]
    assert runs.batches[-1] == "d"


def test_who_leaves_a_batch_is_gone_at_once_and_the_others_go_on() -> None:
    left: list[bool] = []
    gone = threading.Event()

    def run(seats: Sequence[Letters]) -> None:
        for seat in seats:
            seat.emit("1")
        until(lambda: any(seat.stop.is_set for seat in seats))
        let_go(seats)
        left.extend(sorted(seat.is_waiting for seat in seats))
        assert gone.wait(20)
        for seat in seats:
            seat.serve("2")

    worker: Worker = Worker("test")
    sharing: Sharing[str, str] = Sharing(worker, run, 2)
    held = threading.Event()

    def hold() -> None:
        assert held.wait(20)

    worker.submit(hold)
    first, second = sharing.stream(["a"], kind), sharing.stream(["b"], kind)
    heard: list[str] = []
    listener = threading.Thread(target=lambda: heard.extend(event for _, event in second))
    starter = threading.Thread(target=lambda: next(first))
    starter.start()
    listener.start()
    until(lambda: len(sharing._waiting) == 2)
    held.set()
    starter.join(20)
    first.close()
    assert left == [False, True]
    gone.set()
    listener.join(20)
    assert heard == ["1", "2"]


def seats(number: int) -> tuple[list[Letters], SimpleQueue[tuple[int, str] | None]]:
    events: SimpleQueue[tuple[int, str] | None] = SimpleQueue()
    return [Seat("a", n, events, threading.Event()) for n in range(number)], events


def test_a_seat_that_left_hears_nothing_more_and_tells_why() -> None:
    (gone, _), events = seats(2)
    gone.stop.set()
    let_go([gone, _])
    gone.emit("late")
    gone.serve("too late")
    gone.finish()
    assert events.get() is None
    assert events.empty()
    with pytest.raises(Cancelled):
        gone.done.result()


def test_when_all_have_left_the_batch_ends_and_nobody_before_it() -> None:
    both, _ = seats(2)
    for seat in both:
        seat.stop.set()
    with pytest.raises(Cancelled):
        let_go(both)
    assert not any(seat.done.done() for seat in both)


def test_who_was_served_does_not_keep_a_batch_alive() -> None:
    (served, left), _ = seats(2)
    served.serve("done")
    left.stop.set()
    with pytest.raises(Cancelled):
        let_go([served, left])
    assert not served.is_waiting


def test_what_is_settled_has_ended_whatever_happened() -> None:
    def run(all_of: Sequence[Letters]) -> None:
        all_of[0].fail(KeyError("first"))
        raise ZeroDivisionError

    both, _ = seats(2)
    settle(run, both)
    assert [type(seat.done.exception()) for seat in both] == [KeyError, ZeroDivisionError]


def test_who_was_served_or_refused_keeps_that_whatever_comes_after() -> None:
    def run(all_of: Sequence[Letters]) -> None:
        all_of[0].serve("picture")
        all_of[1].refuse(KeyError("bad"))
        raise ZeroDivisionError

    three, _ = seats(3)
    settle(run, three)
    kinds = [type(seat.done.exception()) for seat in three]
    assert kinds == [type(None), KeyError, ZeroDivisionError]


def test_closing_from_the_workers_own_thread_does_not_wait_for_itself() -> None:
    runs = Runs()
    worker: Worker = Worker("test")
    sharing: Sharing[str, str] = Sharing(worker, runs, 1)
    with closing(sharing.stream(["a", "b"], kind)) as events:
        next(events)
        closed = threading.Event()

        def close() -> None:
            events.close()
            closed.set()

        worker.submit(close)
        assert closed.wait(20)
