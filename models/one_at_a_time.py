"""Who asks does the work himself, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Protocol, TypeVar

R = TypeVar("R")


class Caller(Protocol):
    """What has work done, one at a time: `OneAtATime`, or a device's `Worker`."""

    def call(self, work: Callable[[], R]) -> R:
        """Return what `work` returns, or raise what it raises, when its turn has come."""
        ...


class OneAtATime:
    """Has work done on the threads that ask for it, one at a time.

    Who waits comes before who has just had a turn and asks again.
    """

    def __init__(self) -> None:
        self._next, self._now = Lock(), Lock()

    def call(self, work: Callable[[], R]) -> R:
        """Return what `work` returns, or raise what it raises, when its turn has come."""
        with self._next:
            self._now.acquire()
        try:
            return work()
        finally:
            self._now.release()
