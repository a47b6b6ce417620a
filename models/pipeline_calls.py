"""What a job of a `Family` asks of which pipeline, and how its answer is read. No state."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image
from transformers import PreTrainedModel

from inpainting.errors import BadRequest
from inpainting.types import Mask, ModelInfo, PaintSettings, Rgb
from models.decoding import Decoded
from models.families import Family, Mode

NO_STRENGTH = "This painter always paints at full strength, so the strength was left out."
NO_GUIDANCE = "This painter takes no guidance, so it was left out."
ANOTHER_SIZE = "The painter worked at another size, so its picture was scaled."


def siblings(pipeline: Any, family: Family) -> dict[str, Any]:
    """Return one pipeline for each class of `family`, by name, all of the same components.

    Their progress bars are off. The one given is among them where its class is.
    """
    found = {type(pipeline).__name__: pipeline}
    for mode in family.modes:
        if mode.pipeline not in found:
            found[mode.pipeline] = _sibling(pipeline, mode.pipeline)
    for one in found.values():
        one.set_progress_bar_config(disable=True)
        _keep_size(one)
    return found


def _sibling(pipeline: Any, name: str) -> Any:
    """Build the class `name` of the components and settings of `pipeline`."""
    kind = getattr(diffusers, name)
    known = {**pipeline.config, **pipeline.components}
    return kind(**{key: known[key] for key in inspect.signature(kind).parameters if key in known})


def _keep_size(pipeline: Any) -> None:
    """Keep Kandinsky's image to image from resizing: it takes the width for the height."""
    processor = getattr(getattr(pipeline, "decoder_pipe", None), "image_processor", None)
    if processor is not None:
        processor.register_to_config(do_resize=False)


@contextmanager
def freed(pipeline: Any) -> Iterator[None]:
    """Take models off the GPU on leaving where they wait elsewhere, whatever happened inside."""
    try:
        yield
    finally:
        pipeline.maybe_free_model_hooks()


@contextmanager
def pausing(pipeline: Any, pause: Callable[[], None]) -> Iterator[None]:
    """Call `pause` inside after each run of a model that reads texts or pictures.

    Some of them take as long as several steps. What `pause` raises ends the pipeline's run.
    """
    readers = [one for one in pipeline.components.values() if isinstance(one, PreTrainedModel)]
    handles = [reader.register_forward_hook(lambda *_: pause()) for reader in readers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def check_settings(settings: PaintSettings, info: ModelInfo) -> None:
    """Raise BadRequest for settings that no painter of these families takes."""
    if settings.scheduler not in info.schedulers:
        names = ", ".join(info.schedulers)
        raise BadRequest(f"The scheduler is {settings.scheduler!r}; choose one of {names}.")
    if settings.loras:
        raise BadRequest(f"{info.title} takes no LoRA files; choose a painter of the SDXL family.")


def mode_for(family: Family, info: ModelInfo, hole: Mask, strength: float) -> Mode:
    """Choose how to paint; raises BadRequest where the family has no way."""
    if not hole.all():
        return family.hole
    if strength == 1:
        return family.text
    if family.image is None:
        raise BadRequest(
            f"{info.title} cannot paint over a whole picture; select a part of it, take a strength "
            "of 1, or choose another painter."
        )
    return family.image


def check_steps(mode: Mode, family: Family, settings: PaintSettings) -> None:
    """Raise BadRequest where the strength leaves no step to run."""
    steps, strength = settings.steps, settings.strength if "strength" in mode.takes else 1.0
    run = int(steps * strength) if family.floors else steps - int(max(steps - steps * strength, 0))
    if run < 1:
        raise BadRequest(
            f"With {steps} steps a strength of {strength:g} runs no step at all; "
            f"take a strength of at least {math.ceil(100 / steps) / 100:g}, or more steps."
        )


def arguments(
    mode: Mode, family: Family, rgb: Rgb, hole: Mask, settings: PaintSettings
) -> dict[str, Any]:
    """Return what a pipeline is called with, but for prompts and callbacks."""
    height, width = rgb.shape[:2]
    given: dict[str, Any] = {
        "image": {"image": Image.fromarray(rgb)},
        "mask_image": {"mask_image": Image.fromarray(hole.astype(np.uint8) * 255)},
        "strength": {"strength": settings.strength},
        "height": {"height": height, "width": width},
    }
    chosen = {key: value for name in mode.takes for key, value in given[name].items()}
    guidance = {family.guidance: settings.guidance} if family.guidance else {}
    return {
        **chosen,
        **guidance,
        **family.options,
        **mode.options,
        "num_inference_steps": settings.steps,
        "generator": torch.Generator("cpu").manual_seed(settings.seed),
        "output_type": "np",
    }


def left_out(
    mode: Mode, family: Family, settings: PaintSettings, info: ModelInfo
) -> tuple[str, ...]:
    """Return notes on settings that did nothing."""
    usual = info.defaults.guidance if info.defaults else settings.guidance
    weak = "strength" not in mode.takes and settings.strength < 1
    led = family.guidance is None and settings.guidance != usual
    return (NO_STRENGTH,) * weak + (NO_GUIDANCE,) * led


def at_size(picture: Decoded, height: int, width: int) -> tuple[Decoded, tuple[str, ...]]:
    """Return a picture HxWx3 at that size, with a note if it had another."""
    if picture.shape[:2] == (height, width):
        return picture, ()
    values = torch.from_numpy(picture).permute(2, 0, 1)[None]
    scaled = torch.nn.functional.interpolate(
        values, size=(height, width), mode="bicubic", antialias=True
    )
    return np.asarray(scaled[0].permute(1, 2, 0).numpy(), np.float32), (ANOTHER_SIZE,)
