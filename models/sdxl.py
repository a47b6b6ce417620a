"""The notebook's `run_inpainting`, and the painter that it runs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inpainting.errors import BadRequest
from inpainting.repainting import plan, prepare, put_back
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings
from models.schedulers import scheduler_names
from models.stable import StablePainter
from models.stable_job import IN_32_BITS

if TYPE_CHECKING:
    from diffusers import StableDiffusionXLInpaintPipeline

__all__ = ["IN_32_BITS", "SdxlPainter", "run_inpainting"]

NOTEBOOK_STEPS = 25
NOTEBOOK_STRENGTH = 0.99

SdxlPainter = StablePainter
"""The painter under the name that it had when it knew SDXL alone."""


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
    with closing(painter.paint(*prepare(pixels, job), settings)) as events:
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
