"""The one thing that changes in place: the cell that holds a browser session's current value."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from inpainting.errors import BadRequest
from inpainting.types import Photo
from inpainting.web.finished import Sheet
from inpainting.web.segments import Segments
from inpainting.web.session import Session
from inpainting.web.shelf import Shelf


def _same(session: Session) -> Session:
    return session


class Desk:
    """Holds a `Session`, the ticket of the repaint that is wanted, and what both need.

    `key`, which nobody can guess, names it to a page that was loaded again; `form` is what the page
    keeps here for that case. `segments` are those of the last photo that was cut into segments.

    Several events of one browser session may be under way in several threads: each change is one
    step, and one thread at a time asks the segmenter for clicks (`selecting`), for hovers
    (`hovering`), and for the subject and the segments (`proposing`).
    """

    def __init__(self, desks: Desks | None = None) -> None:
        self.key = secrets.token_hex(16)
        self.form: dict[str, Any] = {}
        self.segments: Segments | None = None
        self.selecting, self.hovering, self.proposing = Lock(), Lock(), Lock()
        self._shelf = Shelf()
        self._lock = Lock()
        self._session = Session()
        self._tickets = count(1)
        self._wanted = self._ended = self._at_work = 0
        self._owner = ""
        self._left = False
        self._desks = desks
        if desks is not None:
            desks.add(self)

    def __deepcopy__(self, memo: object) -> Desk:
        """A new browser session begins with an empty desk; gradio copies the initial value."""
        return Desk(self._desks)

    @property
    def session(self) -> Session:
        """The session as it is now."""
        return self._session

    def change(self, reduce: Callable[[Session], Session]) -> Session:
        """Apply a reducer and return what it made; where it raises nothing changes.

        Without a photo in the session none is held any more.
        """
        with self._lock:
            self._session = reduce(self._session)
            if self._session.now.sheet is None:
                self._shelf, self.segments = Shelf(), None
            return self._session

    def open(self, photo: Photo, reduce: Callable[[Session], Session] = _same) -> Session:
        """Hold the photo that was opened, until another one is, and apply the reducer, as one."""
        with self._lock:
            self._session = reduce(self._session)
            self._shelf.put(photo)
            self.segments = None
            return self._session

    def photo(self, sheet: Sheet) -> Photo:
        """Return the photo of a sheet; raises BadRequest where it is not there any more."""
        return self._shelf.get(sheet)

    def begin(self, owner: str = "") -> int:
        """Return the ticket of a new repaint for `owner`; older ones are not wanted any more."""
        with self._lock:
            self._wanted, self._owner, self._left = next(self._tickets), owner, False
            return self._wanted

    def refuse(self) -> int:
        """Return the ticket of a repaint that is not begun; one under way goes on."""
        with self._lock:
            return next(self._tickets)

    def stop(self) -> None:
        """Want no repaint."""
        with self._lock:
            self._wanted, self._left = 0, False

    def leave(self, owner: str) -> None:
        """Want no repaint that was begun for `owner`, who has gone."""
        with self._lock:
            if owner == self._owner:
                self._left = self._left or self._awaited
                self._wanted = 0

    def told(self) -> None:
        """Note that it was told why the last repaint was stopped."""
        with self._lock:
            self._left = False

    def end(self, ticket: int) -> None:
        """Note that the repaint with this ticket has come to its end."""
        with self._lock:
            self._ended = ticket

    @contextmanager
    def work(self) -> Iterator[None]:
        """Note that a repaint is at work, wanted or not."""
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1

    def wants(self, ticket: object) -> bool:
        """Whether the repaint with this ticket, from `begin`, is still wanted."""
        return ticket == self._wanted != 0

    @property
    def stopped(self) -> bool:
        """Whether no repaint is wanted: none was begun yet, or the last one was stopped."""
        return self._wanted == 0

    @property
    def left(self) -> bool:
        """Whether the last repaint was stopped because its owner had gone."""
        return self._left

    @property
    def busy(self) -> bool:
        """Whether a repaint is awaited, or still makes its last step."""
        return self._awaited or self._at_work > 0

    @property
    def _awaited(self) -> bool:
        return self._wanted not in (0, self._ended)


@contextmanager
def one_at_a_time(lock: Lock, sentence: str) -> Iterator[None]:
    """Hold a lock; where another thread holds it raise BadRequest with the sentence at once."""
    if not lock.acquire(blocking=False):
        raise BadRequest(sentence)
    try:
        yield
    finally:
        lock.release()


KEEP_SECONDS = 3600
"""How long a desk is there for a page that is loaded again, after it was last asked for."""


class Desks:
    """The desks that a page's visitors hold, by key.

    One that nobody holds any more is gone an hour after it was last asked for (`KEEP_SECONDS` of
    `clock`), when the next one is asked for; of those at most `most` are kept.
    """

    def __init__(self, most: int = 64, clock: Callable[[], float] = time.monotonic) -> None:
        self._desks: WeakValueDictionary[str, Desk] = WeakValueDictionary()
        self._recent: OrderedDict[str, tuple[Desk, float]] = OrderedDict()
        self._most, self._clock = most, clock
        self._lock = Lock()

    def new(self) -> Desk:
        """Return an empty desk."""
        return Desk(self)

    def add(self, desk: Desk) -> None:
        """Let a desk be found."""
        with self._lock:
            self._desks[desk.key] = desk

    def find(self, key: object) -> Desk | None:
        """Return the desk with that key, None where there is none."""
        with self._lock:
            desk = self._desks.get(key) if isinstance(key, str) else None
            if desk is not None:
                self._recent[desk.key] = desk, self._clock()
                self._recent.move_to_end(desk.key)
            self._let_go()
            return desk

    def _let_go(self) -> None:
        end = self._clock() - KEEP_SECONDS
        while self._recent and (
            len(self._recent) > self._most or next(iter(self._recent.values()))[1] < end
        ):
            self._recent.popitem(last=False)
