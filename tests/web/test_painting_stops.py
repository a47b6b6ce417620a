"""A repaint that is stopped, or fails: what ends, what stays, and what is said."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from inpainting.studio import Studio
from inpainting.types import (
    Mask,
    Painted,
    PaintSettings,
    Progress,
    Rgb,
)
from inpainting.web import editing, progress
from inpainting.web.finished import Finished
from inpainting.web.form import Form
from inpainting.web.painting import paint
from inpainting.web.results import finish
from inpainting.web.selecting import UNEXPECTED
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.painting import (
    cache,
    painter,
    run,
    seeds,
    selected,
    studio,
)

__all__ = ["cache", "painter", "studio"]


def test_stop_ends_within_one_step_and_the_next_run_is_unharmed(
    studio: Studio, painter: FakePainter
) -> None:
    desk = selected(studio)
    ticket = desk.begin()
    events = paint(studio, desk, Form("x"), ticket)
    for shown in events:
        if shown.progress.get("step") == 2:
            desk.stop()
    assert painter.closed == 1
    assert run(studio, desk, Form("x", seed="3"))[-1].progress["state"] == "done"
    assert desk.session.mask is not None


def test_a_closed_tab_closes_the_painter(studio: Studio, painter: FakePainter) -> None:
    desk = selected(studio)
    events = paint(studio, desk, Form("x"), desk.begin())
    for _ in range(3):
        next(events)
    events.close()
    assert painter.closed == 1


def test_a_stop_before_the_start_paints_nothing(studio: Studio, painter: FakePainter) -> None:
    desk = selected(studio)
    ticket = desk.begin()
    desk.stop()
    shown = list(paint(studio, desk, Form("x"), ticket))
    assert all(seeds(view) == [] for view in shown)
    assert painter.settings == []


def test_stop_before_the_first_step_leaves_no_page_that_waits(studio: Studio) -> None:
    desk = selected(studio)
    ticket = desk.begin()
    desk.stop()
    (last,) = paint(studio, desk, Form("sunset sea"), ticket)
    assert last.progress["text"].startswith("Stopped")
    assert not last.busy


def test_stop_in_the_middle_is_the_last_that_is_shown(studio: Studio) -> None:
    desk = selected(studio)
    shown = paint(studio, desk, Form("sunset sea"), desk.begin())
    assert next(shown).busy
    assert next(shown).busy
    desk.stop()
    (last,) = shown
    assert not last.busy


def test_a_repaint_that_another_photo_ended_leaves_a_quiet_card(studio: Studio) -> None:
    desk = selected(studio)
    shown = paint(studio, desk, Form("x"), desk.begin())
    next(shown)
    next(shown)
    desk.stop()
    desk.change(editing.reset)
    (last,) = shown
    assert (last.progress["state"], last.busy) == ("idle", False)


def test_a_repaint_that_a_newer_one_replaced_says_nothing_more(studio: Studio) -> None:
    desk = selected(studio)
    ticket = desk.begin()
    desk.begin()
    assert list(paint(studio, desk, Form("sunset sea"), ticket)) == []


def test_what_was_painted_before_stop_is_listed(studio: Studio) -> None:
    """Its file may still be on the way when the button is pressed."""
    desk = selected(studio)
    form, seen = Form("x", seed="1", variations=3), 0
    for shown in paint(studio, desk, form, desk.begin()):
        seen += shown.progress.get("step") == 1
        if seen == 2:  # a step of the second
            desk.stop()
    assert shown.progress == {**progress.STOPPED, "run": shown.progress["run"]}
    assert seeds(shown) == [1]


def test_what_was_painted_is_listed_though_its_tab_was_closed(studio: Studio) -> None:
    desk, seen = selected(studio), 0
    events = paint(studio, desk, Form("x", seed="1", variations=3), desk.begin())
    while seen < 2:
        seen += next(events).progress.get("step") == 1
    events.close()
    assert [item.seed for item in desk.session.results] == [1]


class Leaving(FakePainter):
    """Tells when a job was given up."""

    def __init__(self) -> None:
        super().__init__()
        self.left = threading.Event()

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Paint as ever."""
        try:
            yield from super().paint(rgb, hole, settings)
        except GeneratorExit:
            self.left.set()
            raise


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("closed", [True, False])
def test_who_stops_lets_the_painter_go_before_the_files_are_written(
    monkeypatch: pytest.MonkeyPatch, fails: bool, closed: bool
) -> None:
    painter = Leaving()
    studio = Studio(FakeSegmenter(), painter)

    def slow(*given: Any, **named: Any) -> Finished:
        assert painter.left.wait(60)
        if fails:
            raise OSError("no space left")
        return finish(*given, **named)

    monkeypatch.setattr("inpainting.web.painting.finish", slow)
    desk, seen = selected(studio), 0
    events = paint(studio, desk, Form("x", seed="1", variations=3), desk.begin())
    while seen < 2:
        seen += next(events).progress.get("step") == 1
    if closed:
        events.close()
    else:
        desk.stop()
        assert list(events)[-1].progress["text"] == progress.STOPPED["text"]
    assert [item.seed for item in desk.session.results] == ([] if fails else [1])


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_bytes(b"a file, where a folder is to be")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(blocked))


@pytest.mark.usefixtures("full_disk")
def test_a_file_that_cannot_be_written_is_told_of(studio: Studio) -> None:
    desk = selected(studio)
    last = run(studio, desk, Form("x"))[-1]
    assert (last.progress["state"], last.progress["text"]) == ("failed", UNEXPECTED)
    assert desk.session.mask is not None


def test_something_unforeseen_is_worded() -> None:
    def fail(_: int) -> None:
        raise RuntimeError("secret")

    studio = Studio(FakeSegmenter(), FakePainter(fail))
    last = run(studio, selected(studio), Form("x"))[-1]
    assert last.progress["text"] == UNEXPECTED
