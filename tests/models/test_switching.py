"""Another model in place of the one in use: told, and undone where it fails."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inpainting.errors import BadRequest, ModelUnavailable
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import PaintRequest, Progress
from models.catalog import FILLERS, PAINTERS, SEGMENTERS, PainterRow, SegmenterRow
from models.device import choose_dtype
from models.placing import needed
from models.switching import BUSY, Switcher
from models.tuning import tuning_of
from models.workers import Workers
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import photo
from tests.support.waiting import hold, until

OTHER = next(row for row in PAINTERS if row.key == "sdxl-inpainting")


def unavailable(*_: Any, **__: Any) -> Any:
    raise ModelUnavailable("No weights here; connect to the network.")


def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("inner detail")


def studio() -> Studio:
    return Studio(FakeSegmenter(), FakePainter(), Settings(device="cpu"))


def switcher(
    holder: Studio,
    load: Callable[..., Any],
    fits: bool = True,
    workers: Workers | None = None,
    **options: Any,
) -> Any:
    class Known(Switcher):
        def _fits_beside(self, row: Any) -> bool:
            del row
            return fits

    return Known(holder, Settings(device="cpu", **options), load, load, workers)


def test_all_rows_are_offered_with_what_they_cost() -> None:
    offers = switcher(studio(), broken).offers()
    rows: tuple[SegmenterRow | PainterRow, ...] = (*SEGMENTERS, *PAINTERS, *FILLERS)
    assert [offer.info.key for offer in offers] == [row.key for row in rows]
    assert {offer.kind for offer in offers} == {"segmenter", "painter", "filler"}
    embedded = next(offer for offer in offers if offer.info.key == "embedded")
    assert embedded.here and embedded.download == 0
    assert next(offer for offer in offers if offer.info.key == OTHER.key).download == OTHER.download


@pytest.mark.parametrize("kind", ["segmenter", "painter", "filler"])
def test_a_model_takes_over_when_it_is_loaded(kind: Any) -> None:
    holder, seen = studio(), list[tuple[str, float | None]]()
    new: Any = FakeSegmenter("new") if kind == "segmenter" else FakePainter()

    def load(*_: Any, report: Any, **__: Any) -> Any:
        report("Loading half.", 0.5)
        seen.append((holder.status().loading, holder.status().fraction))
        return new

    key = {"segmenter": "sam-vit-base", "painter": OTHER.key, "filler": FILLERS[0].key}[kind]
    switcher(holder, load).begin(kind, key).join(60)
    assert seen == [("Loading half.", 0.5)]
    status = holder.status()
    assert (status.loading, status.failure) == ("", "")
    assert "was chosen" in status.reason
    if kind == "filler":
        assert list(holder.fillers) == [key]
    else:
        assert new in (holder.segmenter, holder.painter)


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize(("load", "told"), [(unavailable, "No weights"), (broken, "RuntimeError")])
def test_where_loading_fails_the_old_model_works_on(
    load: Callable[..., Any], told: str, fits: bool
) -> None:
    holder, old = studio(), FakePainter()
    old.info = replace(old.info, key="embedded")

    def fails_but_for_the_old(row: Any, *args: Any, **options: Any) -> Any:
        return old if row.key == "embedded" else load(row, *args, **options)

    switch = switcher(holder, fails_but_for_the_old, fits)
    switch.begin("painter", "embedded").join(60)
    switch.begin("painter", OTHER.key).join(60)
    assert holder.painter is old
    assert told in holder.status().failure
    assert holder.status().loading == ""


def test_where_both_do_not_fit_the_old_one_is_let_go_first_and_jobs_wait() -> None:
    holder = studio()
    gone = weakref.ref(holder.painter)
    loaded, alive = threading.Event(), list[bool]()
    new = FakePainter()

    def load(*_: Any, **__: Any) -> Any:
        gc.collect()
        alive.append(gone() is not None)
        assert loaded.wait(60)
        return new

    thread = switcher(holder, load, fits=False).begin("painter", OTHER.key)
    mask = np.zeros((48, 64), np.bool_)
    mask[10:20, 10:20] = True
    events = holder.paint(PaintRequest(photo(), mask, seed=1))
    first = next(events)
    assert isinstance(first, Progress) and "Loading" in first.note
    loaded.set()
    thread.join(60)
    assert not isinstance(list(events)[-1], Progress)
    assert alive == [False]
    assert holder.painter is new


def test_jobs_that_were_given_up_while_they_waited_let_the_old_one_go_too() -> None:
    holder, workers = studio(), Workers(("cpu",))
    worker, gone = workers.of(torch.device("cpu")), weakref.ref(holder.painter)
    assert worker is not None
    alive: list[bool] = []

    def load(*_: Any, **__: Any) -> Any:
        gc.collect()
        alive.append(gone() is not None)
        return FakePainter()

    go = hold(worker)
    worker.submit(partial(getattr, holder.painter, "info"))
    thread = switcher(holder, load, fits=False, workers=workers).begin("painter", OTHER.key)
    until(lambda: worker._tasks.qsize() == 2)
    go()
    thread.join(60)
    assert alive == [False]


@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize(
    "options", [{}, {"memory": "groups"}, {"eight_bit": 1}, {"memory": "offload", "eight_bit": 1}]
)
def test_whether_the_old_one_must_go_follows_from_what_the_new_one_is_to_take(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], missing: int
) -> None:
    settings = Settings(device="cpu", **options)
    dtype, tuning = choose_dtype(torch.device("cpu"), big=True), tuning_of(settings)
    free = needed(OTHER, dtype, tuning.memory, tuning.eight_bit) - missing
    monkeypatch.setattr("models.device.free_memory", lambda _: free)
    holder, alive = studio(), list[bool]()
    gone = weakref.ref(holder.painter)

    def load(*_: Any, **__: Any) -> Any:
        gc.collect()
        alive.append(gone() is not None)
        return FakePainter()

    Switcher(holder, settings, load, load).begin("painter", OTHER.key).join(60)
    assert alive == [not missing]
    assert holder.status().failure == ""


def test_one_model_at_a_time() -> None:
    holder, loaded = studio(), threading.Event()

    def load(*_: Any, **__: Any) -> Any:
        assert loaded.wait(60)
        return FakePainter()

    switch = switcher(holder, load)
    thread = switch.begin("painter", OTHER.key)
    with pytest.raises(BadRequest, match=BUSY):
        switch.switch("painter", "embedded")
    loaded.set()
    thread.join(60)
    switch.begin("painter", "embedded").join(60)


@pytest.mark.parametrize(
    ("kind", "key"),
    [("painter", "nothing"), ("segmenter", "embedded"), ("oven", "embedded"), ("painter", [1])],
)
def test_what_is_no_row_is_refused_at_once(kind: Any, key: Any) -> None:
    holder = studio()
    with pytest.raises(BadRequest):
        switcher(holder, broken).switch(kind, key)
    assert holder.status().loading == ""


def test_lora_files_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("b.safetensors", "a.safetensors", "c.ckpt"):
        (tmp_path / name).touch()
    assert switcher(studio(), broken, loras=str(tmp_path)).loras() == ("a", "b")
    assert switcher(studio(), broken).loras() == ()


def test_the_job_under_way_ends_before_its_painter_is_let_go() -> None:
    loading, old = threading.Event(), FakePainter()
    holder = Studio(FakeSegmenter(), old, Settings(device="cpu"))
    mask = np.zeros((48, 64), np.bool_)
    mask[10:20, 10:20] = True
    events = holder.paint(PaintRequest(photo(), mask, seed=1, steps=2))
    next(events)

    def load(*_: Any, **__: Any) -> Any:
        loading.set()
        return FakePainter()

    thread = switcher(holder, load, fits=False).begin("painter", OTHER.key)
    assert holder.painter is old
    assert not loading.is_set()
    list(events)
    thread.join(60)
    assert loading.is_set()
    assert holder.painter is not old
