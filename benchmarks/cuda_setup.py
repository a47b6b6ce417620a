"""What the scripts for a CUDA GPU share: the machine, SDXL with random weights, and one repaint."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from benchmarks.timing import options
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Rgb, Work
from models.catalog import painter_info, painter_row
from models.schedulers import build_scheduler, scheduler_names
from models.stable import StablePainter
from models.stable_job import IN_32_BITS

SETTINGS = PaintSettings("a beach at sunset", "", 7, 21, 8.0, 0.99, "Euler")
"""Of 21 steps 20 run at a strength of 0.99, which takes two encodings, as diffusers has it."""

EQUAL = 30.0
"""From how many dB (PSNR) on two pictures count as equal."""

NO_CUDA = "there is no CUDA GPU here; --tiny runs the script on the CPU with tiny models."


@dataclass(frozen=True, slots=True)
class Place:
    """Where it runs: a GPU at full size in half precision, or the CPU with tiny models."""

    device: torch.device
    dtype: torch.dtype
    side: int

    @property
    def on_cuda(self) -> bool:
        """Whether this is a GPU."""
        return self.device.type == "cuda"

    @property
    def name(self) -> str:
        """The GPU's name and memory."""
        if not self.on_cuda:
            return "CPU, tiny models: the numbers mean nothing"
        memory = torch.cuda.get_device_properties(self.device).total_memory / 2**30
        return f"{torch.cuda.get_device_name(self.device)}, {memory:.0f} GiB"

    def wait(self) -> None:
        """Wait until the GPU has done all that it was told."""
        if self.on_cuda:
            torch.cuda.synchronize(self.device)

    def forget_peak(self) -> None:
        """Let the most memory held begin anew from what is held now."""
        if self.on_cuda:
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak_gb(self) -> float | None:
        """Return the most memory held since, in GB."""
        return torch.cuda.max_memory_allocated(self.device) / 1e9 if self.on_cuda else None


def place(tiny: bool) -> Place | None:
    """Return where to run; None where that is to be a GPU and there is none."""
    if tiny:
        return Place(torch.device("cpu"), torch.float32, 64)
    if not torch.cuda.is_available():
        return None
    return Place(torch.device("cuda"), torch.float16, 1024)


def parser(text: str | None, rounds: int, seconds: float) -> argparse.ArgumentParser:
    """Return a parser of the options that every script for a GPU takes."""
    found = options(text, rounds)
    found.add_argument("--tiny", action="store_true", help="on the CPU, with tiny models")
    found.add_argument(
        "--seconds", type=float, default=seconds, help="no new round begins after that many"
    )
    return found


def sdxl(at: Place) -> Any:
    """Return an SDXL inpainting pipeline with random weights whose outputs have natural sizes."""
    if at.on_cuda:
        from benchmarks.full_size import sdxl_inpainting

        made: Any = sdxl_inpainting(at.device, at.dtype)
    else:
        from tests.support.tiny import tiny_sdxl_inpaint

        made = tiny_sdxl_inpaint()
    made.set_progress_bar_config(disable=True)
    # It warns each time that a VAE changes its precision.
    diffusers.utils.logging.set_verbosity_error()
    natural(made, at)
    return made


@torch.no_grad()
def natural(pipeline: Any, at: Place) -> None:
    """Scale the last layers to what trained ones give: noise of deviation 1, pictures of 0.5.

    Else what random weights paint is nearly grey, and any two of its pictures would be near.
    """
    unet, vae = pipeline.unet, pipeline.vae
    chance = torch.Generator("cpu").manual_seed(0)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=chance).to(at.device, at.dtype)

    side = at.side // pipeline.vae_scale_factor
    states = noise(2, 77, unet.config.cross_attention_dim)
    pooled = noise(2, pipeline.text_encoder_2.config.projection_dim)
    added = {"text_embeds": pooled, "time_ids": torch.full((2, 6), at.side).to(states)}
    seen = noise(1, unet.config.in_channels, side, side).expand(2, -1, -1, -1)
    one, two = unet(seen, 500, states, added_cond_kwargs=added).sample.float()
    _scale(unet.conv_out, 1 / float((one + SETTINGS.guidance * (two - one)).std()))
    latents = noise(1, vae.config.latent_channels, side, side) / vae.config.scaling_factor
    _scale(vae.decoder.conv_out, 0.5 / float(vae.decode(latents).sample.float().std()))


def _scale(layer: torch.nn.Conv2d, factor: float) -> None:
    if not 0 < factor < math.inf:
        raise ArithmeticError("These random weights give numbers that are none; run it again.")
    for parameter in layer.parameters():
        parameter.mul_(factor)


def info(pipeline: Any, at: Place) -> ModelInfo:
    """Describe the pipeline as the app does SDXL's."""
    row = painter_row("sdxl-inpainting")
    dtype = str(at.dtype).removeprefix("torch.")
    able = scheduler_names(pipeline.scheduler.config)
    told = painter_info(row, str(at.device), dtype)
    return replace(told, schedulers=able, native_side=at.side)


def work(at: Place, number: int = 0, settings: PaintSettings = SETTINGS) -> Work:
    """Return the repaint of that number: the same but for the prompt's end and one pixel.

    So what a painter remembers of one does not help with the next.
    """
    rgb = np.random.default_rng(0).integers(0, 256, (at.side, at.side, 3), np.uint8)
    rgb[0, 0] = number % 256
    hole = np.zeros((at.side, at.side), np.bool_)
    hole[at.side // 4 :] = True
    worded = replace(settings, prompt=f"{settings.prompt}, number {number}")
    return Work(rgb, hole, worded)


def paint(painter: StablePainter, job: Work) -> Rgb:
    """Return what a painter makes of a work; raises ArithmeticError where halves did not do."""
    with closing(painter.paint(job.rgb, job.hole, job.settings)) as events:
        painted = next(event for event in events if isinstance(event, Painted))
    if IN_32_BITS in painted.notes:
        raise ArithmeticError(IN_32_BITS)
    return painted.rgb


def plain(pipeline: Any, job: Work) -> Rgb:
    """Return what diffusers' pipeline makes of a work, called as its documentation shows it."""
    settings, (height, width) = job.settings, job.hole.shape
    pipeline.scheduler = build_scheduler(
        settings.scheduler, pipeline.scheduler.config, settings.steps
    )
    found = pipeline(
        prompt=settings.prompt,
        image=Image.fromarray(job.rgb),
        mask_image=_picture_of(job.hole),
        height=height,
        width=width,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        strength=settings.strength,
        generator=torch.Generator("cpu").manual_seed(settings.seed),
    )
    return np.asarray(found.images[0])


def _picture_of(hole: Mask) -> Image.Image:
    return Image.fromarray(hole.astype(np.uint8) * 255)


def verdict(
    lines: Sequence[tuple[str, float, str, float]], binding: bool = True
) -> tuple[str, int]:
    """Return sentences on promises (what, found, "at least" or "at most", promised), and a code.

    The code is 1 where one does not hold, and 0 where they are not `binding`.
    """
    kept = [
        found >= asked if bound == "at least" else found <= asked
        for _, found, bound, asked in lines
    ]
    said = [
        f"{what}: {found:.2f} ({'' if binding else 'aimed at: '}{bound} {asked:g}"
        f"{'' if good else '; NOT held'})"
        for (what, found, bound, asked), good in zip(lines, kept, strict=True)
    ]
    return "\n".join(said), int(binding and not all(kept))
