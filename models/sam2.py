"""SAM 2.1, and EdgeTAM, which has its decoder (Ravi et al. 2024, arXiv 2408.00714; Zhou et al.
2025, arXiv 2501.07256).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from inpainting.types import ModelInfo
from models.promptable import Answer, Features, Network, PromptableSegmenter
from models.sam_geometry import IMAGENET_DEVIATION, IMAGENET_MEAN, Square, Triple

_GOOD = 0.8
_CERTAIN = 32.0


class Sam2Network(Network):
    """A `Sam2Model`, an `EdgeTamModel` or a `Sam3TrackerModel`.

    Its features are 1x32x256x256, 1x64x128x128 and 1x256x64x64 for a square of 1024; photos are
    stretched to it.
    """

    def __init__(
        self, model: Any, mean: Triple = IMAGENET_MEAN, deviation: Triple = IMAGENET_DEVIATION
    ) -> None:
        encoder = model.prompt_encoder
        square = Square(int(encoder.input_image_size), True, mean, deviation)
        super().__init__(model, square, int(encoder.mask_input_size[0]), _GOOD)

    def encode(self, pixels: torch.Tensor) -> Features:
        """Run the encoder, and what of the decoder depends on the photo alone."""
        return tuple(self.model.get_image_embeddings(pixels))

    def decode(
        self, features: Features, prompts: Mapping[str, torch.Tensor], hint: torch.Tensor | None
    ) -> Answer:
        """Run the decoder; three masks for each set of prompts."""
        output = self.model(image_embeddings=list(features[:3]), input_masks=hint, **prompts)
        # The published predictor bounds what comes back as a hint.
        return output.pred_masks[0].clamp(-_CERTAIN, _CERTAIN), output.iou_scores[0]


class Sam2Segmenter(PromptableSegmenter):
    """A `Segmenter`, `Proposer` and `Everything` on a loaded `Sam2Model` or `EdgeTamModel`."""

    def __init__(self, model: Any, info: ModelInfo, *, batch: int | None = None) -> None:
        super().__init__(Sam2Network(model), info, batch=batch)
