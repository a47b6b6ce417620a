"""One at a time, on the thread that asks, and nobody is passed over."""

from __future__ import annotations

import threading

import pytest

from models.one_at_a_time import OneAtATime
from tests.support.waiting import until


def test_work_is_done_on_the_thread_that_asks_and_its_errors_are_raised_there() -> None:
    turns = OneAtATime()
    assert turns.call(threading.get_ident) == threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        turns.call(lambda: 1 // 0)
    assert turns.call(lambda: 5) == 5


def test_one_at_a_time() -> None:
    turns, inside, most = OneAtATime(), list[int](), list[int]()
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        inside.append(1)
        most.append(len(inside))
        begun.set()
        assert go.wait(20)
        inside.pop()

    threads = [threading.Thread(target=turns.call, args=(work,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert begun.wait(20)
    until(turns._next.locked)
    assert most == [1], "the others wait"
    go.set()
    for thread in threads:
        thread.join(20)
    assert most == [1] * 8


def test_who_waits_comes_before_who_asks_again() -> None:
    turns, order = OneAtATime(), list[str]()
    waiting = threading.Thread(target=lambda: turns.call(lambda: order.append("other")))

    def first() -> None:
        waiting.start()
        until(turns._next.locked)
        order.append("first")

    turns.call(first)
    turns.call(lambda: order.append("again"))
    waiting.join(20)
    assert order == ["first", "other", "again"]
