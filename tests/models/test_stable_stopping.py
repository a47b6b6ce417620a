"""A job that is stopped, or waits, harms no other."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from inpainting.types import Painted, Progress
from models.stable import StablePainter
from tests.support.stable import HOLE, INFO, RGB, SETTINGS, Fault, paint, same, state_of
from tests.support.tiny import tiny_sdxl_inpaint


@pytest.fixture
def pipeline() -> Any:
    return tiny_sdxl_inpaint()


@pytest.fixture
def painter(pipeline: Any) -> StablePainter:
    return StablePainter(pipeline, INFO)


@pytest.mark.parametrize("at", [1, 2, 5])
def test_closing_stops_within_a_step_and_harms_nothing(
    painter: StablePainter, pipeline: Any, at: int
) -> None:
    alone = paint(painter)
    before = state_of(pipeline)
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    with closing(painter.paint(RGB, HOLE, replace(SETTINGS, steps=1000))) as events:
        for _, event in zip(range(at), events, strict=False):
            assert isinstance(event, Progress)
        seen = unet.calls
    stopped = unet.calls
    assert seen <= stopped < 1000
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))
    assert unet.calls == stopped + SETTINGS.steps


def test_a_stopped_job_runs_one_step_more_at_most(painter: StablePainter, pipeline: Any) -> None:
    closing_now, closed = threading.Event(), threading.Event()

    def hold_second_step(result: Any) -> Any:
        closing_now.set()
        assert closed.wait(20)
        return result

    unet = Fault(pipeline.unet, "forward", hold_second_step, lambda call: call == 2)
    events = painter.paint(RGB, HOLE, replace(SETTINGS, steps=50))
    assert isinstance(next(events), Progress)
    assert closing_now.wait(20)
    closer = threading.Thread(target=events.close)
    closer.start()
    # The generator is closed while step 2 runs: it ends this one and no other.
    threading.Timer(0.05, closed.set).start()
    closer.join(20)
    assert not closer.is_alive()
    assert unet.calls == 2


def test_dropping_the_generator_frees_the_painter(painter: StablePainter) -> None:
    alone = paint(painter)
    events = painter.paint(RGB, HOLE, replace(SETTINGS, steps=1000))
    next(events)
    del events
    assert same(alone, paint(painter))


def test_closing_before_the_first_step_and_after_the_last_is_fine(painter: StablePainter) -> None:
    unbegun = painter.paint(RGB, HOLE, SETTINGS)
    unbegun.close()
    finished = painter.paint(RGB, HOLE, SETTINGS)
    assert len(list(finished)) == SETTINGS.steps + 1
    finished.close()
    assert list(finished) == []


def test_a_waiting_job_can_be_given_up(painter: StablePainter) -> None:
    alone = paint(painter, seed=5)
    long = painter.paint(RGB, HOLE, replace(SETTINGS, steps=1000))
    next(long)
    waiting = painter.paint(RGB, HOLE, replace(SETTINGS, seed=5))
    results: list[Painted] = []

    def listen() -> None:
        results.extend(event for event in waiting if isinstance(event, Painted))

    listener = threading.Thread(target=listen)
    listener.start()
    long.close()
    listener.join(20)
    assert len(results) == 1
    assert same(results[0], alone)


def test_jobs_of_two_threads_give_what_each_gives_alone(painter: StablePainter) -> None:
    alone = {seed: paint(painter, seed=seed) for seed in range(6)}
    together: dict[int, Painted] = {}

    def work(seeds: range) -> None:
        together.update({seed: paint(painter, seed=seed) for seed in seeds})

    threads = [threading.Thread(target=work, args=(range(n, 6, 2),)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(same(alone[seed], together[seed]) for seed in range(6))


def test_a_generator_may_be_resumed_on_any_thread(painter: StablePainter) -> None:
    alone = paint(painter)
    events = painter.paint(RGB, HOLE, SETTINGS)
    seen: list[Progress | Painted] = []
    while not seen or not isinstance(seen[-1], Painted):
        thread = threading.Thread(target=lambda: seen.append(next(events)))
        thread.start()
        thread.join(20)
    assert isinstance(seen[-1], Painted)
    assert same(alone, seen[-1])
