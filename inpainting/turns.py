"""Who may paint now: a few at a time, or one that wants to be alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Turns:
    """Lets jobs in, as many at a time as the painter takes; safe for several threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._closed = False

    def enter(self, most: int, timeout: float) -> bool:
        """Go in beside at most `most` - 1 others, waiting up to `timeout` seconds; tell whether.

        Who went in must `leave`, from whatever thread.
        """
        with self._changed:
            free = self._changed.wait_for(lambda: not self._closed and self._inside < most, timeout)
            self._inside += free
            return free

    def leave(self) -> None:
        """Make room for the next."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody in any more, wait for those inside to leave, and stay alone for the block."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()
