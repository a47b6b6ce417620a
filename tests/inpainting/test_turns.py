"""Turns: how many are let in, in what order, and being alone."""

from __future__ import annotations

import threading

import pytest

from inpainting.turns import Turns


@pytest.mark.parametrize("most", [1, 2, 3])
def test_as_many_as_are_allowed_are_let_in(most: int) -> None:
    turns = Turns()
    places = [turns.join(most) for _ in range(most + 1)]
    assert [turns.enter(place, 0) for place in places] == [True] * most + [False]
    turns.leave(places[0])
    assert turns.enter(places[-1], 0)


def test_one_that_waits_gets_in_when_another_leaves() -> None:
    turns = Turns()
    first, second = turns.join(1), turns.join(1)
    assert turns.enter(first, 0)
    found: list[bool] = []
    waiting = threading.Thread(target=lambda: found.append(turns.enter(second, 20)))
    waiting.start()
    turns.leave(first)
    waiting.join(20)
    assert found == [True]


def test_who_bears_nobody_beside_it_is_neither_overtaken_nor_joined() -> None:
    """Else Remove, which goes alone, would wait for as long as repaints come that go together."""
    turns = Turns()
    repaint, remove, later = turns.join(4), turns.join(1), turns.join(4)
    assert turns.enter(repaint, 0)
    assert not turns.enter(remove, 0)
    assert not turns.enter(later, 0)
    turns.leave(repaint)
    assert turns.enter(remove, 0)
    assert not turns.enter(later, 0)
    turns.leave(remove)
    assert turns.enter(later, 0)


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    turns = Turns()
    inside, first, second = turns.join(1), turns.join(1), turns.join(1)
    assert turns.enter(inside, 0)
    turns.leave(first)
    turns.leave(inside)
    assert turns.enter(second, 0)


def test_who_is_alone_waits_for_all_and_lets_nobody_in() -> None:
    turns = Turns()
    one, other, late = turns.join(2), turns.join(2), turns.join(2)
    assert turns.enter(one, 0) and turns.enter(other, 0)
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with turns.alone():
            inside.set()
            leave.wait(20)

    lonely = threading.Thread(target=stay)
    lonely.start()
    turns.leave(one)
    assert not inside.is_set()
    turns.leave(other)
    assert inside.wait(20)
    assert not turns.enter(late, 0)
    leave.set()
    lonely.join(20)
    assert turns.enter(late, 20)


def test_an_error_of_who_was_alone_lets_the_others_in_again() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.alone():
        raise ZeroDivisionError
    assert turns.enter(turns.join(1), 0)
