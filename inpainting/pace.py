"""Whether the last few clicks were answered quickly enough to follow a pointer."""

from __future__ import annotations

from collections import deque
from statistics import median
from threading import Lock

QUICK_SECONDS = 0.05
"""Below this the mask under a moving pointer does not lag behind it."""

_CALLS = 5


class Pace:
    """Keeps how long the last five calls took; safe for several threads."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_CALLS)
        self._lock = Lock()

    def note(self, seconds: float) -> None:
        """Remember one call."""
        with self._lock:
            self._seconds.append(seconds)

    @property
    def quick(self) -> bool:
        """Whether the median call took under 50 ms; False before the first."""
        with self._lock:
            return bool(self._seconds) and median(self._seconds) < QUICK_SECONDS
