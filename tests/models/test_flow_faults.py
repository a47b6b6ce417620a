"""The painters of the newer families refuse, stop and fail without harm."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_inpaint

from inpainting.errors import BadOutput, BadRequest, NothingSelected, OutOfMemory
from inpainting.types import (
    LoraUse,
    Painted,
    Tool,
)
from models.pipeline_calls import ANOTHER_SIZE, NO_STRENGTH
from models.pipeline_painter import PipelinePainter
from models.rows.flow import FLOW
from tests.support.flow_painters import (
    HOLE,
    RGB,
    WHOLE,
    Fault,
    Tiny,
    built,
    one,
    small_pictures,
    tiny,
)
from tests.support.stable import out_of_memory, same

__all__ = ["built", "one", "small_pictures", "tiny"]


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rgb", "hole", "changes", "error"),
    [
        (RGB, np.zeros_like(HOLE), {}, NothingSelected),
        (RGB, HOLE[:-8], {}, BadRequest),
        (RGB, HOLE.astype(np.uint8), {}, BadRequest),
        (RGB[:-3], HOLE[:-3], {}, BadRequest),
        (RGB.astype(np.float32), HOLE, {}, BadRequest),
        (RGB, HOLE, {"scheduler": "Heun"}, BadRequest),
        (RGB, HOLE, {"loras": (LoraUse("a"),)}, BadRequest),
    ],
)
def test_bad_arguments_are_refused_before_the_model_runs(
    one: Tiny,
    monkeypatch: pytest.MonkeyPatch,
    rgb: Any,
    hole: Any,
    changes: dict[str, Any],
    error: type[Exception],
) -> None:
    denoiser = Fault(monkeypatch, one.denoiser, "forward")
    with pytest.raises(error):
        list(one.painter.paint(rgb, hole, replace(one.settings, **changes)))
    assert denoiser.calls == 0


def test_a_strength_that_runs_no_step_is_refused(tiny: Tiny) -> None:
    weak = {"kandinsky": 0.1}.get(tiny.row.kind, 1e-20)
    if tiny.row.kind == "kandinsky-inpaint":
        assert tiny.paint(strength=weak).notes == (NO_STRENGTH,)
        return
    with pytest.raises(BadRequest, match="no step at all"):
        tiny.paint(strength=weak)


def test_what_a_painter_has_no_way_to_paint_is_refused(tiny: Tiny) -> None:
    settings = replace(tiny.settings, strength=0.6)
    if tiny.family.image is None:
        with pytest.raises(BadRequest, match="whole picture"):
            list(tiny.painter.paint(RGB, WHOLE, settings))
    else:
        assert Tool.RESTYLE in tiny.row.tools or tiny.row.kind == "flux-fill"


# -- stopping ----------------------------------------------------------------------------------


def test_closing_stops_within_a_step_and_harms_nothing(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tiny.paint()
    denoiser = Fault(monkeypatch, tiny.denoiser, "forward")
    tiny.paint()
    each = denoiser.calls // tiny.settings.steps or 1
    denoiser.calls = 0
    with closing(tiny.events(steps=100)) as events:
        steps = (event for event in events if not event.note)
        assert next(steps).step == 1
    assert each <= denoiser.calls < 100 * each
    assert same(alone, tiny.paint())


def test_a_stopped_job_runs_one_step_more_at_most(
    one: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing_now, closed = threading.Event(), threading.Event()

    def hold(result: Any) -> Any:
        closing_now.set()
        assert closed.wait(20)
        return result

    denoiser = Fault(monkeypatch, one.denoiser, "forward")
    one.paint(steps=1, strength=1.0)
    each, denoiser.calls = denoiser.calls, 0
    denoiser._act, denoiser._when = hold, lambda call: call == each + 1
    events = one.events(steps=50, strength=1.0)
    assert any(event.step == 1 for event in events)
    assert closing_now.wait(20)
    closer = threading.Thread(target=events.close)
    closer.start()
    threading.Timer(0.05, closed.set).start()
    closer.join(20)
    assert not closer.is_alive()
    assert denoiser.calls == 2 * each


@pytest.mark.parametrize(
    "tiny", [row for row in FLOW if row.components], indirect=True, ids=lambda row: row.key
)
def test_a_job_can_be_stopped_while_it_reads_the_prompt(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tiny.paint()
    with monkeypatch.context() as patch:
        denoiser = Fault(patch, tiny.denoiser, "forward")
        with closing(tiny.events()) as events:
            waiting = next(events)
            assert (waiting.step, waiting.preview) == (0, None)
            assert waiting.note
        assert denoiser.calls == 0
    assert same(alone, tiny.paint())


def test_jobs_of_two_threads_give_what_each_gives_alone(one: Tiny) -> None:
    alone = {seed: one.paint(seed=seed) for seed in range(4)}
    together: dict[int, Painted] = {}

    def work(seeds: range) -> None:
        together.update({seed: one.paint(seed=seed) for seed in seeds})

    threads = [threading.Thread(target=work, args=(range(n, 4, 2),)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(same(alone[seed], together[seed]) for seed in range(4))


def test_jobs_of_all_tools_in_turn_give_what_each_gives_alone(tiny: Tiny) -> None:
    alone = {tool: tiny.paint(tool) for tool in tiny.row.tools}
    for tool in (*reversed(tiny.row.tools), *tiny.row.tools):
        assert same(alone[tool], tiny.paint(tool))


# -- faults ------------------------------------------------------------------------------------


def test_out_of_memory_is_told_and_harms_nothing(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tiny.paint()
    with monkeypatch.context() as patch:
        Fault(patch, tiny.denoiser, "forward", out_of_memory, lambda call: call == 2)
        with pytest.raises(OutOfMemory, match="128 x 64"):
            tiny.paint(steps=4, strength=1.0)
    assert same(alone, tiny.paint())


def test_other_errors_pass_and_harm_nothing(one: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_result: Any) -> Any:
        raise RuntimeError("shape mismatch")

    alone = one.paint()
    with monkeypatch.context() as patch:
        Fault(patch, one.denoiser, "forward", broken)
        with pytest.raises(RuntimeError, match="shape mismatch"):
            one.paint()
    assert same(alone, one.paint())


def test_no_picture_is_bad_output_and_harms_nothing(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tiny.paint()
    for value in (float("nan"), -40.0):
        with monkeypatch.context() as patch:
            decoder = getattr(tiny.pipeline, tiny.family.vae).decoder
            Fault(patch, decoder, "forward", partial(torch.full_like, fill_value=value))
            with pytest.raises(BadOutput):
                tiny.paint()
    assert same(alone, tiny.paint())


def test_models_are_freed_after_every_end(one: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    freed = Fault(monkeypatch, one.pipeline, "maybe_free_model_hooks")
    one.paint()
    assert freed.calls >= 1
    before = freed.calls
    with monkeypatch.context() as patch:
        Fault(patch, one.denoiser, "forward", out_of_memory)
        with pytest.raises(OutOfMemory):
            one.paint()
    assert freed.calls == before + 1
    assert "step" not in vars(one.pipeline.scheduler)


def test_a_picture_of_another_size_is_brought_to_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Tiny(next(row for row in FLOW if row.key == "qwen-image-edit"))
    monkeypatch.setattr(
        pipeline_qwenimage_edit_inpaint, "calculate_dimensions", lambda *_: (64, 32, None)
    )
    painted = tiny.paint(Tool.REPAINT)
    assert painted.rgb.shape == RGB.shape
    assert ANOTHER_SIZE in painted.notes


def test_models_that_take_turns_paint_the_same_also_after_a_stop(one: Tiny) -> None:
    """They wait in the machine's memory, and here the processor also stands for the GPU."""
    turns = Tiny(one.row)
    turns.pipeline.enable_model_cpu_offload(device="cpu")
    turns.painter = PipelinePainter(turns.pipeline, turns.family, turns.painter.info)
    for tool in one.row.tools:
        with closing(turns.events(tool, steps=50)) as events:
            assert next(events).total > 2
        assert same(one.paint(tool), turns.paint(tool))
