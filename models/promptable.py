"""Clicks, boxes and grids of points on any model of the Segment Anything family.

What differs from model to model, how a photo is encoded and prompts are decoded, is a `Network`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from inpainting.errors import BadRequest, OutOfMemory
from inpainting.types import Candidates, Embedding, Mask, ModelInfo, Prompts, Rgb
from models.device import (
    calculates_in_bfloat16,
    is_out_of_memory,
    release_memory,
    unless_out_of_memory,
)
from models.one_at_a_time import Caller, OneAtATime
from models.sam_everything import (
    GOOD,
    GRID,
    Logits,
    Segment,
    chosen,
    likelihood,
    likely_subjects,
    point_grid,
    segment_of,
    small_mask,
    stand_in,
    worth_copying,
    worth_keeping,
)
from models.sam_geometry import Square, prompt_arrays
from models.worker import Worker

T = TypeVar("T")
Features = tuple[torch.Tensor, ...]
Answer = tuple[torch.Tensor, torch.Tensor]
Found = tuple[NDArray[np.float32], list[float], list[float]]
"""Of what a grid's points selected: logits, scores, and how stable each is."""

BATCH = 64
"""Points of a grid that a GPU decodes at once: about 1 GB in half precision with a real model."""

_CPU_GRID = 8


class Network(ABC):
    """One model of the family, on the device and in the precision that it is in.

    `square` is how it sees photos, `low_side` the side of the logits that it gives and takes,
    `good` the estimate of its own from which a segment counts.
    """

    def __init__(self, model: Any, square: Square, low_side: int, good: float = GOOD) -> None:
        self.model = model.eval()
        self.square = square
        self.low_side = low_side
        self.good = good

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return torch.device(self.model.device)

    def pixels(self, rgb: Rgb) -> NDArray[np.float32]:
        """Return the encoder's input, 3 x side x side, from HxWx3 uint8."""
        return self.square.pixels(rgb)

    @abstractmethod
    def encode(self, pixels: torch.Tensor) -> Features:
        """Return what decoding needs of a photo, from 1 x 3 x side x side."""

    @abstractmethod
    def decode(
        self, features: Features, prompts: Mapping[str, torch.Tensor], hint: torch.Tensor | None
    ) -> Answer:
        """Return logits PxMxHxW and scores PxM for P sets of prompts; `hint` is 1x1xHxW."""

    def decode_grid(self, features: Features, prompts: Mapping[str, torch.Tensor]) -> Answer:
        """Return the same for many single points, where there is a cheaper way."""
        return self.decode(features, prompts, None)


class PromptableSegmenter:
    """A `Segmenter`, `Proposer` and `Everything` on a `Network`.

    `batch` is how many points of a grid go through the decoder at once, None: 1 on the CPU, where
    more take longer, else 64. Safe to call from several threads: one encoder run and one decoder
    run at a time, on the threads that ask, or all on that of a worker; see `work_on`.
    """

    def __init__(self, network: Network, info: ModelInfo, *, batch: int | None = None) -> None:
        self._network = network
        self._info = info
        self._batch = batch
        self._halves = False
        self._encoder: Caller = OneAtATime()
        self._decoder: Caller = OneAtATime()

    @property
    def info(self) -> ModelInfo:
        """What this is, for the page and for recipes; the encoder's precision stands last."""
        own = self._info
        return replace(own, dtype=f"{own.dtype}, bfloat16") if self._halves else own

    def hasten(self, wanted: bool | None = None) -> bool:
        """Let the encoder multiply in bfloat16 from now on; to be called before its first photo.

        `wanted` None: where the model is in 32 bits on a CPU that is made for it. Twice as fast or
        more there; features differ by about 1 %, and decoding stays in 32 bits. Returns whether.
        """
        model = self._network.model
        fits = self._network.device.type == "cpu" and model.dtype == torch.float32
        able = calculates_in_bfloat16(torch.cpu.get_capabilities())
        self._halves = fits and (able if wanted is None else wanted)
        if self._halves:
            model.vision_encoder.to(memory_format=torch.channels_last)
        return self._halves

    def work_on(self, worker: Worker) -> None:
        """Run both on a worker's thread from now on; to be called before the first photo.

        That is for a GPU, where a painter shares the worker: a click waits for one of its steps at
        most. Else a click never waits for another photo's encoder.
        """
        self._encoder = self._decoder = worker

    def embed(self, rgb: Rgb) -> Embedding:
        """Run the encoder once on HxWx3 uint8 sRGB.

        `data` is the network's tuple of feature tensors in the model's dtype, kept in main memory
        so that the device's stays free for painting. Raises OutOfMemory.
        """
        pixels = or_refuse(lambda: self._network.pixels(rgb)[None])
        features = self._encoder.call(lambda: or_refuse(lambda: self._encode(pixels)))
        nbytes = sum(one.element_size() * one.nelement() for one in features)
        return Embedding((rgb.shape[1], rgb.shape[0]), nbytes, features)

    def candidates(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None = None
    ) -> Candidates:
        """Run the decoder alone and return three masks, best first.

        `scores` are the model's own estimates of the intersection over union, 0-1; `hints` the
        logits that the masks were made of, float32, square, four times the model's grid (256x256).
        `hint` is such an array from a former answer. Raises BadRequest when there is nothing to go
        by or when `hint` has another shape, OutOfMemory.
        """
        if not prompts:
            raise BadRequest("There is nothing to select by; give a point or a box.")
        self._check_hint(hint)
        logits, scores = self.decoded(lambda: self._decode(embedding, prompts, hint))
        order = sorted(range(len(scores)), key=lambda index: -scores[index])
        return Candidates(
            tuple(self._network.square.mask(logits[index], embedding.size) for index in order),
            tuple(_share(scores[index]) for index in order),
            tuple(logits[index] for index in order),
        )

    def segments(self, embedding: Embedding) -> Candidates:
        """Return the segments of a photo, largest first, 1 to 255; they may overlap.

        `masks` have the photo's shape, reduced to at most 1024 pixels on the longer side; `scores`
        are the model's own estimates, 0-1; no hints. A grid of 16x16 points goes through the
        decoder in batches, and clicks are answered in between. Raises OutOfMemory.
        """

        def make(logits: Logits) -> Mask:
            return small_mask(logits, embedding.size, self._network.square)

        found = self._visible(embedding, chosen(self._grid(embedding, GRID)), make)
        scores = (_share(one.score) for one, _ in found)
        return Candidates(tuple(mask for _, mask in found), tuple(scores))

    def propose(self, embedding: Embedding) -> Candidates:
        """Return one to three unlike segments that are likely the subject, best first.

        `masks` at the photo's own size; `scores` 0-1: the model's estimate times stability, usual
        size and nearness to the middle; `hints` as from `candidates`. The grid has 16x16 points, on
        the CPU 8x8, which take about as long as the encoder. Raises OutOfMemory.
        """

        def make(logits: Logits) -> Mask:
            return self._network.square.mask(logits, embedding.size)

        count = _CPU_GRID if self._network.device.type == "cpu" else GRID
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
        make: Callable[[Logits], Mask],
    ) -> list[tuple[Segment, Mask]]:
        """Return the segments with the masks that have a pixel; the photo's middle if none has."""
        made = ((one, make(one.logits)) for one in segments)
        seen = [(one, mask) for one, mask in made if mask.any()]
        if seen:
            return seen
        side = self._network.low_side
        middle = stand_in(side, self._network.square.part(embedding.size, side))
        return [(middle, make(middle.logits))]

    def _grid(self, embedding: Embedding, count: int) -> list[Segment]:
        points = point_grid(self._network.square.scaled(embedding.size), count)
        batch = self._batch or (1 if self._network.device.type == "cpu" else BATCH)
        found: list[Segment] = []
        for at in range(0, len(points), batch):
            answers = self._answers(embedding, points[at : at + batch])
            found = worth_keeping([*found, *answers], self._network.good)
        return found

    def _answers(self, embedding: Embedding, points: NDArray[np.float32]) -> list[Segment]:
        """Return what the decoder says for each point alone; in smaller batches for want of memory.

        A batch is one call of the decoder, so that a click need not wait for the whole grid.
        """
        decode = partial(self._decode_points, embedding, points)
        found: Found | None
        if len(points) == 1:
            found = self.decoded(decode)
        else:
            found = self._decoder.call(lambda: unless_out_of_memory(decode))
        if found is not None:
            part = self._network.square.part(embedding.size, found[0].shape[-1])
            answers = zip(*found, strict=True)
            return [segment_of(mask.copy(), good, stable, part) for mask, good, stable in answers]
        half = len(points) // 2
        return [*self._answers(embedding, points[:half]), *self._answers(embedding, points[half:])]

    @torch.inference_mode()
    def _decode_points(self, embedding: Embedding, points: NDArray[np.float32]) -> Found:
        prompts: dict[str, NDArray[Any]] = {
            "input_points": points[None, :, None],
            "input_labels": np.ones((1, len(points), 1)),
        }
        answer = self._network.decode_grid(self._features(embedding), self._tensors(prompts))
        # Half precision would round areas above 2048 pixels.
        logits = answer[0].flatten(0, 1).float()
        scores = torch.nan_to_num(answer[1].flatten().float())
        part = self._network.square.part(embedding.size, int(logits.shape[-1]))
        kept, stable = worth_copying(logits[:, : part[0], : part[1]], scores, self._network.good)
        return logits[kept].cpu().numpy(), scores[kept].tolist(), stable[kept].tolist()

    def decoded(self, decode: Callable[[], T]) -> T:
        """Return what `decode` returns, when the decoder is free for it; raises OutOfMemory."""
        return self._decoder.call(lambda: or_refuse(decode))

    def _check_hint(self, hint: NDArray[np.float32] | None) -> None:
        side = self._network.low_side
        if hint is not None and (hint.shape != (side, side) or not np.isfinite(hint).all()):
            raise BadRequest(
                f"The former answer has the shape {hint.shape}; "
                f"it must be {side} x {side} finite numbers, as in the candidates' hints."
            )

    @torch.inference_mode()
    def _encode(self, pixels: NDArray[np.float32]) -> Features:
        dtype = self._network.model.dtype
        given = self._tensor(pixels, dtype)
        if not self._halves:
            return tuple(one.cpu() for one in self._network.encode(given))
        with torch.autocast("cpu", torch.bfloat16):
            features = self._network.encode(given.to(memory_format=torch.channels_last))
        return tuple(one.to(dtype).contiguous() for one in features)

    @torch.inference_mode()
    def _decode(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.float32], list[float]]:
        given = self._tensors(prompt_arrays(prompts, embedding.size, self._network.square))
        former = None if hint is None else self._tensor(hint[None, None], self._network.model.dtype)
        logits, scores = self._network.decode(self._features(embedding), given, former)
        return logits[0].float().cpu().numpy(), torch.nan_to_num(scores[0].float()).tolist()

    def _features(self, embedding: Embedding) -> Features:
        kept: Any = embedding.data
        return tuple(one.to(self._network.device) for one in kept)

    def _tensors(self, prompts: Mapping[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
        # Coordinates stay float32: half precision cannot tell neighbouring pixels of 1024 apart.
        return {
            name: self._tensor(array, torch.int64 if name == "input_labels" else torch.float32)
            for name, array in prompts.items()
        }

    def _tensor(self, array: NDArray[Any], dtype: torch.dtype) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._network.device, dtype)


def _share(score: float) -> float:
    return min(max(float(score), 0.0), 1.0)


def or_refuse(action: Callable[[], T]) -> T:
    """Return what `action` returns; raises OutOfMemory, with the memory freed, for want of it."""
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
