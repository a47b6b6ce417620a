"""Turns: how many are let in, and being alone."""

from __future__ import annotations

import threading

import pytest

from inpainting.turns import Turns


@pytest.mark.parametrize("most", [1, 2, 3])
def test_as_many_as_are_allowed_are_let_in(most: int) -> None:
    turns = Turns()
    assert [turns.enter(most, 0) for _ in range(most + 1)] == [True] * most + [False]
    turns.leave()
    assert turns.enter(most, 0)


def test_one_that_waits_gets_in_when_another_leaves() -> None:
    turns = Turns()
    assert turns.enter(1, 0)
    found: list[bool] = []
    waiting = threading.Thread(target=lambda: found.append(turns.enter(1, 20)))
    waiting.start()
    turns.leave()
    waiting.join(20)
    assert found == [True]


def test_who_is_alone_waits_for_all_and_lets_nobody_in() -> None:
    turns = Turns()
    assert turns.enter(2, 0) and turns.enter(2, 0)
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with turns.alone():
            inside.set()
            leave.wait(20)

    lonely = threading.Thread(target=stay)
    lonely.start()
    turns.leave()
    assert not inside.is_set()
    turns.leave()
    assert inside.wait(20)
    assert not turns.enter(2, 0)
    leave.set()
    lonely.join(20)
    assert turns.enter(2, 20)


def test_an_error_of_who_was_alone_lets_the_others_in_again() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.alone():
        raise ZeroDivisionError
    assert turns.enter(1, 0)
