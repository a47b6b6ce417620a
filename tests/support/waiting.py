"""Waiting for what another thread does, without waiting for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from models.worker import Worker


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Return once it holds; an AssertionError when it does not in time."""
    last = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > last:
            raise AssertionError("it never came")
        time.sleep(0.001)


def hold(worker: Worker) -> Callable[[], None]:
    """Keep a worker's thread busy until what is returned is called, at most a minute."""
    begun, go = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go.wait(60)

    worker.submit(wait)
    assert begun.wait(20)
    return go.set
