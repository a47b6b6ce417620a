"""Stable Diffusion 1.x and XL as a Painter: in a hole, over a whole picture, from nothing."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inpainting.errors import BadRequest, NothingSelected
from inpainting.types import Mask, ModelInfo, PaintSettings, Rgb
from models.lora import Loras
from models.modes import Pipelines
from models.preview import projection_for
from models.prompting import Prompting
from models.stable_job import Event, Outfit, StableJob
from models.worker import Worker

BASES = {"sdxl": "Stable Diffusion XL", "sd15": "Stable Diffusion 1.5"}
"""What LoRA files are made for, by `ModelInfo.lora_base`."""


class StablePainter:
    """A `Painter` on a `StableDiffusionXLInpaintPipeline` or a `StableDiffusionInpaintPipeline`.

    Its UNet may have 9 channels (made for holes) or 4: then whole pictures are painted by the
    text-to-image and image-to-image pipelines on the same weights, and what is kept is blended in
    after each step. `lora_folder` holds LoRA files; `adapters` are those loaded with the pipeline,
    with their weights. One job at a time, on a thread of its own; jobs of other threads wait in the
    order of their coming. The pipeline belongs to the painter: use it through nothing else.
    """

    def __init__(
        self,
        pipeline: Any,
        info: ModelInfo,
        lora_folder: Path | None = None,
        adapters: Mapping[str, float] | None = None,
    ) -> None:
        base = BASES.get(info.lora_base, info.lora_base)
        self._outfit = Outfit(
            info,
            Pipelines(pipeline),
            Prompting(pipeline),
            Loras(pipeline, lora_folder, adapters, base),
            projection_for(pipeline.vae),
            dict(pipeline.scheduler.config),
        )
        self._worker: Worker[Event] = Worker("painter")

    @property
    def info(self) -> ModelInfo:
        """What this is, with `defaults` and `schedulers` set."""
        return self._outfit.info

    def tokens(self, prompt: str) -> tuple[int, int]:
        """Return the tokens of a prompt, and how many are read at a time; quick, on any thread."""
        prompting = self._outfit.prompting
        return prompting.tokens(prompt), prompting.room

    def paint(self, rgb: Rgb, hole: Mask, settings: PaintSettings) -> Generator[Event, None, None]:
        """Paint where `hole` is True; yield `Progress` after each step, then one `Painted`.

        `rgb` HxWx3 uint8 with sides that are multiples of `info.multiple`; `hole` HxW bool. A hole
        that is the whole picture is painted from the prompt alone at a strength of 1, else over the
        picture. The same arguments on the same device give the same bytes. Closing the generator
        stops the job after the step that runs, and returns when the painter is free again. Raises
        BadRequest, NothingSelected, OutOfMemory, BadOutput.
        """
        _check(rgb, hole, self.info.multiple)
        self._outfit.scheduler(settings)
        self._outfit.loras.check(settings.loras)
        yield from self._worker.stream(StableJob(self._outfit, rgb, hole, settings).run)


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
