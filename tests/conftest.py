"""For all tests: no clock decides, no hub is asked, and tiny models run on one thread."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Read by torch and OpenMP when they are first imported, which is after this file: several threads
# of a tiny model do little but wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test may ask a model hub or tell anyone about itself.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this very hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let `-n` keep a file together, and all of the browser: it is started once."""
    for item in items:
        together = "browser" if item.get_closest_marker("browser") else item.path.as_posix()
        item.add_marker(pytest.mark.xdist_group(together))
