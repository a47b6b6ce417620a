"""What the core asks of models, as Protocols; any object of this shape will do."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol, runtime_checkable

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
    Work,
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


@runtime_checkable
class Proposer(Protocol):
    """A segmenter that can also propose the subject by itself."""

    def propose(self, embedding: Embedding) -> Candidates:
        """Return what is likely the subject, best first; at least one, each with a True pixel."""
        ...


@runtime_checkable
class Everything(Protocol):
    """A segmenter that can also cut a whole photo into segments."""

    def segments(self, embedding: Embedding) -> Candidates:
        """Return the segments of a photo, largest first, at most 255; they may overlap.

        All masks have one size, in the photo's proportions: the photo's own, or a smaller one of at
        least 1024 pixels on the longer side, since 255 of a large photo would take gigabytes.
        """
        ...


@runtime_checkable
class Finder(Protocol):
    """A segmenter that can also find what a text names."""

    def find(self, embedding: Embedding, text: str) -> Candidates:
        """Return masks of what `text` (1-200 characters, "the dog") names, best first.

        The first holds all that was found together, where that is more than one thing; the others
        are single things. Raises NothingSelected where nothing was found.
        """
        ...


@runtime_checkable
class Tokens(Protocol):
    """A painter that can tell how long a prompt is for it."""

    def tokens(self, prompt: str) -> tuple[int, int]:
        """Return the tokens of a prompt, and how many are read at a time (77 with both ends: 75).

        More are read in pieces of that length.
        """
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

        `rgb` HxWx3 uint8 with sides that are multiples of `info.multiple`; `hole` HxW. A hole that
        is the whole picture means: at a strength of 1 a picture from the prompt alone, below it the
        given one painted over. Closing the generator cancels the job within one step and leaves the
        painter ready for the next.
        """
        ...


@runtime_checkable
class Batcher(Protocol):
    """A painter that can also paint several pictures at a time."""

    def paint_together(
        self, works: Sequence[Work]
    ) -> Generator[tuple[int, Progress | Painted], None, None]:
        """Paint all of `works`; yield the events of each, as `paint` does, with its number from 0.

        Those that fit together are painted together, `info.batch` at a time; each gets its own
        `Painted`, which may differ from the one it gets alone in the last bits. What waited for
        others is told when it begins, by a `Progress` of step 0.
        """
        ...
