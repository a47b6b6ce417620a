"""For all tests: no clock decides, no hub is asked, and tiny models run on one thread."""

from __future__ import annotations

import gc
import os

from hypothesis import settings

# Read by torch and OpenMP when they are first imported, which is after this file: several threads
# of a tiny model do little but wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test may ask a model hub or tell anyone about itself.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")


def pytest_collection_finish() -> None:
    """Let collections of garbage pass over all that was imported, for the painters ask for many."""
    gc.collect()
    gc.freeze()
