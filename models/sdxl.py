"""SDXL inpainting as a Painter, and the notebook's `run_inpainting`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from inpainting.errors import BadOutput, BadRequest, NothingSelected, OutOfMemory
from inpainting.repainting import plan, prepare, put_back
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Progress, Rgb
from models.decoding import decode_somehow, is_picture, restored, to_rgb
from models.device import unless_out_of_memory
from models.preview import Guess, project, projection_for
from models.schedulers import build_scheduler, count_steps, scheduler_names
from models.wording import fit_prompt, note_on_rest
from models.worker import Emit, StopSignal, Worker

if TYPE_CHECKING:
    from diffusers import StableDiffusionXLInpaintPipeline

IN_32_BITS = "Half precision gave no picture, so the VAE ran again in 32 bits."

NOTEBOOK_STEPS = 25
NOTEBOOK_STRENGTH = 0.99
Event = Progress | Painted


class SdxlPainter:
    """A `Painter` on a loaded `StableDiffusionXLInpaintPipeline` whose UNet has 9 channels.

    One job at a time, on a thread of its own; jobs of other threads wait in the order of their
    coming. The pipeline belongs to the painter: use it through nothing else.
    """

    def __init__(self, pipeline: StableDiffusionXLInpaintPipeline, info: ModelInfo) -> None:
        self._pipeline: Any = pipeline
        self._pipeline.set_progress_bar_config(disable=True)
        self._info = info
        self._config = dict(self._pipeline.scheduler.config)
        self._projection = projection_for(self._pipeline.vae)
        self._worker: Worker[Event] = Worker("painter")

    @property
    def info(self) -> ModelInfo:
        """What this is, with `defaults` and `schedulers` set."""
        return self._info

    def paint(self, rgb: Rgb, hole: Mask, settings: PaintSettings) -> Generator[Event, None, None]:
        """Paint where `hole` is True; yield `Progress` after each step, then one `Painted`.

        `rgb` HxWx3 uint8 with sides that are multiples of `info.multiple`; `hole` HxW bool. The
        same arguments on the same device give the same bytes. Closing the generator stops the job
        after the step that runs, and returns when the painter is free again. Raises BadRequest,
        NothingSelected, OutOfMemory, BadOutput.
        """
        _check(rgb, hole, self._info.multiple)
        self._plan(settings)
        yield from self._worker.stream(
            lambda emit, stop: self._run(rgb, hole, settings, emit, stop)
        )

    def _plan(self, settings: PaintSettings) -> tuple[Any, int]:
        """Return a fresh scheduler and the number of steps that it will really run."""
        if settings.scheduler not in self._info.schedulers:
            names = ", ".join(self._info.schedulers)
            raise BadRequest(f"The scheduler is {settings.scheduler!r}; choose one of {names}.")
        scheduler = build_scheduler(settings.scheduler, self._config, settings.steps)
        return scheduler, count_steps(scheduler, settings.steps, settings.strength)

    def _run(
        self,
        rgb: Rgb,
        hole: Mask,
        settings: PaintSettings,
        emit: Emit[Event],
        stop: StopSignal,
    ) -> None:
        """Do one job on the worker's thread, and once more in float32 if it gives no picture."""
        vae = self._pipeline.vae
        latents: torch.Tensor | None = None
        with restored(self._pipeline):
            for precise in (False, True):
                if latents is None or not bool(latents.isfinite().all()):
                    latents = self._denoise(rgb, hole, settings, emit, stop, precise=precise)
                stop.check()
                decoded, notes = decode_somehow(vae, latents, precise=precise)
                if is_picture(decoded, hole):
                    told = (*self._wording(settings)[2], *notes, *((IN_32_BITS,) * precise))
                    emit(Painted(to_rgb(decoded), told))
                    return
        raise BadOutput(
            "The painter gave no picture, also in 32 bits; try another seed or scheduler."
        )

    def _denoise(
        self,
        rgb: Rgb,
        hole: Mask,
        settings: PaintSettings,
        emit: Emit[Event],
        stop: StopSignal,
        *,
        precise: bool,
    ) -> torch.Tensor:
        """Return the finished latents, 1x4xhxw, on the pipeline's device."""
        pipeline = self._pipeline
        pipeline.scheduler, total = self._plan(settings)
        if precise:
            pipeline.vae.register_to_config(force_upcast=True)

        guess = Guess(pipeline.scheduler, settings.guidance)

        def on_step(_pipeline: Any, index: int, _time: Any, _tensors: dict[str, Any]) -> Any:
            seen = None if guess.latents is None else project(guess.latents, self._projection)
            emit(Progress(index + 1, total, seen))
            stop.check()
            return {}

        arguments = self._arguments(rgb, hole, settings)
        with guess.listening(pipeline.unet):
            latents = unless_out_of_memory(
                lambda: pipeline(**arguments, callback_on_step_end=on_step).images
            )
        if latents is None:
            raise OutOfMemory(
                f"There is too little memory on {self._info.device} to paint {rgb.shape[1]} x "
                f"{rgb.shape[0]} pixels; close other programs that use it, or choose the embedded "
                "preset."
            )
        return torch.as_tensor(latents)

    def _arguments(self, rgb: Rgb, hole: Mask, settings: PaintSettings) -> dict[str, Any]:
        prompt, negative, _ = self._wording(settings)
        return {
            "prompt": prompt,
            # None, not "": the pipelines of SDXL then leave the negative embedding at zero.
            "negative_prompt": negative or None,
            "image": torch.from_numpy(rgb.astype(np.float32) / 255).permute(2, 0, 1)[None],
            "mask_image": torch.from_numpy(hole.astype(np.float32))[None, None],
            "height": rgb.shape[0],
            "width": rgb.shape[1],
            "num_inference_steps": settings.steps,
            "guidance_scale": settings.guidance,
            "strength": settings.strength,
            "generator": torch.Generator("cpu").manual_seed(settings.seed),
            "output_type": "latent",
        }

    def _wording(self, settings: PaintSettings) -> tuple[str, str, tuple[str, ...]]:
        """Return both prompts as the text encoders can read them, and notes on what they lost."""
        tokenizers = [self._pipeline.tokenizer, self._pipeline.tokenizer_2]
        prompt, rest = fit_prompt(settings.prompt, tokenizers)
        negative, negative_rest = fit_prompt(settings.negative_prompt, tokenizers)
        notes = note_on_rest("prompt", rest) + note_on_rest("negative prompt", negative_rest)
        return prompt, negative, notes


def _check(rgb: Rgb, hole: Mask, multiple: int) -> None:
    """Raise BadRequest for a picture and a hole that cannot be worked with."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise BadRequest("The picture must be HxWx3 of 8-bit numbers.")
    if hole.shape != rgb.shape[:2] or hole.dtype != np.bool_:
        raise BadRequest("The hole must be true and false, of the picture's height and width.")
    if rgb.shape[0] % multiple or rgb.shape[1] % multiple:
        raise BadRequest(f"The picture's sides must be multiples of {multiple} pixels.")
    if not hole.any():
        raise NothingSelected("There is nothing to repaint: the hole is empty.")


def run_inpainting(
    raw_image: Image.Image,
    input_mask: object,
    prompt: str,
    pipeline: StableDiffusionXLInpaintPipeline,
    negative_prompt: str | None = None,
    seed: int = 74294536,
    cfgs: float = 7,
) -> Image.Image:
    """Return the picture repainted by `prompt` where the mask says so, by the notebook's signature.

    `raw_image` of any size and mode; `input_mask` a PIL picture or HxW array of the same size, True
    or its largest number = repaint. The result is RGB of the same size; pixels outside the mask are
    those of `raw_image`. `cfgs` is the guidance. For one thread at a time: a `SdxlPainter` serves
    many. Raises BadRequest, NothingSelected, OutOfMemory, BadOutput.
    """
    pixels = np.array(raw_image.convert("RGB"))
    hole = _as_hole(input_mask, pixels.shape[:2])
    painter = SdxlPainter(pipeline, _notebook_info(pipeline))
    info = painter.info
    settings = PaintSettings(
        prompt,
        negative_prompt or "",
        seed,
        NOTEBOOK_STEPS,
        cfgs,
        NOTEBOOK_STRENGTH,
        info.schedulers[0],
    )
    job = plan(hole, info)
    with closing(painter.paint(*prepare(pixels, job, NOTEBOOK_STRENGTH), settings)) as events:
        painted = next(event for event in events if isinstance(event, Painted))
    return Image.fromarray(put_back(pixels, painted.rgb, job))


def _notebook_info(pipeline: Any) -> ModelInfo:
    """Describe a pipeline that came without a catalogue row, by what its config tells."""
    return ModelInfo(
        "pipeline",
        "your pipeline",
        "pipeline",
        "-",
        "-",
        device=str(pipeline.device),
        native_side=int(pipeline.unet.config.sample_size * pipeline.vae_scale_factor),
        multiple=int(pipeline.vae_scale_factor),
        schedulers=scheduler_names(pipeline.scheduler.config),
    )


def _as_hole(mask: object, shape: tuple[int, ...]) -> Mask:
    """Return a notebook's mask as HxW bool; numbers are cut at half of their maximum."""
    grey = mask.convert("L") if isinstance(mask, Image.Image) else mask
    values = np.squeeze(np.asarray(grey))
    if values.shape != shape or values.dtype.kind not in "buif":
        raise BadRequest(f"The mask must have the picture's height and width, {shape}.")
    if values.dtype == np.bool_:
        return np.array(values)
    return np.asarray(values > max(float(values.max()), 0.0) / 2, np.bool_)
