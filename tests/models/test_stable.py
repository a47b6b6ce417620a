"""The painter on a tiny real SDXL pipeline: what a job gives, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from inpainting.errors import BadRequest, NothingSelected
from inpainting.types import Painted, Progress
from models.catalog import SCHEDULERS
from models.stable import StablePainter
from tests.support.stable import HOLE, INFO, RGB, SETTINGS, Fault, paint, same
from tests.support.tiny import tiny_sdxl_inpaint


@pytest.fixture
def pipeline() -> Any:
    return tiny_sdxl_inpaint()


@pytest.fixture
def painter(pipeline: Any) -> StablePainter:
    return StablePainter(pipeline, INFO)


# -- what a job gives ----------------------------------------------------------------------


def test_a_job_tells_every_step_and_ends_with_the_picture(painter: StablePainter) -> None:
    *steps, last = painter.paint(RGB, HOLE, SETTINGS)
    assert [(e.step, e.total) for e in steps if isinstance(e, Progress)] == [
        (n, 4) for n in (1, 2, 3, 4)
    ]
    assert isinstance(last, Painted)
    assert last.rgb.shape == RGB.shape
    assert last.rgb.dtype == np.uint8
    assert last.notes == ()


def test_previews_are_small_pictures_that_change(painter: StablePainter) -> None:
    previews = [e.preview for e in painter.paint(RGB, HOLE, SETTINGS) if isinstance(e, Progress)]
    shown = [preview for preview in previews if preview is not None]
    assert len(shown) == 4
    assert all(p.ndim == 3 and p.dtype == np.uint8 and max(p.shape) <= 128 for p in shown)
    assert not np.array_equal(shown[0], shown[-1])


@pytest.mark.parametrize(
    ("steps", "strength", "run"), [(4, 0.99, 3), (4, 0.9999, 3), (10, 0.5, 5), (3, 1.0, 3)]
)
def test_total_is_what_really_runs(
    painter: StablePainter, pipeline: Any, steps: int, strength: float, run: int
) -> None:
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    events = list(painter.paint(RGB, HOLE, replace(SETTINGS, steps=steps, strength=strength)))
    totals = {event.total for event in events if isinstance(event, Progress)}
    assert totals == {run}
    assert len(events) == run + 1
    assert unet.calls == run


@pytest.mark.parametrize("name", SCHEDULERS)
def test_each_scheduler_paints_and_counts_right(painter: StablePainter, name: str) -> None:
    events = list(painter.paint(RGB, HOLE, replace(SETTINGS, scheduler=name, strength=0.8)))
    steps = [event for event in events if isinstance(event, Progress)]
    assert [event.step for event in steps] == list(range(1, steps[0].total + 1))
    assert isinstance(events[-1], Painted)
    assert same(events[-1], paint(painter, scheduler=name, strength=0.8))


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"prompt": "blue sea"},
        {"negative_prompt": "people"},
        {"guidance": 7.0},
        {"strength": 0.6},
        {"scheduler": "DDIM"},
    ],
)
def test_every_setting_tells_in_the_picture(painter: StablePainter, change: dict[str, Any]) -> None:
    assert same(paint(painter), paint(painter))
    assert not same(paint(painter), paint(painter, **change))


def test_the_global_random_state_is_neither_used_nor_changed(painter: StablePainter) -> None:
    first = paint(painter)
    torch.rand(3)
    before = torch.get_rng_state()
    assert same(first, paint(painter))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("guidance", [0.0, 1.0])
def test_without_guidance_it_still_paints(painter: StablePainter, guidance: float) -> None:
    assert paint(painter, guidance=guidance).rgb.std() > 0


# -- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rgb", "hole", "changes", "error"),
    [
        (RGB, np.zeros_like(HOLE), {}, NothingSelected),
        (RGB, HOLE[:-8], {}, BadRequest),
        (RGB, HOLE.astype(np.uint8), {}, BadRequest),
        (RGB[:-3], HOLE[:-3], {}, BadRequest),
        (RGB.astype(np.float32), HOLE, {}, BadRequest),
        (RGB, HOLE, {"scheduler": "Heun"}, BadRequest),
        (RGB, HOLE, {"strength": 0.1}, BadRequest),
    ],
)
def test_bad_arguments_are_refused_before_the_model_runs(
    pipeline: Any, rgb: Any, hole: Any, changes: dict[str, Any], error: type[Exception]
) -> None:
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    with pytest.raises(error):
        list(StablePainter(pipeline, INFO).paint(rgb, hole, replace(SETTINGS, **changes)))
    assert unet.calls == 0
