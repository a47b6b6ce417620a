"""What a Qwen-VL text encoder reads, text and picture together, without torchvision.

The processor of transformers also reads films, and cannot be built where torchvision is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image
from transformers import BatchFeature, Qwen2VLProcessor

PLACE = "<|image_pad|>"
"""Stands in a text for one token of the picture."""


class PictureProcessor(Qwen2VLProcessor):  # type: ignore[misc]
    """A `Qwen2VLProcessor` for texts with one picture each and no film."""

    def __init__(self, image_processor: Any, tokenizer: Any) -> None:
        # Not of the base class, which looks for the film reader.
        self.image_processor = image_processor
        self.tokenizer = tokenizer
        self.chat_template = None

    def __call__(self, images: Image.Image, text: Sequence[str], **options: Any) -> BatchFeature:
        """Return tokens and pixels of `text`, each with one `PLACE` for the same picture."""
        seen = self.image_processor(images=[images] * len(text), return_tensors="pt")
        merged = self.image_processor.merge_size**2
        counts = (int(grid.prod()) // merged for grid in seen["image_grid_thw"])
        grown = [part.replace(PLACE, PLACE * n, 1) for part, n in zip(text, counts, strict=True)]
        return BatchFeature({**self.tokenizer(grown, **options), **seen})
