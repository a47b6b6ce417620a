"""Which way a picture is painted, and the pipelines that share one set of weights for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import diffusers

from inpainting.types import Mask


class Mode(str, Enum):
    """From the prompt alone, over a whole picture, or in a hole of it."""

    TEXT = "text to image"
    IMAGE = "image to image"
    HOLE = "inpaint"


_SIBLINGS: Mapping[str, Mapping[Mode, str]] = {
    "StableDiffusionXLInpaintPipeline": {
        Mode.TEXT: "StableDiffusionXLPipeline",
        Mode.IMAGE: "StableDiffusionXLImg2ImgPipeline",
    },
    "StableDiffusionInpaintPipeline": {
        Mode.TEXT: "StableDiffusionPipeline",
        Mode.IMAGE: "StableDiffusionImg2ImgPipeline",
    },
}

_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "StableDiffusionXLPipeline": {"add_watermarker": False},
    "StableDiffusionXLImg2ImgPipeline": {"add_watermarker": False},
    "StableDiffusionPipeline": {"requires_safety_checker": False},
    "StableDiffusionImg2ImgPipeline": {"requires_safety_checker": False},
}


def mode_for(hole: Mask, strength: float, channels: int) -> Mode:
    """Return the mode for a hole, HxW; `channels` are those that the UNet takes.

    One with 9 channels was trained for holes alone: to it a whole picture is a large hole.
    """
    if channels != 4 or not hole.all():
        return Mode.HOLE
    return Mode.TEXT if strength == 1 else Mode.IMAGE


class Pipelines:
    """An inpainting pipeline and its siblings for whole pictures, built when first asked for.

    All have the very same parts. Raises TypeError for a pipeline of another family.
    """

    def __init__(self, main: Any) -> None:
        name = next(
            (kind.__name__ for kind in type(main).__mro__ if kind.__name__ in _SIBLINGS), ""
        )
        if not name:
            raise TypeError(f"{type(main).__name__} is no inpainting pipeline of Stable Diffusion")
        self.main = main
        self._names = _SIBLINGS[name]
        self._built: dict[Mode, Any] = {}
        main.set_progress_bar_config(disable=True)

    def of(self, mode: Mode) -> Any:
        """Return the pipeline for a mode."""
        if mode is Mode.HOLE:
            return self.main
        if mode not in self._built:
            self._built[mode] = self._build(self._names[mode])
        return self._built[mode]

    def _build(self, name: str) -> Any:
        kind = getattr(diffusers, name)
        settings = dict(_SETTINGS[name])
        zeroes = getattr(self.main.config, "force_zeros_for_empty_prompt", None)
        if zeroes is not None:
            settings["force_zeros_for_empty_prompt"] = zeroes
        pipeline = kind(**self.main.components, **settings)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline
