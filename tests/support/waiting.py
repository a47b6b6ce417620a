"""Waiting for what another thread does, without waiting for ever."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Return once it holds; an AssertionError when it does not in time."""
    last = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > last:
            raise AssertionError("it never came")
        time.sleep(0.001)
