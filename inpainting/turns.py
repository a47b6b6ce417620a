"""Who may paint now: a few at a time, in the order of their coming, or one that is alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A job's place in the line and then inside, where it bears `most` jobs, itself among them."""

    most: int


class Turns:
    """Lets jobs in, as many at a time as all of them bear; safe for several threads.

    Nobody overtakes: a job that bears few others would wait for ever where many come that bear
    more.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._line: list[Place] = []
        self._inside: list[Place] = []
        self._closed = False

    def join(self, most: int) -> Place:
        """Return a place at the end of the line; who has one must `leave`, from whatever thread."""
        place = Place(most)
        with self._changed:
            self._line.append(place)
        return place

    def enter(self, place: Place, timeout: float) -> bool:
        """Go in as the first of the line, waiting up to `timeout` seconds; tell whether."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._may_enter(place), timeout):
                return False
            self._inside.append(self._line.pop(0))
            self._changed.notify_all()
            return True

    def leave(self, place: Place) -> None:
        """Make room for the next, or give up waiting."""
        with self._changed:
            for places in (self._line, self._inside):
                if place in places:
                    places.remove(place)
            self._changed.notify_all()

    @property
    def busy(self) -> bool:
        """Whether somebody is inside."""
        with self._changed:
            return bool(self._inside)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody in any more, wait for those inside to leave, and stay alone for the block."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()

    def _may_enter(self, place: Place) -> bool:
        room = min(one.most for one in (place, *self._inside)) - len(self._inside)
        return not self._closed and self._line[0] is place and room > 0
