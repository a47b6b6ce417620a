"""A small Segmenter and a small Painter whose answers can be told beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from inpainting.types import (
    Candidates,
    Embedding,
    Mask,
    ModelInfo,
    PaintDefaults,
    Painted,
    PaintSettings,
    Point,
    Progress,
    Prompts,
    Rgb,
)


class FakeSegmenter:
    """Selects discs round the clicks: of three sizes, less what is excluded; counts its calls."""

    def __init__(self, key: str = "fake-segmenter") -> None:
        self.info = ModelInfo(
            key=key,
            title="Discs",
            source="tests",
            revision="1",
            licence="Apache-2.0",
            world="It selects a disc round each click.",
        )
        self.embedded = 0
        self.asked: list[tuple[Prompts, NDArray[np.float32] | None]] = []

    def embed(self, rgb: Rgb) -> Embedding:
        """Count, and note the size."""
        self.embedded += 1
        height, width = rgb.shape[:2]
        return Embedding((width, height), 1, None)

    def candidates(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None = None
    ) -> Candidates:
        """Return discs of a radius of 1/5, 1/8 and 1/3 of the photo's shorter side."""
        self.asked.append((prompts, hint))
        shorter = min(embedding.size)
        masks = tuple(_selected(embedding, prompts, shorter / part) for part in (5, 8, 3))
        hints = tuple(np.full((4, 4), n, np.float32) for n in range(3))
        return Candidates(masks, (0.9, 0.8, 0.7), hints)

    def propose(self, embedding: Embedding) -> Candidates:
        """Return a disc in the middle of the photo, then one half as wide."""
        width, height = embedding.size
        middle = Prompts((Point(width // 2, height // 2),))
        radii = min(embedding.size) / 3, min(embedding.size) / 6
        masks = tuple(_selected(embedding, middle, radius) for radius in radii)
        return Candidates(masks, (0.9, 0.6))

    def segments(self, embedding: Embedding) -> Candidates:
        """Return the photo's four quarters, row by row; where it is odd the first are larger."""
        width, height = embedding.size
        left, top = np.arange(width) < (width + 1) // 2, np.arange(height) < (height + 1) // 2
        masks = [row[:, None] & column for row in (top, ~top) for column in (left, ~left)]
        masks.sort(key=lambda mask: -int(mask.sum()))
        return Candidates(tuple(masks), (0.9,) * 4)


def _selected(embedding: Embedding, prompts: Prompts, radius: float) -> Mask:
    width, height = embedding.size
    y, x = np.ogrid[:height, :width]
    mask = np.zeros((height, width), np.bool_)
    if prompts.box is not None:
        box = prompts.box
        mask[box.y0 : box.y1, box.x0 : box.x1] = True
    for point in prompts.points:
        mask[(x - point.x) ** 2 + (y - point.y) ** 2 <= radius**2] = point.include
    return mask


class FakePainter:
    """Fills the hole with a colour made of prompt and seed, in `steps` steps.

    `before_step` is called before each; `closed` counts the jobs that were not run to their end.
    """

    def __init__(self, before_step: Callable[[int], None] | None = None) -> None:
        self.info = ModelInfo(
            key="fake-painter",
            title="One colour",
            source="tests",
            revision="1",
            licence="Apache-2.0",
            native_side=256,
            schedulers=("Euler", "DDIM"),
            defaults=PaintDefaults(steps=4, guidance=5.0, strength=1.0, scheduler="Euler"),
            world="It paints one colour.",
        )
        self.before_step = before_step
        self.settings: list[PaintSettings] = []
        self.closed = 0

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Yield progress with previews, then the frame with its hole in `colour_of(settings)`."""
        self.settings.append(settings)
        picture = rgb.copy()
        picture[hole] = colour_of(settings)
        try:
            for step in range(1, settings.steps + 1):
                if self.before_step is not None:
                    self.before_step(step)
                yield Progress(step, settings.steps, picture)
            yield Painted(picture, ("Painted by the fake.",))
        except GeneratorExit:
            self.closed += 1
            raise


def colour_of(settings: PaintSettings) -> NDArray[np.uint8]:
    """Return the colour, three bytes, that prompt and seed give."""
    digest = hashlib.sha256(f"{settings.prompt}|{settings.seed}".encode()).digest()
    return np.frombuffer(digest[:3], np.uint8)
