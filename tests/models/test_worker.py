"""The worker: order, one thread, errors, stopping."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from inpainting.errors import Cancelled
from models.worker import Emit, StopSignal, Worker
from tests.support.waiting import hold, until

ROOT = Path(__file__).resolve().parents[2]


def count_to(limit: int, emit: Emit[int], stop: StopSignal) -> None:
    for number in range(limit):
        stop.check()
        emit(number)


def test_events_come_in_order_from_one_thread() -> None:
    worker: Worker = Worker("test")

    def job(emit: Emit[int], stop: StopSignal) -> None:
        stop.check()
        emit(threading.get_ident())

    threads = {event for _ in range(3) for event in worker.stream(job)}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}
    assert list(worker.stream(partial(count_to, 5))) == [0, 1, 2, 3, 4]


def test_an_error_of_a_job_is_raised_after_its_events_and_the_next_job_runs() -> None:
    worker: Worker = Worker("test")

    def broken(emit: Emit[int], stop: StopSignal) -> None:
        count_to(1, emit, stop)
        raise ZeroDivisionError

    events = worker.stream(broken)
    assert next(events) == 0
    with pytest.raises(ZeroDivisionError):
        next(events)
    assert list(worker.stream(partial(count_to, 1))) == [0]


def test_closing_waits_until_the_job_has_left_the_thread() -> None:
    worker: Worker = Worker("test")
    left = threading.Event()

    def job(emit: Emit[int], stop: StopSignal) -> None:
        try:
            count_to(10**9, emit, stop)
        finally:
            left.set()

    events = worker.stream(job)
    next(events)
    events.close()
    assert left.is_set()


def test_a_job_given_up_while_it_waits_never_runs() -> None:
    worker: Worker = Worker("test")
    ran: list[str] = []
    first = worker.stream(partial(count_to, 10**9))
    next(first)

    def second(emit: Emit[int], stop: StopSignal) -> None:
        ran.append("second")
        count_to(1, emit, stop)

    waiting = worker.stream(second)
    waiting.close()
    first.close()
    assert list(worker.stream(partial(count_to, 1))) == [0]
    assert ran == []


def test_a_stop_that_was_told_is_raised_as_cancelled() -> None:
    stop = StopSignal(threading.Event())
    stop.check()
    stop.set()
    with pytest.raises(Cancelled):
        stop.check()


def _count_owners(owners: list[Worker], emit: Emit[int], stop: StopSignal) -> None:
    stop.check()
    emit(len(owners))


def _until_asked(worker: Worker, calls: int) -> None:
    """Wait until so many calls wait for the worker."""
    until(lambda: worker._calls.qsize() >= calls)


def test_calls_are_answered_between_the_steps_of_a_job_and_before_the_next_job() -> None:
    worker = Worker("test")
    done: list[str] = []

    def job(name: str, emit: Emit[str], stop: StopSignal) -> None:
        for step in range(3):
            stop.check()
            done.append(f"{name}{step}")
            if name == "first" and step == 1:
                emit("ask")
                _until_asked(worker, 2)
            worker.answer_calls()

    def call(number: int) -> int:
        done.append(f"call {number}")
        return number * 10

    events = worker.stream(partial(job, "first"))
    assert next(events) == "ask"
    waiting = threading.Thread(target=lambda: list(worker.stream(partial(job, "second"))))
    waiting.start()
    found: list[int] = []

    def ask(number: int) -> None:
        found.append(worker.call(partial(call, number)))

    callers = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    callers[0].start()
    _until_asked(worker, 1)
    callers[1].start()
    assert list(events) == []
    for thread in (*callers, waiting):
        thread.join(20)
    first = ["first0", "first1", "call 0", "call 1", "first2"]
    assert done == [*first, "second0", "second1", "second2"]
    assert sorted(found) == [0, 10]


def test_an_error_of_a_call_is_raised_where_it_was_asked_and_the_job_goes_on() -> None:
    worker = Worker("test")
    begun = threading.Event()

    def job(emit: Emit[int], stop: StopSignal) -> None:
        begun.set()
        _until_asked(worker, 1)
        worker.answer_calls()
        count_to(3, emit, stop)

    def broken() -> None:
        raise ZeroDivisionError

    found: list[int] = []
    listener = threading.Thread(target=lambda: found.extend(worker.stream(job)))
    listener.start()
    assert begun.wait(20)
    with pytest.raises(ZeroDivisionError):
        worker.call(broken)
    listener.join(20)
    assert found == [0, 1, 2]


def test_a_call_on_the_workers_own_thread_is_done_at_once() -> None:
    worker = Worker("test")
    inner = worker.call(lambda: worker.call(threading.get_ident))
    assert inner == worker.call(threading.get_ident) != threading.get_ident()


def test_nobody_else_answers_calls() -> None:
    worker = Worker("test")
    go = hold(worker)
    found: list[int] = []
    caller = threading.Thread(target=lambda: found.append(worker.call(threading.get_ident)))
    caller.start()
    _until_asked(worker, 1)
    worker.answer_calls()
    assert (worker._calls.qsize(), found) == (1, [])
    go()
    caller.join(20)
    assert found == [worker.call(threading.get_ident)]


def test_calls_that_come_while_others_are_answered_let_the_job_go_on_first() -> None:
    worker = Worker("test")
    done: list[str] = []

    def again() -> None:
        done.append("call")
        if len(done) < 10:
            worker._calls.put(again)

    def job(emit: Emit[int], stop: StopSignal) -> None:
        worker._calls.put(again)
        for number in range(3):
            stop.check()
            worker.answer_calls()
            done.append("step")
            emit(number)

    assert len(list(worker.stream(job))) == 3
    assert done[:6] == ["call", "step"] * 3


def test_a_call_that_pauses_for_others_holds_nobody_up() -> None:
    worker, done = Worker("test"), list[str]()

    def pausing() -> None:
        worker.answer_calls()
        done.append("first")

    go = hold(worker)
    calls = [pausing, lambda: done.append("second")]
    callers = [threading.Thread(target=worker.call, args=(call,)) for call in calls]
    for number, caller in enumerate(callers, 1):
        caller.start()
        _until_asked(worker, number)
    go()
    for caller in callers:
        caller.join(20)
    assert done == ["second", "first"]
    free = threading.Event()
    worker.submit(free.set)
    assert free.wait(20)


class Load:
    """What takes memory."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Free nothing that hangs together in a ring."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_a_call_that_failed_holds_nothing_of_what_it_worked_with() -> None:
    worker, held = Worker("test"), list[weakref.ref[Load]]()

    def broken() -> None:
        load = Load()
        held.append(weakref.ref(load))
        raise ZeroDivisionError

    def ask() -> None:
        with pytest.raises(ZeroDivisionError):
            worker.call(broken)

    ask()
    worker.catch_up()
    assert held[0]() is None


@pytest.mark.usefixtures("no_collector")
def test_a_job_that_was_stopped_holds_nothing_of_what_it_worked_with() -> None:
    worker, held = Worker("test"), list[weakref.ref[Load]]()

    def job(emit: Emit[int], stop: StopSignal) -> None:
        load = Load()
        held.append(weakref.ref(load))
        count_to(10**9, emit, stop)

    events = worker.stream(job)
    next(events)
    events.close()
    worker.catch_up()
    assert held[0]() is None


def test_catching_up_waits_for_all_that_came_before() -> None:
    worker, done = Worker("test"), list[int]()
    for number in range(100):
        worker.submit(partial(done.append, number))
    worker.catch_up()
    assert done == list(range(100))


def test_a_task_that_fails_is_logged_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = Worker("test")
    worker.submit(lambda: 1 // 0)
    assert worker.call(lambda: 5) == 5
    worker.catch_up()
    assert [record.message for record in caplog.records] == ["a task failed"]


def test_calls_at_the_end_of_the_program_are_given_up() -> None:
    worker = Worker("test")
    go = hold(worker)
    found: list[str] = []

    def ask() -> None:
        with pytest.raises(Cancelled):
            worker.call(lambda: found.append("called"))

    caller = threading.Thread(target=ask)
    caller.start()
    _until_asked(worker, 1)
    worker._ending.set()
    worker._tasks.put(None)
    go()
    caller.join(20)
    assert not caller.is_alive()
    assert found == []


def test_a_dropped_worker_ends_its_thread() -> None:
    worker: Worker = Worker("test")
    thread = worker._thread
    owners = [worker]
    job = partial(_count_owners, owners)
    assert list(worker.stream(job)) == [1]
    gone = weakref.ref(worker)
    del worker, owners, job
    gc.collect()
    assert gone() is None
    thread.join(20)
    assert not thread.is_alive()


def test_the_program_ends_though_a_job_runs_without_end() -> None:
    code = (
        "from models.worker import Worker\n"
        "def job(emit, stop):\n"
        "    while True:\n"
        "        emit(1)\n"
        "        stop.check()\n"
        "worker = Worker('test')\n"
        "events = worker.stream(job)\n"
        "next(events)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
