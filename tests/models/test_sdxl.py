"""The painter on a tiny real SDXL pipeline: what it promises also holds after every fault."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from inpainting.errors import BadOutput, BadRequest, NothingSelected, OutOfMemory
from inpainting.types import (
    Mask,
    ModelInfo,
    PaintDefaults,
    Painted,
    PaintSettings,
    Progress,
    Rgb,
)
from models.catalog import SCHEDULERS
from models.decoding import IN_TILES
from models.sdxl import IN_32_BITS, SdxlPainter
from tests.support.tiny import NATIVE_SIDE, tiny_sdxl_inpaint

INFO = ModelInfo(
    "tiny",
    "Tiny",
    "tests",
    "1",
    "Apache-2.0",
    native_side=NATIVE_SIDE,
    schedulers=SCHEDULERS,
    defaults=PaintDefaults(4, 3.0, 0.99, "Euler"),
)
SETTINGS = PaintSettings("red brick", "", 1, 4, 3.0, 1.0, "Euler")

RGB: Rgb = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
HOLE: Mask = np.zeros((64, 96), np.bool_)
HOLE[16:48, 24:80] = True


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other take most of the time of tiny models on busy cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def pipeline() -> Any:
    return tiny_sdxl_inpaint()


@pytest.fixture
def painter(pipeline: Any) -> SdxlPainter:
    return SdxlPainter(pipeline, INFO)


def paint(painter: SdxlPainter, **changes: Any) -> Painted:
    *_, last = painter.paint(RGB, HOLE, replace(SETTINGS, **changes))
    assert isinstance(last, Painted)
    return last


def same(one: Painted, other: Painted) -> bool:
    return np.array_equal(one.rgb, other.rgb)


def state_of(pipeline: Any) -> tuple[object, ...]:
    """All that a job changes in a pipeline and must put back."""
    vae = pipeline.vae
    return pipeline.scheduler, vae.dtype, vae.config.force_upcast, vae.use_tiling


class Fault:
    """Stands in for a method of a module: does `act(result)` in the calls numbered `when`."""

    def __init__(
        self,
        owner: Any,
        name: str,
        act: Callable[[Any], Any],
        when: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self.calls = 0
        self._original = getattr(owner, name)
        self._act, self._when = act, when
        setattr(owner, name, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        due = self._when(self.calls)
        result = self._original(*args, **kwargs)
        return self._act(result) if due else result


def out_of_memory(_result: Any) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def times_nan(result: Any) -> Any:
    return tuple(tensor * float("nan") for tensor in result)


def to_black(result: Any) -> Any:
    return tuple(torch.full_like(tensor, -40.0) for tensor in result)


# -- what a job gives --------------------------------------------------------------------------


def test_a_job_tells_every_step_and_ends_with_the_picture(painter: SdxlPainter) -> None:
    *steps, last = painter.paint(RGB, HOLE, SETTINGS)
    assert [(e.step, e.total) for e in steps if isinstance(e, Progress)] == [
        (n, 4) for n in (1, 2, 3, 4)
    ]
    assert isinstance(last, Painted)
    assert last.rgb.shape == RGB.shape
    assert last.rgb.dtype == np.uint8
    assert last.notes == ()


def test_previews_are_small_pictures_that_change(painter: SdxlPainter) -> None:
    previews = [e.preview for e in painter.paint(RGB, HOLE, SETTINGS) if isinstance(e, Progress)]
    shown = [preview for preview in previews if preview is not None]
    assert len(shown) == 4
    assert all(p.ndim == 3 and p.dtype == np.uint8 and max(p.shape) <= 128 for p in shown)
    assert not np.array_equal(shown[0], shown[-1])


@pytest.mark.parametrize(
    ("steps", "strength", "run"), [(4, 0.99, 3), (4, 0.9999, 3), (10, 0.5, 5), (3, 1.0, 3)]
)
def test_total_is_what_really_runs(
    painter: SdxlPainter, pipeline: Any, steps: int, strength: float, run: int
) -> None:
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    events = list(painter.paint(RGB, HOLE, replace(SETTINGS, steps=steps, strength=strength)))
    totals = {event.total for event in events if isinstance(event, Progress)}
    assert totals == {run}
    assert len(events) == run + 1
    assert unet.calls == run


@pytest.mark.parametrize("name", SCHEDULERS)
def test_each_scheduler_paints_and_counts_right(painter: SdxlPainter, name: str) -> None:
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
def test_every_setting_tells_in_the_picture(painter: SdxlPainter, change: dict[str, Any]) -> None:
    assert same(paint(painter), paint(painter))
    assert not same(paint(painter), paint(painter, **change))


def test_the_global_random_state_is_neither_used_nor_changed(painter: SdxlPainter) -> None:
    first = paint(painter)
    torch.rand(3)
    before = torch.get_rng_state()
    assert same(first, paint(painter))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("guidance", [0.0, 1.0])
def test_without_guidance_it_still_paints(painter: SdxlPainter, guidance: float) -> None:
    assert paint(painter, guidance=guidance).rgb.std() > 0


# -- prompts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prompt", ["", "brick " * 200, "b" * 2000, "é🙂 " * 100, "<|endoftext|> " * 90]
)
def test_prompts_of_any_length_paint_and_leave_no_trace_in_the_log(
    painter: SdxlPainter, caplog: pytest.LogCaptureFixture, prompt: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        painted = paint(painter, prompt=prompt, negative_prompt=prompt)
    said = " ".join(record.getMessage() for record in caplog.records)
    assert not any(word in said for word in ("brick", "bbb", "🙂", "truncated"))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(painted.notes) == (2 if len(prompt) > 100 else 0)
    assert all("left out" in note for note in painted.notes)


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
        (RGB, HOLE, {"strength": 0.1}, BadRequest),
    ],
)
def test_bad_arguments_are_refused_before_the_model_runs(
    pipeline: Any, rgb: Any, hole: Any, changes: dict[str, Any], error: type[Exception]
) -> None:
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    with pytest.raises(error):
        list(SdxlPainter(pipeline, INFO).paint(rgb, hole, replace(SETTINGS, **changes)))
    assert unet.calls == 0


# -- stopping ----------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 2, 5])
def test_closing_stops_within_a_step_and_harms_nothing(
    painter: SdxlPainter, pipeline: Any, at: int
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


def test_a_stopped_job_runs_one_step_more_at_most(painter: SdxlPainter, pipeline: Any) -> None:
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


def test_dropping_the_generator_frees_the_painter(painter: SdxlPainter) -> None:
    alone = paint(painter)
    events = painter.paint(RGB, HOLE, replace(SETTINGS, steps=1000))
    next(events)
    del events
    assert same(alone, paint(painter))


def test_closing_before_the_first_step_and_after_the_last_is_fine(painter: SdxlPainter) -> None:
    unbegun = painter.paint(RGB, HOLE, SETTINGS)
    unbegun.close()
    finished = painter.paint(RGB, HOLE, SETTINGS)
    assert len(list(finished)) == SETTINGS.steps + 1
    finished.close()
    assert list(finished) == []


def test_a_waiting_job_can_be_given_up(painter: SdxlPainter) -> None:
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


def test_jobs_of_two_threads_give_what_each_gives_alone(painter: SdxlPainter) -> None:
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


def test_a_generator_may_be_resumed_on_any_thread(painter: SdxlPainter) -> None:
    alone = paint(painter)
    events = painter.paint(RGB, HOLE, SETTINGS)
    seen: list[Progress | Painted] = []
    while not seen or not isinstance(seen[-1], Painted):
        thread = threading.Thread(target=lambda: seen.append(next(events)))
        thread.start()
        thread.join(20)
    assert isinstance(seen[-1], Painted)
    assert same(alone, seen[-1])


# -- memory ------------------------------------------------------------------------------------


def test_out_of_memory_in_the_unet_is_told_and_harms_nothing(
    painter: SdxlPainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    unet = Fault(pipeline.unet, "forward", out_of_memory, lambda call: call == 2)
    with pytest.raises(OutOfMemory, match="96 x 64"):
        paint(painter)
    assert unet.calls == 2
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_out_of_memory_while_decoding_falls_back_to_tiles(
    painter: SdxlPainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    decode = Fault(pipeline.vae, "_decode", out_of_memory, lambda call: call == 1)
    tiled = paint(painter)
    assert decode.calls == 2
    assert tiled.notes == (IN_TILES,)
    assert tiled.rgb.shape == alone.rgb.shape
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_out_of_memory_on_every_rung_is_told_once_each_was_tried(
    painter: SdxlPainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    decode = Fault(pipeline.vae, "_decode", out_of_memory, lambda call: call <= 2)
    with pytest.raises(OutOfMemory, match="tiles"):
        paint(painter)
    assert decode.calls == 2
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_other_errors_are_not_retried(painter: SdxlPainter, pipeline: Any) -> None:
    def broken(_result: Any) -> Any:
        raise RuntimeError("shape mismatch")

    before = state_of(pipeline)
    decode = Fault(pipeline.vae, "_decode", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        paint(painter)
    assert decode.calls == 1
    assert state_of(pipeline) == before


# -- pictures that are none --------------------------------------------------------------------


@pytest.mark.parametrize("spoil", [times_nan, to_black])
def test_no_picture_is_decoded_again_from_the_same_latents(
    painter: SdxlPainter, pipeline: Any, spoil: Callable[[Any], Any]
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    Fault(pipeline.vae, "decode", spoil, lambda call: call == 1)
    again = paint(painter)
    assert unet.calls == SETTINGS.steps
    assert again.notes == (IN_32_BITS,)
    assert same(alone, again)
    assert state_of(pipeline) == before


@pytest.mark.parametrize("spoil", [times_nan, to_black])
def test_no_picture_twice_is_bad_output_and_harms_nothing(
    painter: SdxlPainter, pipeline: Any, spoil: Callable[[Any], Any]
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    decode = Fault(pipeline.vae, "decode", spoil, lambda call: call <= 2)
    with pytest.raises(BadOutput):
        paint(painter)
    assert decode.calls == 2
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_latents_that_are_not_finite_are_made_once_more(
    painter: SdxlPainter, pipeline: Any
) -> None:
    alone, before = paint(painter), state_of(pipeline)
    unet = Fault(pipeline.unet, "forward", times_nan, lambda call: call == 1)
    again = paint(painter)
    assert unet.calls == 2 * SETTINGS.steps
    assert again.notes == (IN_32_BITS,)
    assert same(alone, again)
    assert state_of(pipeline) == before


def test_a_half_precision_vae_is_decoded_in_32_bits_and_is_half_again_after(pipeline: Any) -> None:
    pipeline.to(torch.float16)
    painter = SdxlPainter(pipeline, INFO)
    before = state_of(pipeline)
    dtypes: list[torch.dtype] = []

    def spoil_halves(result: Any) -> Any:
        dtypes.append(pipeline.vae.dtype)
        return times_nan(result) if pipeline.vae.dtype == torch.float16 else result

    Fault(pipeline.vae, "decode", spoil_halves)
    assert paint(painter).notes == (IN_32_BITS,)
    assert dtypes == [torch.float16, torch.float32]
    assert state_of(pipeline) == before


def test_a_fault_under_force_upcast_leaves_the_vae_in_half(pipeline: Any) -> None:
    pipeline.to(torch.float16)
    pipeline.vae.register_to_config(force_upcast=True)
    painter = SdxlPainter(pipeline, INFO)
    alone, before = paint(painter), state_of(pipeline)
    Fault(pipeline.vae, "_decode", out_of_memory, lambda call: call <= 2)
    with pytest.raises(OutOfMemory):
        paint(painter)
    assert state_of(pipeline) == before
    assert same(alone, paint(painter))


def test_offload_hooks_are_freed_after_every_end(painter: SdxlPainter, pipeline: Any) -> None:
    hooks = Fault(pipeline, "maybe_free_model_hooks", lambda result: result)
    paint(painter)
    freed = hooks.calls
    assert freed >= 1
    Fault(pipeline.unet, "forward", out_of_memory, lambda call: call == 1)
    with pytest.raises(OutOfMemory):
        paint(painter)
    assert hooks.calls == freed + 1
