"""Stable Diffusion 1.x and XL as a Painter: in a hole, over a whole picture, from nothing."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event as Signal
from typing import Any

import numpy as np

from inpainting.types import Mask, ModelInfo, PaintSettings, Rgb, Size, Work
from models.compiling import warm_up
from models.decoding import restored
from models.encodings import Encodings
from models.ladder import Ladder
from models.lora import Loras
from models.modes import Pipelines
from models.pictures import check_picture
from models.preview import projection_for
from models.prompting import Prompting
from models.sharing import Seat, Sharing
from models.stable_calls import batch_key
from models.stable_job import Event, Outfit, Place, StableBatch
from models.tiny_preview import TinyDecoder
from models.worker import Worker
from models.workers import painters_own

BASES = {"sdxl": "Stable Diffusion XL", "sd15": "Stable Diffusion 1.5"}
"""What LoRA files are made for, by `ModelInfo.lora_base`."""


class StablePainter:
    """A `Painter` on a `StableDiffusionXLInpaintPipeline` or a `StableDiffusionInpaintPipeline`.

    Its UNet may have 9 channels (made for holes) or 4: then whole pictures are painted by the
    text-to-image and image-to-image pipelines on the same weights, and what is kept is blended in
    after each step. `lora_folder` holds LoRA files; `adapters` are those loaded with the pipeline,
    with their weights. `ladder` is stepped down where memory ends in a job; `tiny` makes previews;
    `compiled` tells that the UNet was compiled. Jobs run on the thread of `worker`, which may be
    a device's, or else of its own, in the order of their coming; where `info.batch` is above 1,
    those that fit together are painted together. The pipeline belongs to the painter: use it
    through nothing else.
    """

    def __init__(
        self,
        pipeline: Any,
        info: ModelInfo,
        lora_folder: Path | None = None,
        adapters: Mapping[str, float] | None = None,
        *,
        ladder: Ladder | None = None,
        tiny: TinyDecoder | None = None,
        compiled: bool = False,
        worker: Worker | None = None,
    ) -> None:
        with restored(pipeline):  # models that wait elsewhere come for it, and go again
            projection = projection_for(pipeline.vae, pipeline._execution_device)
        base = BASES.get(info.lora_base, info.lora_base)
        self._worker = worker or painters_own(info.device)
        outfit = Outfit(
            info,
            Pipelines(pipeline),
            Prompting(pipeline),
            Loras(pipeline, lora_folder, adapters, base, keep=not compiled),
            Encodings(pipeline.vae),
            projection,
            dict(pipeline.scheduler.config),
            ladder,
            tiny,
            compiled,
            answer_calls=self._worker.answer_calls,
        )
        self._outfit = outfit
        self._sharing: Sharing[Work, Event] = Sharing(
            self._worker, lambda seats: _run(outfit, seats), info.batch
        )

    @property
    def info(self) -> ModelInfo:
        """What this is, with `defaults`, `schedulers` and the present `placement` set."""
        ladder = self._outfit.ladder
        if ladder is None:
            return self._outfit.info
        return replace(self._outfit.info, placement=ladder.placement)

    def tokens(self, prompt: str) -> tuple[int, int]:
        """Return the tokens of a prompt, and how many are read at a time; quick, on any thread."""
        prompting = self._outfit.prompting
        return prompting.tokens(prompt), prompting.room

    def paint(self, rgb: Rgb, hole: Mask, settings: PaintSettings) -> Generator[Event, None, None]:
        """Paint where `hole` is True; yield `Progress` after each step, then one `Painted`.

        `rgb` HxWx3 uint8 with sides that are multiples of `info.multiple`; `hole` HxW bool. A hole
        that is the whole picture is painted from the prompt alone at a strength of 1, else over the
        picture. The same arguments on the same device give the same bytes, unless other jobs were
        painted together with it. Closing the generator stops the job after the step that runs, and
        returns when the painter is free again. Raises BadRequest, NothingSelected, OutOfMemory,
        BadOutput.
        """
        for _, event in self.paint_together([Work(rgb, hole, settings)]):
            yield event

    def paint_together(self, works: Sequence[Work]) -> Generator[tuple[int, Event], None, None]:
        """Paint all of `works`; yield the events of each with its number; see `Batcher`.

        Raises as `paint`, where one of them fails.
        """
        for work in works:
            check_picture(work.rgb, work.hole, self.info.multiple)
            self._outfit.scheduler(work.settings)
            self._outfit.loras.check(work.settings.loras)
        yield from self._sharing.stream(works, self._key)

    def warm_up(self) -> bool:
        """Compile what was marked for it by `compile_blocks`; return when that is done.

        To be called before the first job, by the thread that loads the painter: it takes minutes,
        and the worker may have others to serve. False, with a sentence in the log, where it cannot
        be: then all runs uncompiled.
        """
        return _warmed(self._outfit)

    def _key(self, work: Work) -> Hashable | None:
        if self._outfit.info.batch == 1:
            return None
        return batch_key(work, self._outfit.channels, self._outfit.prompting)


def _run(outfit: Outfit, seats: Sequence[Place]) -> None:
    StableBatch(outfit, seats).run()


def _warmed(outfit: Outfit) -> bool:
    """Paint small jobs on this thread that have all kinds of batches compiled."""
    side, scheduler = outfit.info.native_side, outfit.info.schedulers[0]
    heard: SimpleQueue[Any] = SimpleQueue()

    def run(size: Size, guidance: float) -> None:
        width, height = size
        hole = np.zeros((height, width), np.bool_)
        hole[height // 4 :] = True
        settings = PaintSettings("a", "", 0, 2, guidance, 1.0, scheduler)
        work = Work(np.zeros((height, width, 3), np.uint8), hole, settings)
        # A picture of nothing may be refused as none: its seat tells nobody of it.
        StableBatch(outfit, [Seat(work, 0, heard, Signal())]).run()

    return warm_up(outfit.pipelines.main.unet, run, [(side, side)])
