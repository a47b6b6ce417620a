"""A painter of Stable Diffusion that runs out of memory takes less of it and starts again."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
import torch

from inpainting.errors import Cancelled, OutOfMemory
from inpainting.types import LoraUse, Painted, Work
from models.ladder import PLACEMENTS, STEPPED_DOWN, Ladder, Rung
from models.sharing import Seat, settle
from models.stable import StablePainter
from models.stable_job import Place, StableBatch
from tests.support.ladder import no_room
from tests.support.stable import HOLE, INFO, RGB, SETTINGS, Fault, out_of_memory, paint, same
from tests.support.tiny import tiny_lora, tiny_sd_inpaint, tiny_sdxl_inpaint

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def all_rungs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the CPU stand in for a GPU."""
    monkeypatch.setattr("models.ladder.rungs", lambda _: tuple(Rung))
    monkeypatch.setattr("models.ladder.placement", lambda rung, _: PLACEMENTS[rung])


@pytest.fixture(params=[tiny_sdxl_inpaint, tiny_sd_inpaint], ids=["sdxl", "sd15"])
def build(request: pytest.FixtureRequest) -> Callable[[], Any]:
    found: Callable[[], Any] = request.param
    return found


def on(rung: Rung, pipeline: Any, folder: Path | None = None, batch: int = 1) -> StablePainter:
    ladder = Ladder(pipeline, CPU, rung)
    ladder.place()
    return StablePainter(pipeline, replace(INFO, batch=batch), folder, ladder=ladder)


def shortage(pipeline: Any, due: Callable[[int, int], bool]) -> list[int]:
    """Let memory run out in the runs of the UNet that are `due(run, pictures)`; note the runs."""
    seen: list[int] = []

    def run(_unet: Any, given: tuple[Any, ...]) -> None:
        seen.append(len(given[0]))
        if due(len(seen), len(given[0])):
            out_of_memory(None)

    pipeline.unet.register_forward_pre_hook(run)
    return seen


def test_a_job_starts_again_one_rung_lower(build: Callable[[], Any]) -> None:
    expected, pipeline = paint(StablePainter(build(), INFO)), build()
    painter = on(Rung.RESIDENT, pipeline)
    shortage(pipeline, lambda run, _: run == 2)
    events: list[Any] = list(painter.paint(RGB, HOLE, SETTINGS))
    assert same(events[-1], expected)
    assert events[-1].notes == (STEPPED_DOWN,)
    told = [event for event in events if getattr(event, "note", "") == STEPPED_DOWN]
    assert [event.step for event in told] == [0]
    assert painter.info.placement == PLACEMENTS[Rung.OFFLOAD]
    again = paint(painter)
    assert same(again, expected)
    assert again.notes == ()


def test_a_job_that_does_not_fit_either_is_refused(build: Callable[[], Any]) -> None:
    expected, pipeline = paint(StablePainter(build(), INFO)), build()
    painter = on(Rung.OFFLOAD, pipeline)
    runs = shortage(pipeline, lambda run, _: run in (1, 2, 3 + SETTINGS.steps))
    with pytest.raises(OutOfMemory, match="96 x 64"):
        paint(painter)
    assert len(runs) == 2
    assert painter.info.placement == PLACEMENTS[Rung.GROUPS]
    assert same(paint(painter), expected)
    runs_before = len(runs)
    with pytest.raises(OutOfMemory):
        paint(painter)
    assert len(runs) == runs_before + 1  # there is no lower rung to start again on


@pytest.mark.parametrize(
    ("failures", "rung", "notes"), [(1, Rung.OFFLOAD, ()), (2, Rung.GROUPS, (STEPPED_DOWN,))]
)
def test_where_a_lower_rung_finds_no_room_either_it_is_told_and_the_next_job_looks_again(
    monkeypatch: pytest.MonkeyPatch,
    failures: int,
    rung: Rung,
    notes: tuple[str, ...],
) -> None:
    expected, pipeline = paint(StablePainter(tiny_sd_inpaint(), INFO)), tiny_sd_inpaint()
    painter = on(Rung.RESIDENT, pipeline)
    shortage(pipeline, lambda run, _: run == 1)
    no_room(monkeypatch, failures)
    with pytest.raises(OutOfMemory, match="96 x 64"):
        paint(painter)
    found = paint(painter)
    assert same(found, expected)
    assert found.notes == notes
    assert painter.info.placement == PLACEMENTS[rung]


def test_lora_files_take_part_on_the_way_down(tmp_path: Path) -> None:
    tiny_lora(tiny_sdxl_inpaint(), tmp_path / "style.safetensors")
    loras = (LoraUse("style"),)
    plain = StablePainter(tiny_sdxl_inpaint(), INFO, tmp_path)
    without, expected = paint(plain), paint(plain, loras=loras)
    assert not same(without, expected)
    pipeline = tiny_sdxl_inpaint()
    painter = on(Rung.RESIDENT, pipeline, tmp_path)
    shortage(pipeline, lambda run, _: run in (2, 3 + SETTINGS.steps))
    for rung in (Rung.OFFLOAD, Rung.GROUPS):
        found = paint(painter, loras=loras)
        assert painter.info.placement == PLACEMENTS[rung]
        assert same(found, expected)
    assert same(paint(painter), without)


def test_a_batch_is_halved_before_one_of_it_goes_down() -> None:
    plain, pipeline = StablePainter(tiny_sdxl_inpaint(), INFO), tiny_sdxl_inpaint()
    painter = on(Rung.RESIDENT, pipeline, batch=2)
    shortage(pipeline, lambda run, size: size > 2 or run == 2)
    works = [Work(RGB, HOLE, replace(SETTINGS, seed=seed)) for seed in (1, 2)]
    made = [event for _, event in painter.paint_together(works) if isinstance(event, Painted)]
    assert [picture.notes for picture in made] == [(STEPPED_DOWN,), ()]
    for seed, picture in enumerate(made, 1):
        assert np.array_equal(picture.rgb, paint(plain, seed=seed).rgb)
    assert painter._outfit.too_many.pixels == math.inf  # a lower rung has room for more


def test_what_was_remembered_is_let_go_on_the_way_down() -> None:
    pipeline = tiny_sdxl_inpaint()
    painter = on(Rung.RESIDENT, pipeline)
    paint(painter, prompt="snow")
    remembered = painter._outfit.prompting, painter._outfit.encodings
    assert len(remembered[0]._known) == 1
    assert painter._outfit.lower()
    assert not remembered[0]._known
    assert not remembered[1]._found


def test_the_constructor_leaves_no_model_where_it_visits_alone() -> None:
    pipeline = tiny_sd_inpaint()
    ladder = Ladder(pipeline, CPU, Rung.OFFLOAD)
    ladder.place()
    hooks = Fault(pipeline, "maybe_free_model_hooks", lambda result: result)
    StablePainter(pipeline, INFO, ladder=ladder)
    assert hooks.calls == 1


# -- who has gone --------------------------------------------------------------------------


def served(painter: StablePainter, seat: Place) -> None:
    settle(lambda seats: StableBatch(painter._outfit, seats).run(), [seat])


def seat_for(work: Work) -> Place:
    return Seat(work, 0, SimpleQueue(), threading.Event())


def test_for_who_has_gone_nothing_goes_down() -> None:
    pipeline = tiny_sdxl_inpaint()
    painter, seat = on(Rung.RESIDENT, pipeline), seat_for(Work(RGB, HOLE, SETTINGS))

    def leave(run: int, _size: int) -> bool:
        seat.stop.set()
        return run == 1

    runs = shortage(pipeline, leave)
    served(painter, seat)
    assert isinstance(seat.done.exception(), Cancelled)
    assert len(runs) == 1
    assert painter.info.placement == PLACEMENTS[Rung.RESIDENT]


def test_for_who_has_gone_before_nothing_runs() -> None:
    pipeline = tiny_sdxl_inpaint()
    painter, seat = StablePainter(pipeline, INFO), seat_for(Work(RGB, HOLE, SETTINGS))
    encoder = Fault(pipeline.text_encoder, "forward", lambda result: result)
    seat.stop.set()
    served(painter, seat)
    assert isinstance(seat.done.exception(), Cancelled)
    assert encoder.calls == 0


def test_who_goes_while_it_starts_again_is_not_painted_for() -> None:
    pipeline = tiny_sdxl_inpaint()
    painter = on(Rung.RESIDENT, pipeline)
    runs = shortage(pipeline, lambda run, _: run == 1)
    with closing(painter.paint(RGB, HOLE, replace(SETTINGS, steps=500))) as events:
        assert any(getattr(event, "note", "") == STEPPED_DOWN for event in events)
    assert len(runs) < 100
    assert isinstance(paint(painter), Painted)
