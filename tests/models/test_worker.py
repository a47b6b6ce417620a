"""The worker: order, one thread, errors, stopping."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from functools import partial
from pathlib import Path

import pytest

from inpainting.errors import Cancelled
from models.worker import Emit, StopSignal, Worker

ROOT = Path(__file__).resolve().parents[2]


def count_to(limit: int, emit: Emit[int], stop: StopSignal) -> None:
    for number in range(limit):
        stop.check()
        emit(number)


def test_events_come_in_order_from_one_thread() -> None:
    worker: Worker[int] = Worker("test")

    def job(emit: Emit[int], stop: StopSignal) -> None:
        stop.check()
        emit(threading.get_ident())

    threads = {event for _ in range(3) for event in worker.stream(job)}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}
    assert list(worker.stream(lambda emit, stop: count_to(5, emit, stop))) == [0, 1, 2, 3, 4]


def test_an_error_of_a_job_is_raised_after_its_events_and_the_next_job_runs() -> None:
    worker: Worker[int] = Worker("test")

    def broken(emit: Emit[int], stop: StopSignal) -> None:
        count_to(1, emit, stop)
        raise ZeroDivisionError

    events = worker.stream(broken)
    assert next(events) == 0
    with pytest.raises(ZeroDivisionError):
        next(events)
    assert list(worker.stream(lambda emit, stop: count_to(1, emit, stop))) == [0]


def test_closing_waits_until_the_job_has_left_the_thread() -> None:
    worker: Worker[int] = Worker("test")
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
    worker: Worker[int] = Worker("test")
    ran: list[str] = []
    first = worker.stream(lambda emit, stop: count_to(10**9, emit, stop))
    next(first)

    def second(emit: Emit[int], stop: StopSignal) -> None:
        ran.append("second")
        count_to(1, emit, stop)

    waiting = worker.stream(second)
    waiting.close()
    first.close()
    assert list(worker.stream(lambda emit, stop: count_to(1, emit, stop))) == [0]
    assert ran == []


def test_a_stop_that_was_told_is_raised_as_cancelled() -> None:
    stop = StopSignal(threading.Event())
    stop.check()
    stop.set()
    with pytest.raises(Cancelled):
        stop.check()


def _count_owners(owners: list[Worker[int]], emit: Emit[int], stop: StopSignal) -> None:
    stop.check()
    emit(len(owners))


def test_a_dropped_worker_ends_its_thread() -> None:
    worker: Worker[int] = Worker("test")
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
