"""A painter that is still being loaded: jobs wait for it, and are told so."""

from __future__ import annotations

import threading
from collections.abc import Generator

import numpy as np
import pytest

from inpainting.errors import ModelUnavailable
from inpainting.ports import Painter
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Progress, Rgb
from models.deferred import DeferredPainter

SETTINGS = PaintSettings("red brick", "", 1, 2, 3.0, 1.0, "Euler")


def picture() -> tuple[Rgb, Mask]:
    return np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.bool_)


class Ready:
    """A painter of one step that says which it is."""

    info = ModelInfo("ready", "Ready", "tests", "1", "Apache-2.0")

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        del hole
        yield Progress(1, settings.steps)
        yield Painted(rgb)


LATER = ModelInfo("later", "Later", "tests", "1", "Apache-2.0")


def test_a_job_waits_for_the_painter_and_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.deferred.POLL_SECONDS", 0.001)
    gate = threading.Event()

    def loading() -> Painter:
        assert gate.wait(20)
        return Ready()

    painter = DeferredPainter(LATER, loading)
    assert painter.info is LATER
    events = painter.paint(*picture(), SETTINGS)
    waiting = next(events)
    assert isinstance(waiting, Progress)
    assert (waiting.step, waiting.total) == (0, 2)
    assert "Loading Later" in waiting.note
    assert not painter.ready
    gate.set()
    painted = [event for event in events if isinstance(event, Painted)]
    assert len(painted) == 1
    assert painter.info is Ready.info
    assert painter.ready


def test_the_painter_is_loaded_once_however_often_it_is_asked() -> None:
    calls: list[int] = []

    def loading() -> Painter:
        calls.append(1)
        return Ready()

    painter = DeferredPainter(LATER, loading)
    painter.start()
    painter.start()
    assert any(isinstance(event, Painted) for event in painter.paint(*picture(), SETTINGS))
    assert any(isinstance(event, Painted) for event in painter.paint(*picture(), SETTINGS))
    assert calls == [1]


@pytest.mark.parametrize(
    ("error", "words"),
    [(ModelUnavailable("No weights."), "No weights"), (ZeroDivisionError(), "Later could not")],
)
def test_a_failed_load_is_told_by_every_job(error: Exception, words: str) -> None:
    def loading() -> Painter:
        raise error

    painter = DeferredPainter(LATER, loading)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match=words):
            list(painter.paint(*picture(), SETTINGS))
    assert painter.info is LATER


def test_a_waiting_job_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.deferred.POLL_SECONDS", 0.001)
    gate = threading.Event()

    def loading() -> Painter:
        assert gate.wait(20)
        return Ready()

    events = DeferredPainter(LATER, loading).paint(*picture(), SETTINGS)
    next(events)
    events.close()
    assert list(events) == []
    gate.set()


def test_tokens_are_not_known_until_the_painter_is_there_and_can_tell() -> None:
    class Reading(Ready):
        """A painter that counts words."""

        def tokens(self, prompt: str) -> tuple[int, int]:
            return len(prompt.split()), 75

    assert DeferredPainter(LATER, Ready).tokens("red brick") == (0, 0)
    for loaded, answer in ((Ready, (0, 0)), (Reading, (2, 75))):
        painter = DeferredPainter(LATER, loaded)
        list(painter.paint(*picture(), SETTINGS))
        assert painter.tokens("red brick") == answer


def test_after_a_failure_the_next_job_tries_again() -> None:
    tries: list[int] = []

    def loading() -> Painter:
        tries.append(1)
        if len(tries) == 1:
            raise ModelUnavailable("No network; try again.")
        return Ready()

    painter = DeferredPainter(LATER, loading)
    with pytest.raises(ModelUnavailable, match="No network"):
        list(painter.paint(*picture(), SETTINGS))
    assert isinstance(list(painter.paint(*picture(), SETTINGS))[-1], Painted)
    list(painter.paint(*picture(), SETTINGS))
    assert len(tries) == 2
