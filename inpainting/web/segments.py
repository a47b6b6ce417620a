"""All segments of a photo, small enough to be kept, and as one picture for the pointer to find."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inpainting.cropped import CroppedMask, crop_masks
from inpainting.enlarging import enlarge
from inpainting.errors import BadRequest
from inpainting.types import Candidates, Mask, Size
from inpainting.web.answer import Answer, pack_one
from inpainting.web.display import Greys, fitting, grey_url

LABELS_SIDE = 1024
"""Longer side in pixels of the picture that tells which segment is where."""

MAX_SEGMENTS = 255
"""As many as one byte can name, beside 0 for none."""


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The segments of the photo with that `digest`, found by the segmenter `model`.

    `labels` is the data URL of an 8-bit grey PNG: 0 = none, n = segment n - 1, the smallest of
    those that lie over each other.
    """

    digest: str
    model: str
    masks: tuple[CroppedMask, ...]
    labels: str

    def answer(self, index: int, size: Size) -> Answer:
        """Return a segment for a photo of `size`, (width, height); raises BadRequest for no such.

        The masks may be smaller than that.
        """
        if index >= len(self.masks):
            raise BadRequest("There is no such segment.")
        return pack_one(enlarge(self.masks[index].whole(), size))


def segments_of(digest: str, found: Candidates, model: str) -> Segments:
    """Keep what a segmenter found, largest first, in a photo."""
    masks = found.masks[:MAX_SEGMENTS]
    return Segments(digest, model, crop_masks(masks), grey_url(labels_of(masks)))


def labels_of(masks: tuple[Mask, ...]) -> Greys:
    """Return which mask is where: hxw, n where mask n - 1 is the last that is True, else 0."""
    height, width = masks[0].shape if masks else (1, 1)
    size = fitting((width, height), LABELS_SIDE)
    labels = np.zeros((size[1], size[0]), np.uint8)
    for number, mask in enumerate(masks, start=1):
        small = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        labels[small > 0] = number
    return labels
