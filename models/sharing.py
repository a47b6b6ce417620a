"""Several pictures on one worker: those that fit together are painted together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Hashable, Sequence
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Generic, TypeVar

from inpainting.errors import Cancelled
from models.worker import StopSignal, Worker, light

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
        self._served = False
        self._refusal: BaseException | None = None
        self.done.add_done_callback(lambda _: events.put(None))

    @property
    def is_waiting(self) -> bool:
        """Whether the picture is still to be made."""
        return not (self._served or self._refusal or self.done.done())

    def emit(self, event: E) -> None:
        """Tell the listener; nobody hears what comes after the end."""
        if self.is_waiting:
            self._events.put((self._number, event))

    def serve(self, event: E) -> None:
        """Tell the last there is to tell; the end itself comes with that of the batch."""
        self.emit(event)
        self._served = True

    def refuse(self, error: BaseException) -> None:
        """Give up this picture alone; the listener is told when the batch ends."""
        self._refusal = error

    def finish(self) -> None:
        """End: well, unless the picture was refused."""
        if self._refusal is not None:
            self.fail(self._refusal)
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        """End with an error, which the listener raises."""
        if not self.done.done():
            self.done.set_exception(error)


Run = Callable[[Sequence[Seat[W, E]]], None]
"""Does the work of all seats of a batch: serves each, or fails it."""


def let_go(seats: Sequence[Seat[W, E]]) -> None:
    """End those whose listeners have left; the others of the batch go on.

    Raises Cancelled when nobody waits any more: then the batch itself is to end, and they with it.
    """
    waiting = [seat for seat in seats if seat.is_waiting]
    left = [seat for seat in waiting if seat.stop.is_set]
    if len(left) == len(waiting):
        raise Cancelled("The repaint was stopped.")
    for seat in left:
        seat.fail(Cancelled("The repaint was stopped."))


def settle(run: Run[W, E], seats: Sequence[Seat[W, E]]) -> None:
    """Do the work of `seats`; whatever comes of it, each of them has ended then.

    An error ends those that still wait; who was served or refused before keeps that.
    """
    try:
        run(seats)
    except BaseException as error:  # whatever it is, a listener waits for it
        told = light(error) if isinstance(error, Cancelled) else error
        for seat in seats:
            if seat.is_waiting:
                seat.fail(told)
    for seat in seats:
        seat.finish()


class Sharing(Generic[W, E]):
    """Hands works to `run` on a worker's thread in the order of their coming.

    Works with equal keys go together, `most` at a time, also those of different listeners; a key of
    None goes alone.
    """

    def __init__(self, worker: Worker, run: Run[W, E], most: int = 1) -> None:
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
        if seats:
            settle(self._run, seats)

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
