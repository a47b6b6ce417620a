from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import get_native_id
from typing import TypeVar

import pytest

from models.threads import STEPS_BACK, stand_back

T = TypeVar("T")

LINUX = sys.platform.startswith("linux")


def _priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, get_native_id())


def _on_a_thread(run: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


@pytest.mark.skipif(not LINUX, reason="only Linux gives threads a priority of their own")
def test_a_thread_stands_back_with_those_it_starts_and_no_other() -> None:
    before = _priority()

    def stood_back() -> tuple[bool, int, int]:
        return stand_back(), _priority(), _on_a_thread(_priority)

    done, own, started = _on_a_thread(stood_back)
    assert done
    assert own == started == min(19, before + STEPS_BACK)
    assert _priority() == before == _on_a_thread(_priority)


@pytest.mark.skipif(not LINUX, reason="only Linux gives threads a priority of their own")
def test_no_thread_stands_back_further_than_there_is() -> None:
    assert _on_a_thread(lambda: (stand_back(15), stand_back(15), _priority())) == (True, True, 19)


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not _on_a_thread(stand_back)


@pytest.mark.skipif(not LINUX, reason="only Linux gives threads a priority of their own")
def test_a_machine_that_refuses_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    assert not _on_a_thread(stand_back)
