"""A painter of the newer families that runs out of memory takes less of it and starts again."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
import torch

from inpainting.errors import OutOfMemory
from inpainting.types import Painted
from models.catalog import painter_row
from models.ladder import PLACEMENTS, STEPPED_DOWN, Ladder, Rung
from models.pipeline_painter import PipelinePainter
from tests.support.flow_painters import Tiny, small_pictures, tiny_info
from tests.support.ladder import no_room
from tests.support.stable import out_of_memory, same

__all__ = ["small_pictures"]

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def all_rungs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the CPU stand in for a GPU."""
    monkeypatch.setattr("models.ladder.rungs", lambda _: tuple(Rung))
    monkeypatch.setattr("models.ladder.placement", lambda rung, _: PLACEMENTS[rung])


@pytest.fixture(params=["flux2-klein", "kandinsky22"])
def tiny(request: pytest.FixtureRequest) -> Tiny:
    return Tiny(painter_row(request.param))


def on(tiny: Tiny, rung: Rung) -> Tiny:
    """Give it a painter with a ladder."""
    ladder = Ladder(tiny.pipeline, CPU, rung)
    ladder.place()
    tiny.painter = PipelinePainter(tiny.pipeline, tiny.family, tiny_info(tiny.row), ladder)
    return tiny


class Fault:
    """Lets memory run out in those runs of the denoiser, counted over all jobs."""

    def __init__(self, tiny: Tiny, *runs: int) -> None:
        self.runs = 0
        self._due = runs
        tiny.denoiser.register_forward_pre_hook(self)

    def __call__(self, *_run: Any) -> None:
        self.runs += 1
        if self.runs in self._due:
            out_of_memory(None)


def test_a_job_starts_again_one_rung_lower(tiny: Tiny) -> None:
    expected = tiny.paint(steps=4)
    on(tiny, Rung.RESIDENT)
    Fault(tiny, 2)
    events: list[Any] = list(tiny.events(steps=4))
    assert same(events[-1], expected)
    assert events[-1].notes == (*expected.notes, STEPPED_DOWN)
    told = [event for event in events if getattr(event, "note", "") == STEPPED_DOWN]
    assert [event.step for event in told] == [0]
    assert tiny.painter.info.placement == PLACEMENTS[Rung.OFFLOAD]
    again = tiny.paint(steps=4)
    assert same(again, expected)
    assert again.notes == expected.notes


def test_a_job_that_does_not_fit_either_is_refused(tiny: Tiny) -> None:
    expected = tiny.paint()
    on(tiny, Rung.OFFLOAD)
    denoiser = Fault(tiny, 1, 2)
    with pytest.raises(OutOfMemory, match="too little memory"):
        tiny.paint()
    assert denoiser.runs == 2
    assert tiny.painter.info.placement == PLACEMENTS[Rung.GROUPS]
    assert same(tiny.paint(), expected)
    denoiser.runs = 0
    with pytest.raises(OutOfMemory):
        tiny.paint()
    assert denoiser.runs == 1  # there is no lower rung to start again on


@pytest.mark.parametrize(("failures", "rung"), [(1, Rung.OFFLOAD), (2, Rung.GROUPS)])
def test_where_a_lower_rung_finds_no_room_either_it_is_told_and_the_next_job_looks_again(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, failures: int, rung: Rung
) -> None:
    expected = tiny.paint()
    on(tiny, Rung.RESIDENT)
    Fault(tiny, 1)
    no_room(monkeypatch, failures)
    with pytest.raises(OutOfMemory, match="too little memory"):
        tiny.paint()
    found = tiny.paint()
    assert same(found, expected)
    assert (STEPPED_DOWN in found.notes) == (failures == 2)
    assert tiny.painter.info.placement == PLACEMENTS[rung]


def test_who_has_gone_is_not_painted_for_again(tiny: Tiny) -> None:
    on(tiny, Rung.RESIDENT)
    denoiser = Fault(tiny, 1)
    with closing(tiny.events(steps=50)) as events:
        assert any(event.note == STEPPED_DOWN for event in events)
    assert denoiser.runs < 10
    assert isinstance(tiny.paint(), Painted)
