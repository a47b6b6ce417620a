"""Segment Anything behind the Segmenter port, and the notebook's `run_segmentation`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import SamModel

from inpainting.errors import BadRequest, OutOfMemory
from inpainting.types import Box, Candidates, Embedding, Mask, ModelInfo, Point, Prompts, Rgb, Size
from models.device import is_out_of_memory, release_memory
from models.sam_geometry import photo_mask, pixel_values, to_square

T = TypeVar("T")
Pixels = Callable[[Rgb, int], NDArray[np.float32]]


class SamSegmenter:
    """A `Segmenter` on a loaded `SamModel`, in the precision and on the device that it is on.

    `image_processor(rgb, side)` turns HxWx3 uint8 into the encoder's 3 x side x side float32. Safe
    to call from several threads: one encoder run and one decoder run at a time, and a click never
    waits for another photo's encoder.
    """

    def __init__(
        self, model: SamModel, info: ModelInfo, *, image_processor: Pixels = pixel_values
    ) -> None:
        self._model: Any = model.eval()
        self._info = info
        self._pixels = image_processor
        self._side = int(model.config.vision_config.image_size)
        self._encoding = Lock()
        self._decoding = Lock()

    @property
    def info(self) -> ModelInfo:
        """What this is, for the page and for recipes."""
        return self._info

    def embed(self, rgb: Rgb) -> Embedding:
        """Run the encoder once on HxWx3 uint8 sRGB.

        `data` is a tensor 1x256x64x64 (channels and grid of the model's config) in the model's
        dtype, kept in main memory so that the device's stays free for painting. Raises OutOfMemory.
        """
        with self._encoding:
            features = _or_refuse(lambda: self._encode(rgb))
        nbytes = features.element_size() * features.nelement()
        return Embedding((rgb.shape[1], rgb.shape[0]), nbytes, features)

    def candidates(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None = None
    ) -> Candidates:
        """Run the decoder alone and return three masks, best first.

        `scores` are the model's own estimates of the intersection over union, 0-1; `hints` the
        logits that the masks were made of, float32, 256x256 (four times the model's grid). `hint`
        is such an array from a former answer. Raises BadRequest when there is nothing to go by or
        when `hint` has another shape, OutOfMemory.
        """
        if not prompts:
            raise BadRequest("There is nothing to select by; give a point or a box.")
        self._check_hint(hint)
        with self._decoding:
            logits, scores = _or_refuse(lambda: self._decode(embedding, prompts, hint))
        order = sorted(range(len(scores)), key=lambda index: -scores[index])
        return Candidates(
            tuple(photo_mask(logits[index], embedding.size, self._side) for index in order),
            tuple(min(max(float(scores[index]), 0.0), 1.0) for index in order),
            tuple(logits[index] for index in order),
        )

    def _check_hint(self, hint: NDArray[np.float32] | None) -> None:
        side = 4 * int(self._model.config.prompt_encoder_config.image_embedding_size)
        if hint is not None and (hint.shape != (side, side) or not np.isfinite(hint).all()):
            raise BadRequest(
                f"The former answer has the shape {hint.shape}; "
                f"it must be {side} x {side} finite numbers, as in the candidates' hints."
            )

    @torch.inference_mode()
    def _encode(self, rgb: Rgb) -> torch.Tensor:
        pixels = self._tensor(self._pixels(rgb, self._side)[None], self._model.dtype)
        return torch.as_tensor(self._model.get_image_embeddings(pixels)).cpu()

    @torch.inference_mode()
    def _decode(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.float32], list[float]]:
        dtype = self._model.dtype
        output = self._model(
            image_embeddings=torch.as_tensor(embedding.data).to(self._model.device),
            input_masks=None if hint is None else self._tensor(hint[None, None], dtype),
            **self._prompt_tensors(prompts, embedding.size),
        )
        logits = output.pred_masks[0, 0].float().cpu().numpy()
        return logits, output.iou_scores[0, 0].float().tolist()

    def _prompt_tensors(self, prompts: Prompts, size: Size) -> dict[str, torch.Tensor]:
        # Coordinates stay float32: half precision cannot tell neighbouring pixels of 1024 apart.
        tensors = {}
        if prompts.points:
            labels = np.array([[[int(point.include) for point in prompts.points]]])
            tensors["input_points"] = self._square(_xy(prompts.points), size)[None, None]
            tensors["input_labels"] = self._tensor(labels, torch.int64)
        if prompts.box is not None:
            tensors["input_boxes"] = self._square(_corners(prompts.box), size).reshape(1, 1, 4)
        return tensors

    def _square(self, coordinates: NDArray[np.float64], size: Size) -> torch.Tensor:
        return self._tensor(to_square(coordinates, size, self._side), torch.float32)

    def _tensor(self, array: NDArray[Any], dtype: torch.dtype) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._model.device, dtype)


def _xy(points: Sequence[Point]) -> NDArray[np.float64]:
    return np.array([(point.x, point.y) for point in points], np.float64)


def _corners(box: Box) -> NDArray[np.float64]:
    return np.array([(box.x0, box.y0), (box.x1, box.y1)], np.float64)


def _or_refuse(action: Callable[[], T]) -> T:
    try:
        return action()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    release_memory()
    raise OutOfMemory(
        "There is too little memory to select in this photo; "
        "close other programs that use the device, or choose a smaller segmenter."
    )


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
