"""One thread for all work on a device: jobs queue, and calls are answered between their steps."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

from inpainting.errors import Cancelled

T = TypeVar("T")
R = TypeVar("R")
E = TypeVar("E", bound=BaseException)

END_SECONDS = 60.0
"""How long the end of the program waits for the step that is under way."""

ENDED = "The program ends."

_LOG = logging.getLogger(__name__)


class StopSignal:
    """Tells one job to stop; set by its listener, read by the job between two steps."""

    def __init__(self, ending: threading.Event) -> None:
        self._told = threading.Event()
        self._ending = ending

    def set(self) -> None:
        """Ask the job to stop at its next look."""
        self._told.set()

    @property
    def is_set(self) -> bool:
        """Whether the job was told to stop, or the program ends."""
        return self._told.is_set() or self._ending.is_set()

    def check(self) -> None:
        """Raise Cancelled once the job was told to stop, or the program ends."""
        if self.is_set:
            raise Cancelled("The repaint was stopped.")


Emit = Callable[[T], None]
Job = Callable[[Emit[T], StopSignal], None]
Task = Callable[[], object]
Tasks = SimpleQueue[Task | None]
Calls = SimpleQueue[Task]


def light(error: E) -> E:
    """Return an error that holds nothing: its traceback holds what a job worked with.

    For those that say all by themselves; a job's memory would else be freed with the next
    collection of garbage.
    """
    return error.with_traceback(None)


def do_nothing() -> None:
    """Do nothing: for a thread that is to wake, or has nobody to let in."""


class _End:
    """Marks the end of a job's events."""


_END = _End()


class Worker:
    """Runs jobs one at a time, in the order of their coming, always on the same thread.

    Torch keeps its gradient mode and CUDA graphs by thread, while a generator may be resumed on a
    different thread each time: so the generator only listens, and the work is done here. A call is
    short work that somebody waits for, such as a click: it goes before all jobs that wait, and the
    job that runs lets it in by `answer_calls`.
    """

    def __init__(self, name: str) -> None:
        self._tasks: Tasks = SimpleQueue()
        self._calls: Calls = SimpleQueue()
        self._ending = threading.Event()
        # Not an executor: the interpreter would wait for its whole job before it ends.
        self._thread = threading.Thread(
            target=_serve, args=(self._tasks, self._calls), name=name, daemon=True
        )
        self._thread.start()
        weakref.finalize(self, _end, self._tasks, self._ending, self._thread)

    @property
    def ending(self) -> threading.Event:
        """Set once the worker is dropped, or the program ends."""
        return self._ending

    @property
    def is_here(self) -> bool:
        """Whether this is called on the worker's own thread."""
        return threading.current_thread() is self._thread

    def submit(self, task: Task) -> None:
        """Run `task` after all that came before it; it has to deal with its errors itself."""
        self._tasks.put(task)

    def call(self, work: Callable[[], R]) -> R:
        """Return what `work` returns on the worker's thread, or raise what it raises there.

        It waits for other calls, and for the job that runs to pause, as after each step; never for
        a whole job. On that thread itself it is done at once. Raises Cancelled when the program
        ends.
        """
        if self.is_here:
            return work()
        done: Future[R] = Future()
        self._calls.put(partial(_fulfil, work, done, self._ending))
        self.submit(do_nothing)  # wakes a thread that has no job
        try:
            while not wait([done], END_SECONDS).done:
                if not self._thread.is_alive():
                    raise Cancelled(ENDED)
            return done.result()
        finally:
            del done  # else an error holds this frame, and this frame the error

    def catch_up(self) -> None:
        """Return when all that was submitted before is done, and the thread holds none of it."""
        done = threading.Event()
        self.submit(done.set)
        done.wait()

    def answer_calls(self) -> None:
        """Answer the calls that have come; for a job, between two of its steps.

        Those that come meanwhile wait for the next time, or a job might never go on. Does nothing
        on another thread.
        """
        if self.is_here:
            _answer(self._calls)

    def stream(self, job: Job[T]) -> Generator[T, None, None]:
        """Yield what `job(emit, stop)` emits; an error of the job is raised here.

        Closing the generator stops the job and returns when the thread is free of it; a job that
        has not begun is given up at once.
        """
        events: SimpleQueue[T | _End] = SimpleQueue()
        stop = StopSignal(self._ending)
        done: Future[None] = Future()
        done.add_done_callback(lambda _: events.put(_END))
        self.submit(lambda: _perform(job, events.put, stop, done))
        try:
            while (event := events.get()) is not _END:
                yield cast(T, event)
            done.result()
        finally:
            stop.set()
            # A generator that was dropped may be closed by the garbage collector on any thread.
            if not done.cancel() and not self.is_here:
                wait([done])


def _serve(tasks: Tasks, calls: Calls) -> None:
    while (task := tasks.get()) is not None:
        _answer(calls)
        try:
            task()
        except Exception:  # all others that use the device go on
            _LOG.exception("a task failed")
        del task  # it holds a picture, and the painter that this thread must not outlive
    _answer(calls)


def _answer(calls: Calls) -> None:
    with suppress(Empty):
        for _ in range(calls.qsize()):
            calls.get_nowait()()


def _fulfil(work: Callable[[], R], done: Future[R], ending: threading.Event) -> None:
    try:
        if ending.is_set():
            raise Cancelled(ENDED)
        done.set_result(work())
    except BaseException as error:  # whatever it is, the caller waits for it
        done.set_exception(error)
    finally:
        del work, done  # else an error holds this frame, with pictures, and this frame the error


def _perform(job: Job[T], emit: Emit[T], stop: StopSignal, done: Future[None]) -> None:
    """Run a job that was not cancelled while it waited; every end of it ends `done`."""
    if not done.set_running_or_notify_cancel():
        return
    try:
        stop.check()
        job(emit, stop)
    except Cancelled as error:
        done.set_exception(light(error))
    except BaseException as error:  # whatever it is, a listener waits for it
        done.set_exception(error)
    else:
        done.set_result(None)


def _end(tasks: Tasks, ending: threading.Event, thread: threading.Thread) -> None:
    """Stop the job that runs and those that wait, when the worker is dropped or the program ends.

    A thread that was still in native code when the interpreter goes would crash it.
    """
    ending.set()
    tasks.put(None)
    if threading.current_thread() is not thread:
        thread.join(END_SECONDS)
