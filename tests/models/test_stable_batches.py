"""Several pictures in one batch: what each gets, who may share, what memory and Stop do."""

from __future__ import annotations

import math
import threading
from contextlib import closing
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from inpainting.errors import Cancelled, NothingSelected, OutOfMemory
from inpainting.types import LoraUse, Painted, PaintSettings, Progress, Work
from models.ladder import STEPPED_DOWN
from models.sharing import Seat, settle
from models.stable import StablePainter
from models.stable_calls import batch_key
from models.stable_job import StableBatch
from tests.support.stable import (
    HOLE,
    INFO,
    RGB,
    SETTINGS,
    WHOLE,
    Fault,
    out_of_memory,
    paint,
    state_of,
)
from tests.support.tiny import tiny_sdxl_inpaint
from tests.support.waiting import until

THREE = [Work(RGB, HOLE, replace(SETTINGS, seed=seed)) for seed in (1, 2, 3)]


@pytest.fixture
def pipeline() -> Any:
    return tiny_sdxl_inpaint()


@pytest.fixture
def painter(pipeline: Any) -> StablePainter:
    return StablePainter(pipeline, replace(INFO, batch=3))


def together(painter: StablePainter, works: list[Work]) -> dict[int, Painted]:
    """Paint; return the pictures by their numbers, each told once and after its steps."""
    found: dict[int, Painted] = {}
    for number, event in painter.paint_together(works):
        assert number not in found
        if isinstance(event, Painted):
            found[number] = event
    return found


def nearly(one: Painted, other: Painted) -> bool:
    """Batches add up in another order, so the last bit of a pixel may differ."""
    return int(np.abs(one.rgb.astype(int) - other.rgb).max()) <= 1


def sizes(pipeline: Any) -> list[int]:
    """Note the batch size of each run of the UNet from now on."""
    seen: list[int] = []
    pipeline.unet.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    return seen


def wait_for(painter: StablePainter, count: int) -> None:
    """Wait until that many pictures wait for their turn."""
    until(lambda: len(painter._sharing._waiting) == count)


def test_each_picture_is_the_one_that_it_is_alone_in_the_steps_of_one(
    painter: StablePainter, pipeline: Any
) -> None:
    works = [
        replace(THREE[0], settings=replace(SETTINGS, prompt="snow", seed=4)),
        replace(THREE[1], rgb=RGB[::-1].copy(), hole=HOLE[:, ::-1].copy()),
        replace(THREE[2], settings=replace(SETTINGS, negative_prompt="grey", seed=9)),
    ]
    alone = [together(painter, [work])[0] for work in works]
    seen = sizes(pipeline)
    made = together(painter, works)
    assert seen == [6] * SETTINGS.steps
    assert all(nearly(alone[number], made[number]) for number in range(3))
    assert not nearly(made[0], made[2])


def test_every_picture_hears_of_its_own_steps(painter: StablePainter) -> None:
    steps: dict[int, list[int]] = {0: [], 1: [], 2: []}
    previews: dict[int, Any] = {}
    for number, event in painter.paint_together(THREE):
        if isinstance(event, Progress):
            steps[number].append(event.step)
            previews[number] = event.preview
    assert steps == {number: [0, 1, 2, 3, 4] for number in range(3)}
    assert not np.array_equal(previews[0], previews[1])


def test_a_picture_that_waited_for_a_batch_hears_when_its_own_begins(
    painter: StablePainter,
) -> None:
    held = threading.Event()

    def hold() -> None:
        assert held.wait(20)

    painter._worker.submit(hold)
    heard: SimpleQueue[Progress | Painted] = SimpleQueue()

    def listen() -> None:
        for event in painter.paint(RGB, HOLE, replace(SETTINGS, strength=0.5)):
            heard.put(event)

    listener = threading.Thread(target=listen)
    listener.start()
    wait_for(painter, 1)
    assert heard.empty()
    held.set()
    listener.join(60)
    began, made = heard.get(), heard.get()
    assert isinstance(began, Progress)
    assert isinstance(made, Progress)
    assert (began.step, began.total, made.step) == (0, made.total, 1)


def test_jobs_of_several_listeners_share_a_batch(painter: StablePainter, pipeline: Any) -> None:
    alone = {seed: paint(painter, seed=seed) for seed in (1, 2, 3)}
    held = threading.Event()

    def hold() -> None:
        assert held.wait(20)

    painter._worker.submit(hold)
    seen = sizes(pipeline)
    made: dict[int, Painted] = {}

    def work(seed: int) -> None:
        made[seed] = paint(painter, seed=seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in alone]
    for thread in threads:
        thread.start()
    wait_for(painter, 3)
    held.set()
    for thread in threads:
        thread.join(60)
    assert seen == [6] * SETTINGS.steps
    assert all(nearly(alone[seed], made[seed]) for seed in alone)


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({"seed": 9}, True),
        ({"prompt": "snow"}, True),
        ({"prompt": "long " * 40}, False),
        ({"steps": 5}, False),
        ({"guidance": 4.0}, False),
        ({"strength": 0.5}, False),
        ({"scheduler": "DDIM"}, False),
        ({"guidance_until": 0.5}, False),
        ({"reuse": 2}, False),
        ({"loras": (LoraUse("x", 1.0),)}, False),
    ],
)
def test_only_what_runs_alike_shares(
    painter: StablePainter, changes: dict[str, Any], fits: bool
) -> None:
    prompting = painter._outfit.prompting
    other = Work(RGB, HOLE, replace(SETTINGS, **changes))
    assert (batch_key(THREE[0], 9, prompting) == batch_key(other, 9, prompting)) is fits


def test_other_sizes_and_other_ways_do_not_share(painter: StablePainter) -> None:
    prompting = painter._outfit.prompting
    small = Work(RGB[:, :64].copy(), HOLE[:, :64].copy(), SETTINGS)
    whole = Work(RGB, WHOLE, SETTINGS)
    keys = {batch_key(work, 4, prompting) for work in (THREE[0], small, whole)}
    assert len(keys) == 3


def test_softness_goes_alone(painter: StablePainter) -> None:
    soft = Work(RGB, HOLE, replace(SETTINGS, softness=8))
    assert batch_key(soft, 9, painter._outfit.prompting) is None
    made = together(painter, [soft, soft, THREE[0]])
    assert np.array_equal(made[0].rgb, made[1].rgb)


def test_a_batch_too_large_for_memory_is_halved(painter: StablePainter, pipeline: Any) -> None:
    alone = {number: together(painter, [work])[0] for number, work in enumerate(THREE)}
    before = state_of(pipeline)
    seen: list[int] = []

    def only_two(result: Any) -> Any:
        seen.append(len(result[0]))
        return out_of_memory(result) if len(result[0]) > 4 else result

    Fault(pipeline.unet, "forward", only_two)
    made = together(painter, THREE)
    assert seen == [6] + [2] * SETTINGS.steps + [4] * SETTINGS.steps
    assert all(nearly(alone[number], made[number]) for number in range(3))
    assert all(STEPPED_DOWN not in picture.notes for picture in made.values())
    assert state_of(pipeline) == before
    seen.clear()
    again = together(painter, THREE)
    assert seen == [2] * SETTINGS.steps + [4] * SETTINGS.steps  # so many are not tried again
    assert all(nearly(alone[number], again[number]) for number in range(3))


def test_where_one_picture_does_not_fit_either_it_is_told(
    painter: StablePainter, pipeline: Any
) -> None:
    alone, full = paint(painter), [True]
    Fault(pipeline.unet, "forward", out_of_memory, lambda _: full[0])
    with pytest.raises(OutOfMemory):
        together(painter, THREE)
    assert painter._outfit.too_many.pixels < math.inf  # nothing has made room for more
    full[0] = False
    assert nearly(alone, paint(painter))


@pytest.mark.parametrize("leaves_first", [True, False])
def test_one_that_leaves_lets_the_others_end(painter: StablePainter, leaves_first: bool) -> None:
    alone = paint(painter, seed=2)
    held = threading.Event()

    def hold() -> None:
        assert held.wait(20)

    painter._worker.submit(hold)
    leaving = painter.paint(RGB, HOLE, replace(SETTINGS, seed=1))
    made: list[Painted] = []
    first: list[Any] = []
    starter = threading.Thread(target=lambda: first.append(next(leaving)))
    stayer = threading.Thread(target=lambda: made.append(paint(painter, seed=2)))
    for count, thread in enumerate((starter, stayer)[:: 1 if leaves_first else -1], 1):
        thread.start()
        wait_for(painter, count)
    held.set()
    starter.join(60)
    leaving.close()
    stayer.join(60)
    assert isinstance(first[0], Progress)
    assert nearly(alone, made[0])
    assert nearly(alone, paint(painter, seed=2))


def test_one_that_leaves_while_it_is_made_once_more_lets_the_others_end(
    painter: StablePainter, pipeline: Any
) -> None:
    events: SimpleQueue[Any] = SimpleQueue()
    leaving, staying = (Seat(THREE[n], n, events, threading.Event()) for n in range(2))

    def spoil(result: Any) -> Any:
        if unet.calls == SETTINGS.steps + 1:
            leaving.stop.set()
        if unet.calls > 1:
            return result
        values = result[0].clone()
        values[[0, 2]] = float("nan")
        return (values,)

    unet = Fault(pipeline.unet, "forward", spoil)
    settle(lambda seats: StableBatch(painter._outfit, seats).run(), [leaving, staying])
    assert isinstance(leaving.done.exception(), Cancelled)
    assert staying.done.exception() is None
    told = [events.get() for _ in range(events.qsize())]
    made = [event[1] for event in told if event and isinstance(event[1], Painted)]
    assert len(made) == 1
    assert nearly(made[0], paint(painter, seed=2))


def test_closing_a_group_stops_all_of_it_within_a_step(
    painter: StablePainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    long = [replace(work, settings=replace(work.settings, steps=1000)) for work in THREE]
    with closing(painter.paint_together(long)) as events:
        next(events)
    assert unet.calls < 100
    assert state_of(pipeline) == before
    assert nearly(alone, paint(painter))


def test_a_bad_work_is_refused_before_any_runs(painter: StablePainter, pipeline: Any) -> None:
    seen = sizes(pipeline)
    with pytest.raises(NothingSelected):
        together(painter, [*THREE, Work(RGB, np.zeros_like(HOLE), SETTINGS)])
    assert seen == []


def test_without_batches_works_go_one_by_one(pipeline: Any) -> None:
    painter = StablePainter(pipeline, INFO)
    seen = sizes(pipeline)
    made = together(painter, THREE)
    assert seen == [2] * 3 * SETTINGS.steps
    assert np.array_equal(made[1].rgb, paint(painter, seed=2).rgb)


def test_settings_that_a_key_forgets_would_show_here() -> None:
    """A new setting must be in the key, or be one that each picture has of its own."""
    own = {"prompt", "negative_prompt", "seed", "softness"}
    shared = {
        "steps",
        "guidance",
        "strength",
        "scheduler",
        "loras",
        "guidance_until",
        "reuse",
    }
    assert set(PaintSettings.__dataclass_fields__) == own | shared
