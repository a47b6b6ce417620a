"""Segment Anything behind the Segmenter port, and the notebook's `run_segmentation`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import SamModel

from inpainting.errors import BadRequest
from inpainting.types import Mask, ModelInfo, Point, Prompts, Rgb
from models.promptable import Answer, Features, Network, PromptableSegmenter
from models.sam_geometry import Square, pixel_values

Pixels = Callable[[Rgb, int], NDArray[np.float32]]


class SamNetwork(Network):
    """A `SamModel`; its features are 1x256x64x64 (channels and grid of its config)."""

    def __init__(self, model: SamModel, pixels: Pixels = pixel_values) -> None:
        config = model.config
        low_side = 4 * int(config.prompt_encoder_config.image_embedding_size)
        super().__init__(model, Square(int(config.vision_config.image_size)), low_side)
        self._pixels = pixels

    def pixels(self, rgb: Rgb) -> NDArray[np.float32]:
        """Return the encoder's input, 3 x side x side, from HxWx3 uint8."""
        return self._pixels(rgb, self.square.side)

    def encode(self, pixels: torch.Tensor) -> Features:
        """Run the encoder."""
        return (torch.as_tensor(self.model.get_image_embeddings(pixels)),)

    def decode(
        self, features: Features, prompts: Mapping[str, torch.Tensor], hint: torch.Tensor | None
    ) -> Answer:
        """Run the decoder; three masks for each set of prompts."""
        output = self.model(image_embeddings=features[0], input_masks=hint, **prompts)
        return output.pred_masks[0], output.iou_scores[0]


class SamSegmenter(PromptableSegmenter):
    """A `Segmenter`, `Proposer` and `Everything` on a loaded `SamModel`, where and as that is.

    `image_processor(rgb, side)` turns HxWx3 uint8 into the encoder's 3 x side x side float32;
    `batch` as in `PromptableSegmenter`.
    """

    def __init__(
        self,
        model: SamModel,
        info: ModelInfo,
        *,
        image_processor: Pixels = pixel_values,
        batch: int | None = None,
    ) -> None:
        super().__init__(SamNetwork(model, image_processor), info, batch=batch)


def run_segmentation(
    raw_image: Image.Image,
    input_points: Sequence[Any],
    processor: object,  # noqa: ARG001  the notebook passes one; the model's config says all of it
    model: SamModel,
    background: bool = True,
    device: str | torch.device | None = None,
) -> Mask:
    """Return the best mask for clicks on a PIL picture as HxW bool, by the notebook's signature.

    `input_points` is [[x, y], ...] or [[[x, y], ...]] in the picture's pixels, all on the subject.
    `background=True` returns the background (True where the subject is not), False the subject.
    `processor` may be None. `device` moves the model first; None leaves it where it is. Raises
    BadRequest for points that are no pairs of finite numbers, OutOfMemory.
    """
    points = _notebook_points(input_points)
    if device is not None:
        model.to(device)
    segmenter = SamSegmenter(model, ModelInfo("sam", "Segment Anything", "", "", ""))
    embedding = segmenter.embed(np.array(raw_image.convert("RGB")))
    subject = segmenter.candidates(embedding, Prompts(points)).masks[0]
    return ~subject if background else subject


def _notebook_points(input_points: Sequence[Any]) -> tuple[Point, ...]:
    try:
        array = np.asarray(input_points, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.size == 0 or array.shape[-1] != 2 or not np.isfinite(array).all():
        raise BadRequest("input_points must be pairs of numbers: [[[x, y], ...]].")
    return tuple(Point(round(x), round(y)) for x, y in array.reshape(-1, 2).tolist())
