"""The one thing that changes in place: the cell that holds a browser session's current value."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import Any

from inpainting.web.results import EMPTY
from inpainting.web.session import Session, reset


class Desk:
    """Holds a `Session`, the ticket of the repaint that is wanted, and the `results` last shown.

    `key` tells one desk from every other: a page may outlive the server's memory of its session.

    Several events of one browser session may be under way in several threads: each change is one
    step, and one thread at a time asks the segmenter (`selecting`).
    """

    def __init__(self) -> None:
        self.key = secrets.token_hex(8)
        self.selecting = Lock()
        self.results: dict[str, Any] = EMPTY
        self._lock = Lock()
        self._session = Session()
        self._tickets = count(1)
        self._wanted = 0

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

    def forget(self) -> None:
        """Want no repaint, and hold nothing any more."""
        self.stop()
        self.change(reset)
        self.results = EMPTY

    def wants(self, ticket: object) -> bool:
        """Whether the repaint with this ticket, from `begin`, is still wanted."""
        return ticket == self._wanted != 0

    @property
    def stopped(self) -> bool:
        """Whether no repaint is wanted: none was begun yet, or the last one was stopped."""
        return self._wanted == 0
