"""SAM-HQ: Segment Anything with finer edges (Ke et al. 2023, arXiv 2306.01567)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import SamHQModel

from inpainting.types import ModelInfo
from models.promptable import Answer, Features, Network, PromptableSegmenter
from models.sam_geometry import Square


class SamHqNetwork(Network):
    """A `SamHQModel`; its features are SAM's 1x256x64x64, and 1x64x64x768 of an early layer."""

    def __init__(self, model: SamHQModel) -> None:
        config = model.config
        low_side = 4 * int(config.prompt_encoder_config.image_embedding_size)
        super().__init__(model, Square(int(config.vision_config.image_size)), low_side)

    def encode(self, pixels: torch.Tensor) -> Features:
        """Run the encoder; of the layers that it gives the decoder reads the first alone."""
        grid, layers = self.model.get_image_embeddings(pixels)
        return grid, layers[0]

    def decode(
        self, features: Features, prompts: Mapping[str, torch.Tensor], hint: torch.Tensor | None
    ) -> Answer:
        """Run the decoder twice; three masks for each set of prompts, the best one refined.

        The library adds the fine mask to all three; it was trained with the best, and would spoil
        the larger and the smaller one.
        """
        refined, scores = self._run(features, prompts, hint, False)
        fine, _ = self._run(features, prompts, hint, True)
        plain = refined.float() - fine.float()
        return torch.cat([refined[:, :1].float(), plain[:, 1:]], dim=1), scores

    def decode_grid(self, features: Features, prompts: Mapping[str, torch.Tensor]) -> Answer:
        """Run the decoder once; the best mask alone, refined."""
        refined, scores = self._run(features, prompts, None, False)
        return refined[:, :1], scores[:, :1]

    def _run(
        self,
        features: Features,
        prompts: Mapping[str, torch.Tensor],
        hint: torch.Tensor | None,
        fine: bool,
    ) -> Answer:
        output: Any = self.model(
            image_embeddings=features[0],
            intermediate_embeddings=[features[1]],
            input_masks=hint,
            hq_token_only=fine,
            **prompts,
        )
        return output.pred_masks[0], output.iou_scores[0]


class SamHqSegmenter(PromptableSegmenter):
    """A `Segmenter`, `Proposer` and `Everything` on a loaded `SamHQModel`, where and as that is."""

    def __init__(self, model: SamHQModel, info: ModelInfo, *, batch: int | None = None) -> None:
        super().__init__(SamHqNetwork(model), info, batch=batch)
