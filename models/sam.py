"""Segment Anything behind the Segmenter port, and the notebook's `run_segmentation`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import SamModel

from inpainting.errors import BadRequest, OutOfMemory
from inpainting.types import Box, Candidates, Embedding, Mask, ModelInfo, Point, Prompts, Rgb, Size
from models.device import is_out_of_memory, release_memory, unless_out_of_memory
from models.sam_everything import (
    GRID,
    Segment,
    chosen,
    likelihood,
    likely_subjects,
    photo_part,
    point_grid,
    segment_of,
    small_mask,
    stand_in,
    worth_copying,
    worth_keeping,
)
from models.sam_geometry import photo_mask, pixel_values, scaled_size, to_square

T = TypeVar("T")
BATCH = 64
"""Points of a grid that a GPU decodes at once: about 1 GB in half precision with the real model."""

_CPU_GRID = 8

Pixels = Callable[[Rgb, int], NDArray[np.float32]]


class SamSegmenter:
    """A `Segmenter`, `Proposer` and `Everything` on a loaded `SamModel`, where and as that is.

    `image_processor(rgb, side)` turns HxWx3 uint8 into the encoder's 3 x side x side float32;
    `batch` is how many points of a grid go through the decoder at once, None: 1 on the CPU, where
    more take longer, else 64. Safe
    to call from several threads: one encoder run and one decoder run at a time, and a click never
    waits for another photo's encoder.
    """

    def __init__(
        self,
        model: SamModel,
        info: ModelInfo,
        *,
        image_processor: Pixels = pixel_values,
        batch: int | None = None,
    ) -> None:
        self._model: Any = model.eval()
        self._info = info
        self._pixels = image_processor
        self._side = int(model.config.vision_config.image_size)
        self._batch = batch
        self._encoding = Lock()
        self._next, self._decoding = Lock(), Lock()

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
        with self._turn():
            logits, scores = _or_refuse(lambda: self._decode(embedding, prompts, hint))
        order = sorted(range(len(scores)), key=lambda index: -scores[index])
        return Candidates(
            tuple(photo_mask(logits[index], embedding.size, self._side) for index in order),
            tuple(min(max(float(scores[index]), 0.0), 1.0) for index in order),
            tuple(logits[index] for index in order),
        )

    def segments(self, embedding: Embedding) -> Candidates:
        """Return the segments of a photo, largest first, 1 to 255; they may overlap.

        `masks` have the photo's shape, reduced to at most 1024 pixels on the longer side; `scores`
        are the model's own estimates, 0-1; no hints. A grid of 16x16 points goes through the
        decoder in batches, and clicks are answered in between. Raises OutOfMemory.
        """

        def make(logits: NDArray[np.float32]) -> Mask:
            return small_mask(logits, embedding.size, self._side)

        found = self._visible(embedding, chosen(self._grid(embedding, GRID)), make)
        scores = (min(max(one.score, 0.0), 1.0) for one, _ in found)
        return Candidates(tuple(mask for _, mask in found), tuple(scores))

    def propose(self, embedding: Embedding) -> Candidates:
        """Return one to three unlike segments that are likely the subject, best first.

        `masks` at the photo's own size; `scores` 0-1: the model's estimate times stability, usual
        size and nearness to the middle; `hints` as from `candidates`. The grid has 16x16 points, on
        the CPU 8x8, which take about as long as the encoder. Raises OutOfMemory.
        """

        def make(logits: NDArray[np.float32]) -> Mask:
            return photo_mask(logits, embedding.size, self._side)

        count = _CPU_GRID if self._model.device.type == "cpu" else GRID
        likely = likely_subjects(chosen(self._grid(embedding, count)))
        found = self._visible(embedding, likely, make)
        return Candidates(
            tuple(mask for _, mask in found),
            tuple(likelihood(one) for one, _ in found),
            tuple(one.logits for one, _ in found),
        )

    def _visible(
        self,
        embedding: Embedding,
        segments: Sequence[Segment],
        make: Callable[[NDArray[np.float32]], Mask],
    ) -> list[tuple[Segment, Mask]]:
        """Return the segments with the masks that have a pixel; the photo's middle if none has."""
        made = ((one, make(one.logits)) for one in segments)
        seen = [(one, mask) for one, mask in made if mask.any()]
        if seen:
            return seen
        side = self._low_side()
        middle = stand_in(side, photo_part(embedding.size, side))
        return [(middle, make(middle.logits))]

    def _grid(self, embedding: Embedding, count: int) -> list[Segment]:
        points = point_grid(scaled_size(embedding.size, self._side), count)
        batch = self._batch or (1 if self._model.device.type == "cpu" else BATCH)
        found: list[Segment] = []
        for at in range(0, len(points), batch):
            found = worth_keeping([*found, *self._answers(embedding, points[at : at + batch])])
        return found

    def _answers(self, embedding: Embedding, points: NDArray[np.float32]) -> list[Segment]:
        """Return what the decoder says for each point alone; in smaller batches for want of memory.

        The lock is taken by the batch, so that a click need not wait for the whole grid.
        """
        with self._turn():
            if len(points) == 1:
                return _or_refuse(lambda: self._decode_points(embedding, points))
            found = unless_out_of_memory(lambda: self._decode_points(embedding, points))
        if found is not None:
            return found
        half = len(points) // 2
        return [*self._answers(embedding, points[:half]), *self._answers(embedding, points[half:])]

    @torch.inference_mode()
    def _decode_points(self, embedding: Embedding, points: NDArray[np.float32]) -> list[Segment]:
        output = self._model(
            image_embeddings=torch.as_tensor(embedding.data).to(self._model.device),
            input_points=self._tensor(points[None, :, None], torch.float32),
            input_labels=self._tensor(np.ones((1, len(points), 1)), torch.int64),
        )
        # Half precision would round areas above 2048 pixels.
        logits = output.pred_masks[0].flatten(0, 1).float()
        scores = torch.nan_to_num(output.iou_scores[0].flatten().float())
        part = photo_part(embedding.size, int(logits.shape[-1]))
        kept, stable = worth_copying(logits[:, : part[0], : part[1]], scores)
        answers = zip(
            logits[kept].cpu().numpy(), scores[kept].tolist(), stable[kept].tolist(), strict=True
        )
        return [segment_of(mask.copy(), score, steady, part) for mask, score, steady in answers]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the decoder; who waits for it comes before who asks again, as a grid does."""
        with self._next:
            self._decoding.acquire()
        try:
            yield
        finally:
            self._decoding.release()

    def _low_side(self) -> int:
        return 4 * int(self._model.config.prompt_encoder_config.image_embedding_size)

    def _check_hint(self, hint: NDArray[np.float32] | None) -> None:
        side = self._low_side()
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
