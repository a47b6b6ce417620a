"""Segmenters that do more, and less, than a FakeSegmenter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inpainting.types import Candidates, Embedding, Mask, Prompts, Rgb
from tests.support.fakes import FakeSegmenter


class PlainSegmenter:
    """Answers clicks, and can neither propose a subject nor cut a photo into segments."""

    def __init__(self) -> None:
        self._fake = FakeSegmenter()
        self.info = self._fake.info

    def embed(self, rgb: Rgb) -> Embedding:
        """Note the size."""
        return self._fake.embed(rgb)

    def candidates(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None = None
    ) -> Candidates:
        """Return discs."""
        return self._fake.candidates(embedding, prompts, hint)


class FakeProposer(FakeSegmenter):
    """Proposes the middle of a photo in six sizes; its segments are left half, middle and corner.

    The middle and the corner lie on top of the left half. `proposed` and `cut` count the calls.
    """

    def __init__(self, key: str = "fake-segmenter") -> None:
        super().__init__(key)
        self.proposed = self.cut = 0

    def propose(self, embedding: Embedding) -> Candidates:
        """Return the middle of the photo."""
        self.proposed += 1
        sizes = range(8, 2, -1)
        masks = tuple(rectangle(embedding, 1 / n, 1 - 1 / n) for n in sizes)
        hints = tuple(np.zeros((4, 4), np.float32) for _ in sizes)
        return Candidates(masks, tuple(1 / n for n in sizes), hints)

    def segments(self, embedding: Embedding) -> Candidates:
        """Return three segments, the largest first."""
        self.cut += 1
        width, height = embedding.size
        left = np.zeros((height, width), np.bool_)
        left[:, : width // 2] = True
        corner = np.zeros((height, width), np.bool_)
        corner[:4, :4] = True
        return Candidates((left, rectangle(embedding, 0.4, 0.6), corner), (0.9, 0.8, 0.7))


def rectangle(embedding: Embedding, low: float, high: float) -> Mask:
    """Return a mask that is True from `low` to `high`, shares of both sides."""
    width, height = embedding.size
    mask = np.zeros((height, width), np.bool_)
    mask[int(height * low) : int(height * high), int(width * low) : int(width * high)] = True
    return mask
