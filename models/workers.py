"""One worker for each GPU: whatever runs there, clicks and repaints, runs on its thread."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from models.threads import stand_back
from models.worker import Worker

if TYPE_CHECKING:
    import torch

GPUS = ("cuda", "mps")
"""Kinds of devices whose work goes one after the other anyway."""


class Workers:
    """Finds the worker of a device; it lives as long as a model that it was given to.

    On a CPU there is none: there a click is answered beside a repaint, which stands back for it.
    `kinds` are the kinds of devices that have one.
    """

    def __init__(self, kinds: Collection[str] = GPUS) -> None:
        self._kinds = kinds
        self._found: WeakValueDictionary[str, Worker] = WeakValueDictionary()
        self._lock = Lock()

    def of(self, device: torch.device) -> Worker | None:
        """Return the worker that all models on `device` share; None where each has its own way."""
        if device.type not in self._kinds:
            return None
        with self._lock:
            worker = self._found.get(str(device))
            if worker is None:
                worker = self._found[str(device)] = Worker(f"device-{device}")
            return worker


def painters_own(device: str) -> Worker:
    """Return a worker for one painter alone; on the CPU it stands back for clicks."""
    worker = Worker("painter")
    if device == "cpu":
        worker.call(stand_back)
    return worker
