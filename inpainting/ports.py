"""The two things that the core asks of a model, as Protocols; any object of this shape will do."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inpainting.types import (
    Candidates,
    Embedding,
    Mask,
    ModelInfo,
    Painted,
    PaintSettings,
    Progress,
    Prompts,
    Rgb,
)


class Segmenter(Protocol):
    """Turns clicks on a photo into masks."""

    @property
    def info(self) -> ModelInfo:
        """What this is, for the page and for recipes."""
        ...

    def embed(self, rgb: Rgb) -> Embedding:
        """Compute what depends on the photo alone (HxWx3 uint8 sRGB); costly, done once a photo."""
        ...

    def candidates(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None = None
    ) -> Candidates:
        """Return masks for `prompts`, best first; `hint` is a former answer to start from."""
        ...


class Painter(Protocol):
    """Repaints a hole in a picture."""

    @property
    def info(self) -> ModelInfo:
        """What this is, with `defaults` and `schedulers` set."""
        ...

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Paint where `hole` is True; yield `Progress` after each step, then one `Painted`.

        `rgb` HxWx3 uint8 with sides that are multiples of `info.multiple`; `hole` HxW. Closing the
        generator cancels the job within one step and leaves the painter ready for the next.
        """
        ...
