"""One picture by Stable Diffusion, made on the painter's own thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

from inpainting.errors import BadOutput, BadRequest, OutOfMemory
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Progress, Rgb
from models.decoding import decode_somehow, encode, is_picture, restored, to_rgb
from models.device import unless_out_of_memory
from models.lora import Loras
from models.modes import Mode, Pipelines, mode_for
from models.preview import Guess, Projection, project
from models.prompting import Prompting, Worded
from models.schedulers import build_scheduler, count_steps
from models.softness import SoftHole
from models.worker import Emit, StopSignal

IN_32_BITS = "Half precision gave no picture, so the VAE ran again in 32 bits."

Event = Progress | Painted

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Outfit:
    """What a painter paints with; `config` describes the scheduler that its model came with."""

    info: ModelInfo
    pipelines: Pipelines
    prompting: Prompting
    loras: Loras
    projection: Projection
    config: Mapping[str, Any]

    def scheduler(self, settings: PaintSettings) -> tuple[Any, int]:
        """Return a fresh scheduler and the number of steps that it will really run.

        Raises BadRequest for one that the painter does not list, and where no step would run.
        """
        if settings.scheduler not in self.info.schedulers:
            names = ", ".join(self.info.schedulers)
            raise BadRequest(f"The scheduler is {settings.scheduler!r}; choose one of {names}.")
        scheduler = build_scheduler(settings.scheduler, self.config, settings.steps)
        return scheduler, count_steps(scheduler, settings.steps, settings.strength)


class StableJob:
    """Paints `hole`, HxW, of `rgb`, HxWx3, as `settings` say; see `StablePainter.paint`."""

    def __init__(self, outfit: Outfit, rgb: Rgb, hole: Mask, settings: PaintSettings) -> None:
        self._outfit = outfit
        self._rgb, self._hole, self._settings = rgb, hole, settings
        channels = int(outfit.pipelines.main.unet.config.in_channels)
        self._mode = mode_for(hole, settings.strength, channels)

    def run(self, emit: Emit[Event], stop: StopSignal) -> None:
        """Do the job, and once more in float32 if it gives no picture."""
        outfit, settings = self._outfit, self._settings
        # The offload hooks are the main pipeline's, whichever of them paints.
        with restored(outfit.pipelines.main), ExitStack() as stack:
            loras = outfit.loras.active(settings.loras)
            self._in_memory(lambda: stack.enter_context(loras))
            worded = self._in_memory(
                lambda: outfit.prompting.worded(settings.prompt, settings.negative_prompt)
            )
            self._paint(outfit.pipelines.of(self._mode), worded, emit, stop)

    def _in_memory(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; raises OutOfMemory, with the memory freed, where it ends."""
        done = unless_out_of_memory(work)
        if done is not None:
            return done
        height, width = self._hole.shape
        raise OutOfMemory(
            f"There is too little memory on {self._outfit.info.device} to paint {width} x "
            f"{height} pixels; close other programs that use it, or choose another "
            "model."
        )

    def _paint(self, pipeline: Any, worded: Worded, emit: Emit[Event], stop: StopSignal) -> None:
        latents: torch.Tensor | None = None
        for precise in (False, True):
            if latents is None or not bool(latents.isfinite().all()):
                latents = self._denoise(pipeline, worded, emit, stop, precise=precise)
            stop.check()
            decoded, notes = decode_somehow(pipeline.vae, latents, precise=precise)
            if is_picture(decoded, self._hole):
                told = (*worded.notes, *notes, *((IN_32_BITS,) * precise))
                files = self._outfit.loras.digests(self._settings.loras)
                emit(Painted(to_rgb(decoded), told, files))
                return
        raise BadOutput(
            "The painter gave no picture, also in 32 bits; try another seed or scheduler."
        )

    def _denoise(
        self, pipeline: Any, worded: Worded, emit: Emit[Event], stop: StopSignal, *, precise: bool
    ) -> torch.Tensor:
        """Return the finished latents, 1x4xhxw, on the pipeline's device."""
        pipeline.scheduler, total = self._outfit.scheduler(self._settings)
        if precise:
            pipeline.vae.register_to_config(force_upcast=True)
        return self._in_memory(lambda: self._latents(pipeline, worded, total, emit, stop))

    def _latents(
        self, pipeline: Any, worded: Worded, total: int, emit: Emit[Event], stop: StopSignal
    ) -> torch.Tensor:
        guess = Guess(pipeline.scheduler, self._settings.guidance)
        projection = self._outfit.projection
        soft = self._soft(pipeline)

        def on_step(_pipeline: Any, index: int, _time: Any, tensors: dict[str, Any]) -> Any:
            seen = None if guess.latents is None else project(guess.latents, projection)
            emit(Progress(index + 1, total, seen))
            stop.check()
            if soft is None:
                return {}
            return {"latents": soft.held(tensors["latents"], pipeline.scheduler, index + 1, total)}

        with guess.listening(pipeline.unet):
            found = pipeline(**worded.arguments, **self._arguments(), callback_on_step_end=on_step)
        return torch.as_tensor(found.images)

    def _soft(self, pipeline: Any) -> SoftHole | None:
        softness = self._settings.softness
        if self._mode is not Mode.HOLE or softness <= 0 or self._hole.all():
            return None
        picture = self._picture().to(pipeline._execution_device) * 2 - 1
        original = encode(pipeline.vae, picture).to(pipeline.unet.dtype)
        return SoftHole(original, self._hole, softness, self._settings.seed)

    def _picture(self) -> torch.Tensor:
        """Return the picture as 1x3xHxW float32, 0 to 1."""
        return torch.from_numpy(self._rgb.astype(np.float32) / 255).permute(2, 0, 1)[None]

    def _arguments(self) -> dict[str, Any]:
        settings = self._settings
        height, width = self._hole.shape
        size = {"height": height, "width": width}
        picture = {"image": self._picture(), "strength": settings.strength}
        hole = torch.from_numpy(self._hole.astype(np.float32))[None, None]
        ways: Mapping[Mode, dict[str, Any]] = {
            Mode.TEXT: size,
            Mode.IMAGE: picture,
            Mode.HOLE: {**size, **picture, "mask_image": hole},
        }
        return {
            **ways[self._mode],
            "num_inference_steps": settings.steps,
            "guidance_scale": settings.guidance,
            "generator": torch.Generator("cpu").manual_seed(settings.seed),
            "output_type": "latent",
        }
