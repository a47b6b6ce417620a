"""The repaints that wait for the painter or have it, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from inpainting.web.desk import Desk


@dataclass(eq=False)
class _Place:
    """A repaint that `desk` wants by `ticket`."""

    desk: Desk
    ticket: int
    started: bool = False


class Line:
    """Counts, over all windows, who comes before whom; those not wanted any more have left it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: list[_Place] = []

    def join(self, desk: Desk, ticket: int) -> int:
        """Put a repaint at the end; return how many come before it."""
        with self._lock:
            self._tidy()
            self._places.append(_Place(desk, ticket))
            return len(self._places) - 1

    def start(self, desk: Desk, ticket: int) -> None:
        """Tell that a repaint has the painter now: it waits no longer."""
        with self._lock:
            for place in self._of(desk, ticket):
                place.started = True

    def leave(self, desk: Desk, ticket: int) -> None:
        """Take a repaint out, as it has ended."""
        with self._lock:
            for place in self._of(desk, ticket):
                self._places.remove(place)

    def before(self, desk: Desk, ticket: int) -> int | None:
        """Return how many come before a repaint that waits, None for one that does not wait."""
        with self._lock:
            self._tidy()
            waiting = [place for place in self._of(desk, ticket) if not place.started]
            return self._places.index(waiting[0]) if waiting else None

    def has(self, desk: Desk) -> bool:
        """Whether a desk wants a repaint that has not ended."""
        with self._lock:
            self._tidy()
            return any(place.desk is desk for place in self._places)

    def tidy(self) -> None:
        """Forget those that are not wanted any more, and their desks with them."""
        with self._lock:
            self._tidy()

    def _of(self, desk: Desk, ticket: int) -> list[_Place]:
        return [p for p in self._places if p.desk is desk and p.ticket == ticket]

    def _tidy(self) -> None:
        self._places = [place for place in self._places if place.desk.wants(place.ticket)]
