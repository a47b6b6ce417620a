"""The one thing that changes in place: the cell that holds a browser session's current value."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from threading import Lock

from inpainting.web.session import Session


class Desk:
    """Holds a `Session`, and the ticket of the repaint that is wanted.

    Several events of one browser session may be under way in several threads: each change is one
    step, and one thread at a time asks the segmenter (`selecting`).
    """

    def __init__(self) -> None:
        self.selecting = Lock()
        self._lock = Lock()
        self._session = Session()
        self._tickets = count(1)
        self._wanted = 0
        self._started = 0

    def __deepcopy__(self, memo: object) -> Desk:
        """A new browser session begins with an empty desk; gradio copies the initial value."""
        return Desk()

    @property
    def session(self) -> Session:
        """The session as it is now."""
        return self._session

    def change(self, reduce: Callable[[Session], Session]) -> Session:
        """Apply a reducer and return what it made; where it raises nothing changes."""
        with self._lock:
            self._session = reduce(self._session)
            return self._session

    def begin(self) -> int:
        """Return the ticket of a new repaint; older ones are not wanted any more."""
        with self._lock:
            self._wanted = next(self._tickets)
            return self._wanted

    def stop(self) -> None:
        """Want no repaint."""
        with self._lock:
            self._wanted = 0

    def wants(self, ticket: object) -> bool:
        """Whether the repaint with this ticket, from `begin`, is still wanted."""
        return ticket == self._wanted != 0

    @property
    def stopped(self) -> bool:
        """Whether no repaint is wanted: none was begun yet, or the last one was stopped."""
        return self._wanted == 0

    def start(self, ticket: int) -> None:
        """Note that the repaint with this ticket got its turn."""
        self._started = ticket

    def has_started(self, ticket: object) -> bool:
        """Whether the repaint with this ticket ever got its turn."""
        return ticket == self._started != 0
