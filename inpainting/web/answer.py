"""A segmenter's answer made small enough to be kept for every step of a session."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from inpainting.recipe import PackedMask, pack_mask, unpack_mask
from inpainting.types import Candidates, Mask
from inpainting.web.display import MASK_SIDE, THUMB_SIDE, mask_url


@dataclass(frozen=True, slots=True, eq=False)
class Hint:
    """A former answer to start from, and the key of the segmenter that understands it."""

    model: str
    logits: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answer:
    """Candidates with their masks packed, best first; `hints` as in `Candidates`, of `model`.

    `pictures` and `thumbs` are the same masks as data URLs, for the canvas and for small buttons.
    """

    masks: tuple[PackedMask, ...]
    scores: tuple[float, ...]
    model: str = ""
    pictures: tuple[str, ...] = ()
    thumbs: tuple[str, ...] = ()
    hints: tuple[NDArray[np.float32], ...] = field(default=(), compare=False)

    def mask(self, index: int) -> Mask:
        """Return a candidate's mask HxW bool at the photo's size."""
        packed = self.masks[index]
        return unpack_mask(packed, packed.size)

    def hint(self, index: int) -> Hint | None:
        """Return what the next call can start from when this candidate was the right one."""
        return Hint(self.model, self.hints[index]) if index < len(self.hints) else None

    def without_hints(self) -> Answer:
        """Return the same answer for the history, where only masks are wanted."""
        return replace(self, hints=())


def pack(candidates: Candidates, model: str) -> Answer:
    """Pack what the segmenter `model` offered."""
    return Answer(
        masks=tuple(map(pack_mask, candidates.masks)),
        scores=candidates.scores,
        model=model,
        pictures=tuple(mask_url(mask, MASK_SIDE) for mask in candidates.masks),
        thumbs=tuple(mask_url(mask, THUMB_SIDE) for mask in candidates.masks),
        hints=candidates.hints,
    )
