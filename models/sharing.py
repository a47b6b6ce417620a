"""Several pictures on one worker: those that fit together are painted together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Hashable, Sequence
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Generic, TypeVar

from inpainting.errors import Cancelled
from models.worker import StopSignal, Worker

W = TypeVar("W")
E = TypeVar("E")

Events = SimpleQueue["tuple[int, E] | None"]


class Seat(Generic[W, E]):
    """One picture's place in a batch: the `work`, whom to tell of it, and how it ended.

    Made by who listens, used by the job on the worker's thread.
    """

    def __init__(self, work: W, number: int, events: Events[E], ending: threading.Event) -> None:
        self.work = work
        self.stop = StopSignal(ending)
        self.done: Future[None] = Future()
        self._number = number
        self._events = events
        self.done.add_done_callback(lambda _: events.put(None))

    @property
    def is_taken(self) -> bool:
        """Whether somebody still waits for this picture."""
        return not self.done.done()

    def emit(self, event: E) -> None:
        """Tell the listener; nobody hears what comes after the end."""
        if self.is_taken:
            self._events.put((self._number, event))

    def finish(self) -> None:
        """End well."""
        if self.is_taken:
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        """End with an error, which the listener raises."""
        if self.is_taken:
            self.done.set_exception(error)

    def leave_if_told(self) -> None:
        """End at once when the listener has gone; the others of the batch go on."""
        if self.stop.is_set:
            self.fail(Cancelled("The repaint was stopped."))


Run = Callable[[Sequence[Seat[W, E]]], None]
"""Does the work of all seats of a batch, and finishes or fails each."""


class Sharing(Generic[W, E]):
    """Hands works to `run` on a worker's thread in the order of their coming.

    Works with equal keys go together, `most` at a time, also those of different listeners; a key of
    None goes alone.
    """

    def __init__(self, worker: Worker[E], run: Run[W, E], most: int = 1) -> None:
        self._worker = worker
        self._run = run
        self._most = most
        self._waiting: deque[tuple[Hashable | None, Seat[W, E]]] = deque()
        self._lock = threading.Lock()

    def stream(
        self, works: Sequence[W], key_of: Callable[[W], Hashable | None]
    ) -> Generator[tuple[int, E], None, None]:
        """Yield the events of all works, each with its number; raise the first error of them.

        Closing the generator gives all of them up, and returns when the batch under way no longer
        needs what they brought.
        """
        events: Events[E] = SimpleQueue()
        ending = self._worker.ending
        seats = [Seat(work, number, events, ending) for number, work in enumerate(works)]
        keyed = [(key_of(seat.work), seat) for seat in seats]
        with self._lock:
            self._waiting.extend(keyed)
        for _ in seats:  # as many turns as it may take; those that find nothing to do do nothing
            self._worker.submit(self._turn)
        try:
            yield from _heard(events, seats)
        finally:
            self._give_up(seats)

    def _turn(self) -> None:
        seats = self._next()
        if not seats:
            return
        try:
            self._run(seats)
        except BaseException as error:  # whatever it is, a listener waits for it
            for seat in seats:
                seat.fail(error)
        for seat in seats:
            seat.finish()

    def _next(self) -> list[Seat[W, E]]:
        """Take the seat that waits longest, with those that fit beside it."""
        with self._lock:
            found: list[Seat[W, E]] = []
            left: deque[tuple[Hashable | None, Seat[W, E]]] = deque()
            wanted: Hashable | None = None
            for key, seat in self._waiting:
                fits = not found or (key is not None and key == wanted and len(found) < self._most)
                if fits and seat.done.set_running_or_notify_cancel():
                    wanted = key if not found else wanted
                    found.append(seat)
                elif not seat.done.done():
                    left.append((key, seat))
            self._waiting = left
            return found

    def _give_up(self, seats: Sequence[Seat[W, E]]) -> None:
        for seat in seats:
            seat.stop.set()
        begun = [seat.done for seat in seats if not seat.done.cancel()]
        # A generator that was dropped may be closed by the garbage collector on any thread.
        if not self._worker.is_here:
            wait(begun)


def _heard(events: Events[E], seats: Sequence[Seat[W, E]]) -> Generator[tuple[int, E], None, None]:
    """Yield events until every seat has ended."""
    left = len(seats)
    while left:
        event = events.get()
        if event is not None:
            yield event
            continue
        left -= 1
        for seat in seats:
            if seat.done.done():
                seat.done.result()
