"""A Painter on diffusers pipelines that decode by themselves, one for each way to paint."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inpainting.errors import BadOutput, OutOfMemory
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Progress, Rgb
from models.decoding import Decoded, is_picture, to_rgb
from models.device import unless_out_of_memory
from models.families import Family, Mode
from models.flow_latents import Finished
from models.flow_prompts import worded
from models.ladder import STEPPED_DOWN, Ladder
from models.pictures import check_picture
from models.pipeline_calls import (
    arguments,
    at_size,
    check_settings,
    check_steps,
    freed,
    left_out,
    mode_for,
    pausing,
    siblings,
)
from models.preview import fit_projection, project
from models.worker import Emit, StopSignal, Worker
from models.workers import painters_own

Event = Progress | Painted
OnStep = Callable[..., dict[str, Any]]

READING = "Reading the prompt."


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """What is painted, how, and who listens."""

    mode: Mode
    rgb: Rgb
    hole: Mask
    settings: PaintSettings
    emit: Emit[Event]
    stop: StopSignal


class PipelinePainter:
    """A `Painter` on a pipeline of a `Family` and its siblings, which share all its components.

    One job at a time, on the thread of `worker`, which may be a device's, or else of its own; jobs
    of other threads wait in the order of their coming. The pipeline belongs to the painter: use it
    through nothing else. `ladder` has placed it, and places it lower when memory runs out.
    """

    def __init__(
        self,
        pipeline: Any,
        family: Family,
        info: ModelInfo,
        ladder: Ladder | None = None,
        worker: Worker | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._ladder = ladder
        self._family = family
        self._info = info
        self._pipelines = siblings(pipeline, family)
        with freed(pipeline):
            vae = getattr(pipeline, family.vae)
            self._projection = fit_projection(vae, family.encode, pipeline._execution_device)
        self._worker = worker or painters_own(info.device)

    @property
    def info(self) -> ModelInfo:
        """What this is, with `defaults`, `schedulers` and the present `placement` set."""
        if self._ladder is None:
            return self._info
        return replace(self._info, placement=self._ladder.placement)

    def paint(self, rgb: Rgb, hole: Mask, settings: PaintSettings) -> Generator[Event, None, None]:
        """Paint where `hole` is True; yield `Progress` after each step, then one `Painted`.

        `rgb` HxWx3 uint8 with sides that are multiples of `info.multiple`; `hole` HxW bool; all of
        it at a strength of 1 paints from the prompt alone, below it over the picture. The same
        arguments on the same device give the same bytes. Closing the generator stops the job after
        the step that runs, and returns when the painter is free again. Raises BadRequest,
        NothingSelected, OutOfMemory, BadOutput.
        """
        check_picture(rgb, hole, self._info.multiple)
        check_settings(settings, self._info)
        mode = mode_for(self._family, self._info, hole, settings.strength)
        check_steps(mode, self._family, settings)

        def job(emit: Emit[Event], stop: StopSignal) -> None:
            self._run(_Job(mode, rgb, hole, settings, emit, stop))

        yield from self._worker.stream(job)

    def _run(self, job: _Job) -> None:
        """Do one job on the worker's thread."""
        prompts, notes = worded(self._pipeline, self._family, job.settings)
        self._pause(job)
        decoded, lowered = self._in_memory(job, prompts)
        job.stop.check()
        picture, scaled = at_size(decoded, *job.rgb.shape[:2])
        if not is_picture(picture, job.hole):
            raise BadOutput("The painter gave no picture; try another seed or other words.")
        unused = left_out(job.mode, self._family, job.settings, self._info)
        job.emit(Painted(to_rgb(picture), notes + unused + scaled + lowered))

    def _in_memory(self, job: _Job, prompts: Mapping[str, Any]) -> tuple[Decoded, tuple[str, ...]]:
        """Return what the pipeline decoded, with a note where it had to start again with less."""
        painted = self._painted(job, prompts)
        if painted is not None:
            return painted, ()
        if self._lower(job):
            painted = self._painted(job, prompts)
        if painted is None:
            raise OutOfMemory(
                f"There is too little memory on {self._info.device} to paint {job.rgb.shape[1]} x "
                f"{job.rgb.shape[0]} pixels; close other programs that use it, or choose another "
                "model."
            )
        return painted, (STEPPED_DOWN,)

    def _pause(self, job: _Job) -> None:
        """Stop here if nobody listens any more; else let in who waits for the device."""
        job.stop.check()
        self._worker.answer_calls()

    def _lower(self, job: _Job) -> bool:
        """Place the pipeline one rung lower and tell of it; False where there is none."""
        self._pause(job)
        if self._ladder is None or not self._ladder.lower():
            return False
        job.emit(Progress(0, job.settings.steps, note=STEPPED_DOWN))
        return True

    def _painted(self, job: _Job, prompts: Mapping[str, Any]) -> Decoded | None:
        """Return what the pipeline of a job decoded, HxWx3 of -1 to 1; None if memory ran out."""
        if self._ladder is not None and unless_out_of_memory(self._ladder.settle) is None:
            return None
        pipeline, guess = self._pipelines[job.mode.pipeline], Finished()
        asked = arguments(job.mode, self._family, job.rgb, job.hole, job.settings)
        listeners = self._listeners(guess, job)
        pauses = pausing(self._pipeline, lambda: self._pause(job))
        with freed(self._pipeline), guess.listening(self._pipeline.scheduler), pauses:
            found = unless_out_of_memory(lambda: pipeline(**prompts, **asked, **listeners).images)
        return None if found is None else np.asarray(found[0] * 2 - 1, np.float32)

    def _listeners(self, guess: Finished, job: _Job) -> dict[str, OnStep]:
        """Return the callbacks of a job: they tell how far it is, and stop it."""
        height, width = job.rgb.shape[:2]

        def on_step(running: Any, index: int, _time: Any, _tensors: Any) -> dict[str, Any]:
            latents = guess.latents
            seen = None
            if latents is not None:
                seen = project(self._family.spread(latents, height, width), self._projection)
            job.emit(Progress(index + 1, running.num_timesteps, seen))
            self._pause(job)
            return {}

        def on_prior_step(*_told: Any) -> dict[str, Any]:
            job.emit(Progress(0, job.settings.steps, note=READING))
            self._pause(job)
            return {}

        prior = {"prior_callback_on_step_end": on_prior_step} if self._family.prior else {}
        return {"callback_on_step_end": on_step, **prior}
