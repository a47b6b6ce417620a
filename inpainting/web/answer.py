"""A segmenter's answer made small enough to be kept for every step of a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from inpainting.cropped import CroppedMask, crop_mask, crop_masks
from inpainting.types import Candidates, Mask, Size
from inpainting.web.display import THUMB_SIDE, mask_url


@dataclass(frozen=True, slots=True, eq=False)
class Hint:
    """A former answer to start from, and the key of the segmenter that understands it."""

    model: str
    logits: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answer:
    """Candidates with their masks packed, best first; `hints` as in `Candidates`, of `model`.

    `thumbs` are the same masks as data URLs of small pictures, for buttons.
    """

    masks: tuple[CroppedMask, ...]
    scores: tuple[float, ...]
    model: str = ""
    thumbs: tuple[str, ...] = ()
    hints: tuple[NDArray[np.float32], ...] = field(default=(), compare=False)

    def mask(self, index: int) -> Mask:
        """Return a candidate's mask HxW bool at the photo's size."""
        return self.masks[index].whole()

    def hint(self, index: int) -> Hint | None:
        """Return what the next call can start from when this candidate was the right one."""
        return Hint(self.model, self.hints[index]) if index < len(self.hints) else None

    def without_hints(self) -> Answer:
        """Return the same answer for the history, where only masks are wanted."""
        return replace(self, hints=())


def pack(candidates: Candidates, model: str = "") -> Answer:
    """Pack what the segmenter `model` offered, each different mask once."""
    thumbs = [mask_url(mask, THUMB_SIDE) for mask in candidates.masks]
    kept = _different(candidates.masks, thumbs)
    return Answer(
        masks=crop_masks(candidates.masks[index] for index in kept),
        scores=tuple(candidates.scores[index] for index in kept),
        model=model,
        thumbs=tuple(thumbs[index] for index in kept),
        hints=tuple(candidates.hints[index] for index in kept if candidates.hints),
    )


def _different(masks: Sequence[Mask], thumbs: Sequence[str]) -> list[int]:
    """Return where each mask stands for the first time; only those that look alike are compared."""
    kept: list[int] = []
    for index, mask in enumerate(masks):
        alike = (masks[other] for other in kept if thumbs[other] == thumbs[index])
        if not any(np.array_equal(mask, other) for other in alike):
            kept.append(index)
    return kept


def pack_one(mask: Mask) -> Answer:
    """Pack a mask HxW bool that came without a segmenter."""
    return pack(Candidates((mask,), (1.0,)))


@dataclass(frozen=True, slots=True)
class Composed:
    """A selection worked out: `raw` the parts and strokes together, `mask` the same with its edges.

    `feather` is the softness in photo pixels that a repaint would use; `area` the selected pixels.
    """

    raw: CroppedMask
    mask: CroppedMask
    feather: int = 0
    area: int = 0


def nothing(size: Size) -> Composed:
    """Return a selection of nothing in a photo of `size` (width, height)."""
    empty = crop_mask(np.zeros((size[1], size[0]), np.bool_))
    return Composed(empty, empty)
