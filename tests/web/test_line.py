from __future__ import annotations

import gc
import weakref

from inpainting.web.desk import Desk
from inpainting.web.line import Line


def joined(line: Line, desk: Desk) -> tuple[int, int]:
    """A repaint in the line: its ticket, and how many came before it."""
    ticket = desk.begin()
    return ticket, line.join(desk, ticket)


def test_each_learns_how_many_come_first() -> None:
    line, desks = Line(), [Desk() for _ in range(3)]
    tickets = [joined(line, desk) for desk in desks]
    assert [before for _, before in tickets] == [0, 1, 2]
    line.start(desks[0], tickets[0][0])
    assert line.before(desks[0], tickets[0][0]) is None
    assert line.before(desks[2], tickets[2][0]) == 2
    line.leave(desks[0], tickets[0][0])
    assert line.before(desks[2], tickets[2][0]) == 1


def test_who_does_not_want_it_any_more_has_left() -> None:
    line, first, second = Line(), Desk(), Desk()
    joined(line, first)
    ticket, _ = joined(line, second)
    first.stop()
    assert line.before(second, ticket) == 0
    second.begin()
    assert line.before(second, ticket) is None


def test_a_desk_has_a_repaint_until_it_ends() -> None:
    line, desk = Line(), Desk()
    assert not line.has(desk)
    ticket, _ = joined(line, desk)
    line.start(desk, ticket)
    assert line.has(desk)
    line.leave(desk, ticket)
    line.leave(desk, ticket)
    assert not line.has(desk)


def test_a_desk_that_has_gone_is_not_held() -> None:
    line, desk = Line(), Desk()
    joined(line, desk)
    seen = weakref.ref(desk)
    desk.stop()
    line.tidy()
    del desk
    gc.collect()
    assert seen() is None
