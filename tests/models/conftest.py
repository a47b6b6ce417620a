"""For all tests of models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.support.tiny import tiny_sam, tiny_sdxl_inpaint


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other take most of the time of tiny models on busy cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny pipeline under `painter` and the tiny SAM under `sam`."""
    folder = tmp_path_factory.mktemp("saved")
    tiny_sdxl_inpaint().save_pretrained(folder / "painter")
    tiny_sam().save_pretrained(folder / "sam")
    return folder
