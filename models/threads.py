"""Who goes first on the processor: people who wait for a click, before a repaint of seconds."""

from __future__ import annotations

import os
import sys
from threading import get_native_id

STEPS_BACK = 10
"""How far a thread stands back, in steps of `nice`: a click gets nine tenths of a core."""


def stand_back(steps: int = STEPS_BACK) -> bool:
    """Let this thread, and those that it starts from now on, give way to the program's others.

    It still takes whatever nobody else wants, so alone it is as fast as before; it cannot be called
    back. Torch starts the threads of its operations from the thread that runs the first one: call
    this before. Returns whether it was done: only Linux gives each thread a priority of its own.
    """
    if not sys.platform.startswith("linux"):
        return False
    thread = get_native_id()
    try:
        # For Linux a thread's number is one of a process; 0 would mean the main thread's.
        own = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(19, own + steps))
    except OSError:
        return False
    return True
