"""The notebook's two plain functions as a Segmenter and a Painter."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.errors import BadOutput, BadRequest
from inpainting.ports import Painter, Segmenter
from inpainting.types import (
    Candidates,
    Embedding,
    Mask,
    ModelInfo,
    PaintDefaults,
    Painted,
    PaintSettings,
    Progress,
    Prompts,
    Rgb,
)

GetProcessedInputs = Callable[[Image.Image, list[list[list[int]]]], Any]
"""(photo, [[[x, y], ...]]) -> HxW array that is truthy on the BACKGROUND, as in the notebook."""

Inpaint = Callable[..., Any]
"""(photo, hole HxW bool, prompt, negative_prompt, seed, cfgs) -> PIL picture."""


class FunctionSegmenter:
    """A Segmenter on `get_processed_inputs`, which knows include points only and gives one mask."""

    info = ModelInfo("function", "your segmentation function", "function", "-", "-")

    def __init__(self, get_processed_inputs: GetProcessedInputs) -> None:
        self._function = get_processed_inputs

    def embed(self, rgb: Rgb) -> Embedding:
        """Keep the photo itself: a plain function has nothing to compute beforehand."""
        return Embedding((rgb.shape[1], rgb.shape[0]), rgb.nbytes, rgb)

    def candidates(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None = None
    ) -> Candidates:
        """Return the one mask for the include points; BadRequest for what the function lacks."""
        del hint
        if prompts.box is not None or any(not point.include for point in prompts.points):
            raise BadRequest("This segmenter takes include points only: no box, no exclude points.")
        photo = Image.fromarray(np.asarray(embedding.data, np.uint8))
        background = self._function(photo, [[[p.x, p.y] for p in prompts.points]])
        return Candidates((~_as_bool(background, embedding.size),), (1.0,))


class FunctionPainter:
    """A Painter on `inpaint`, which knows prompt, negative prompt, seed and guidance."""

    def __init__(self, inpaint: Inpaint, native_side: int = 1024) -> None:
        self._function = inpaint
        self.info = ModelInfo(
            "function",
            "your inpainting function",
            "function",
            "-",
            "-",
            native_side=native_side,
            schedulers=("as it is",),
            defaults=PaintDefaults(1, 7.0, 1.0, "as it is"),
        )

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Call the function once; it can be stopped only before and after."""
        yield Progress(0, 1)
        picture = self._function(
            Image.fromarray(rgb),
            hole,
            settings.prompt,
            settings.negative_prompt or None,
            settings.seed,
            settings.guidance,
        )
        yield Progress(1, 1)
        yield Painted(_as_rgb(picture, (rgb.shape[1], rgb.shape[0])))


def _as_bool(array: Any, size: tuple[int, int]) -> Mask:
    """Return HxW bool at `size` (width, height); numbers are cut at half of their maximum."""
    values = np.squeeze(np.asarray(array))
    if values.ndim != 2:
        raise BadOutput("The segmentation function must return one mask of height x width.")
    if values.dtype != np.bool_:
        values = values > max(float(values.max()), 0.0) / 2
    resized = cv2.resize(values.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return resized.astype(np.bool_)


def _as_rgb(picture: Any, size: tuple[int, int]) -> Rgb:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture))
    rgb = image.convert("RGB")
    return np.asarray(rgb if rgb.size == size else rgb.resize(size, Image.Resampling.LANCZOS))


def as_segmenter(thing: Segmenter | GetProcessedInputs) -> Segmenter:
    """Return a `Segmenter` as it is, and a plain function as one."""
    if hasattr(thing, "candidates"):
        return cast(Segmenter, thing)
    return FunctionSegmenter(thing)


def as_painter(thing: Painter | Inpaint) -> Painter:
    """Return a `Painter` as it is, and a plain function as one."""
    return cast(Painter, thing) if hasattr(thing, "paint") else FunctionPainter(thing)
