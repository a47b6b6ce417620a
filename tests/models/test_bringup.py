"""From settings to models: what starts, what falls back, what is said."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from threading import Thread
from typing import Any

import numpy as np
import pytest

from inpainting.errors import BadRequest, ModelUnavailable
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import Painted, PaintSettings
from models.bringup import bring_up, choose, embedded_models, models_for
from models.deferred import DeferredPainter
from models.grabcut import GrabCutSegmenter
from models.loading import Loaded
from tests.support.fakes import FakePainter, FakeSegmenter


def unavailable(*_: Any, **__: Any) -> Loaded:
    raise ModelUnavailable("No weights here; connect to the network.")


def broken(*_: Any, **__: Any) -> Loaded:
    raise RuntimeError("inner detail")


def desk_of() -> tuple[Studio, DeferredPainter]:
    painter = DeferredPainter(FakePainter().info, FakePainter)
    return Studio(GrabCutSegmenter(), painter), painter


def brought_up(load: Callable[..., Loaded], **settings: Any) -> tuple[Studio, DeferredPainter]:
    """A studio after `bring_up` with a loader that needs no hub."""
    studio, painter = desk_of()
    run(bring_up(Settings(**settings), studio, painter, load))
    return studio, painter


def run(thread: Thread) -> None:
    thread.start()
    thread.join(60)


def test_without_cuda_auto_is_the_embedded_preset_and_says_why() -> None:
    (segmenter, painter), reason = choose(Settings(device="cpu"))
    assert (segmenter.key, painter.key) == ("grabcut", "embedded")
    assert "no CUDA" in reason


def test_rows_win_over_the_preset() -> None:
    (segmenter, painter), _ = choose(Settings(preset="embedded", segmenter="sam-vit-base"))
    assert (segmenter.key, painter.key) == ("sam-vit-base", "embedded")


@pytest.mark.parametrize("wrong", [Settings(segmenter="nothing"), Settings(painter="nothing")])
def test_a_row_that_does_not_exist_is_refused_before_the_page_is_up(wrong: Settings) -> None:
    studio, painter = desk_of()
    with pytest.raises(BadRequest, match="must be one of"):
        bring_up(wrong, studio, painter)


def test_the_embedded_preset_is_loaded_behind_the_page() -> None:
    studio, painter = brought_up(broken, preset="embedded")
    assert studio.painter is painter
    status = studio.status()
    assert (status.loading, status.failure) == ("", "")
    assert "sdxl" in status.advice


def test_what_is_imported_is_spared_by_the_collector_and_models_are_not() -> None:
    alive: list[weakref.ref[Any]] = []

    class Ring(FakePainter):
        def __init__(self) -> None:
            super().__init__()
            self.me = self

    def load(*_: Any, **__: Any) -> Loaded:
        found = Ring()
        alive.append(weakref.ref(found))
        return Loaded(FakeSegmenter(), found)

    gc.unfreeze()
    studio, _ = brought_up(load, preset="sdxl", device="cpu")
    assert gc.get_freeze_count() > 100_000
    assert alive[0]() is studio.painter
    studio.use(painter=FakePainter())
    gc.collect()
    assert alive[0]() is None


def test_nothing_is_loaded_before_the_page_is_up() -> None:
    loads: list[int] = []

    def load(*_: Any, **__: Any) -> Loaded:
        loads.append(1)
        return Loaded(FakeSegmenter(), FakePainter())

    studio, painter = desk_of()
    loader = bring_up(Settings(preset="sdxl", device="cpu"), studio, painter, load)
    assert (loads, painter.ready) == ([], False)
    assert studio.status().loading == "Looking for a GPU."
    run(loader)
    assert loads == [1]


def test_a_job_that_comes_before_the_page_is_up_loads_the_embedded_painter_itself() -> None:
    studio, painter = desk_of()
    loader = bring_up(Settings(preset="embedded"), studio, painter, broken)
    settings = PaintSettings("red brick", "", 1, 2, 3.0, 1.0, "Euler")
    rgb, hole = np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.bool_)
    *_, last = painter.paint(rgb, hole, settings)
    assert isinstance(last, Painted)
    run(loader)
    assert (studio.painter, studio.status().failure) == (painter, "")


def test_what_was_asked_for_takes_over_when_it_is_loaded() -> None:
    models = Loaded(FakeSegmenter(), FakePainter())
    seen: list[tuple[str, float | None]] = []

    def load(*_: Any, report: Any, **__: Any) -> Loaded:
        report("Loading half.", 0.5)
        seen.append((studio.status().loading, studio.status().fraction))
        return models

    studio, painter = desk_of()
    run(bring_up(Settings(preset="sdxl", device="cpu"), studio, painter, load))
    assert seen == [("Loading half.", 0.5)]
    assert studio.segmenter is models.segmenter
    assert studio.painter is models.painter
    assert studio.status().loading == ""
    assert "asked for" in studio.status().reason


@pytest.mark.parametrize(
    ("load", "sentence"), [(unavailable, "No weights here"), (broken, "RuntimeError")]
)
def test_a_load_that_fails_leaves_the_app_running_and_is_told(
    load: Callable[..., Loaded], sentence: str
) -> None:
    studio, painter = brought_up(load, preset="sdxl", device="cpu")
    status = studio.status()
    assert sentence in status.failure
    assert "inner detail" not in status.failure
    assert "embedded" in status.reason
    assert (status.loading, studio.painter) == ("", painter)


def test_a_device_that_is_not_there_is_told_too() -> None:
    studio, _ = brought_up(broken, preset="auto", device="cuda:77")
    assert "no CUDA GPU here" in studio.status().failure


def test_a_program_without_a_page_falls_back_only_from_auto() -> None:
    told: list[str] = []
    found = models_for(Settings(), told.append, unavailable, cuda=True)
    assert isinstance(found.segmenter, GrabCutSegmenter)
    assert "No weights" in told[0]
    with pytest.raises(ModelUnavailable, match="No weights"):
        models_for(Settings(preset="sdxl"), told.append, unavailable, cuda=True)


def test_a_device_that_was_asked_for_by_name_must_load() -> None:
    with pytest.raises(ModelUnavailable, match="No weights"):
        models_for(Settings(device="cuda:1"), lambda _: None, unavailable, cuda=True)


def test_what_is_not_needed_is_not_loaded() -> None:
    found = models_for(
        Settings(), lambda _: None, unavailable, cuda=True, segment=False, paint=False
    )
    assert (found.segmenter.info.key, found.painter.info.key) == ("grabcut", "embedded")


def test_the_embedded_models_need_no_loading_to_be_described() -> None:
    segmenter, painter = embedded_models()
    assert segmenter.info.key == "grabcut"
    assert painter.info.key == "embedded"
    assert not painter.ready
