"""SAM 3: clicks, and text such as "the dog" (Carion et al. 2025, "SAM 3")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import Sam3Model, Sam3TrackerModel
from transformers.models.sam3.modeling_sam3 import Sam3VisionEncoderOutput

from inpainting.errors import BadRequest, NothingSelected
from inpainting.types import Candidates, Embedding, ModelInfo
from models.promptable import Answer, Features, PromptableSegmenter
from models.sam2 import Sam2Network
from models.sam_geometry import HALF

LONGEST_TEXT = 200
"""Characters of a text that is looked for."""

MOST_FOUND = 7
"""Single things that are offered beside all of them together."""

_TOKENS = 32
_SURE = 0.5


class Sam3Network(Sam2Network):
    """A `Sam3TrackerModel` for clicks and a `Sam3Model` for text, which share one large encoder.

    Its features are the tracker's three and the encoder's own output, 1x5184x1024, from which the
    detector's own features are made when a text is looked for: five times smaller than those.
    """

    def __init__(self, detector: Sam3Model, tracker: Sam3TrackerModel) -> None:
        super().__init__(tracker, HALF, HALF)
        self.detector: Any = detector.eval()
        self.detector.vision_encoder.backbone = self.model.vision_encoder.backbone
        # The repository's tracker may bring a fourth, smallest level, which it has no use for.
        neck, levels = self.model.vision_encoder.neck, len(self.model.backbone_feature_sizes)
        neck.fpn_layers = neck.fpn_layers[:levels]

    def encode(self, pixels: torch.Tensor) -> Features:
        """Run the encoder once, for clicks and for text."""
        seen: list[torch.Tensor] = []
        handle = self.model.vision_encoder.backbone.register_forward_hook(
            lambda _, __, output: seen.append(output.last_hidden_state)
        )
        try:
            clicked = super().encode(pixels)
        finally:
            handle.remove()
        return (*clicked, seen[0])

    def detect(self, features: Features, text: Mapping[str, torch.Tensor]) -> Answer:
        """Return logits NxHxW and scores N, 0-1, of everything that might be what `text` names.

        `text` holds the tokens, `input_ids` and `attention_mask` 1xT.
        """
        side = int(self.model.prompt_encoder.image_embedding_size[0])
        seen = features[3].view(1, side, side, -1).permute(0, 3, 1, 2)
        maps, positions = self.detector.vision_encoder.neck(seen)
        vision = Sam3VisionEncoderOutput(fpn_hidden_states=maps, fpn_position_encoding=positions)
        output = self.detector(vision_embeds=vision, **text)
        # A thing is there if the photo has such things at all, and if it is one of them.
        scores = output.pred_logits[0].float().sigmoid()
        return output.pred_masks[0], scores * output.presence_logits[0].float().sigmoid()


class Sam3Segmenter(PromptableSegmenter):
    """A `Segmenter`, `Proposer`, `Everything` and `Finder` on two loaded models of SAM 3.

    Both are on one device and in one precision; the encoder of `tracker` is used for both.
    `tokenizer` is the repository's CLIP tokenizer.
    """

    def __init__(
        self,
        detector: Sam3Model,
        tracker: Sam3TrackerModel,
        tokenizer: Any,
        info: ModelInfo,
        *,
        batch: int | None = None,
    ) -> None:
        self._both = Sam3Network(detector, tracker)
        super().__init__(self._both, info, batch=batch)
        self._tokenizer = tokenizer

    def find(self, embedding: Embedding, text: str) -> Candidates:
        """Return masks of what `text` names ("the dog"), best first, at most 8.

        The first holds all that was found together where that is more than one thing, with the best
        one's score; the others are single things. `hints` as from `candidates`, so that clicks can
        go on from there. The encoder does not run. Raises BadRequest for a text that is empty or
        too long (200 characters, 30 tokens), NothingSelected where nothing was found, OutOfMemory.
        """
        tokens = self._tokens(text)
        logits, scores = self.decoded(lambda: self._detect(embedding, tokens))
        size, square = embedding.size, self._both.square
        masks = [square.mask(one, size) for one in logits]
        kept = [index for index, mask in enumerate(masks) if mask.any()]
        if not kept:
            raise NothingSelected(
                f'Nothing in this photo was found for "{text.strip()}"; '
                "name it in other words, as in “the red cup”, or click on it."
            )
        return Candidates(
            tuple(masks[index] for index in kept),
            tuple(scores[index] for index in kept),
            tuple(logits[index] for index in kept),
        )

    def _tokens(self, text: str) -> dict[str, NDArray[np.int64]]:
        wanted = " ".join(text.split())
        if not 1 <= len(wanted) <= LONGEST_TEXT:
            raise BadRequest(
                f"The text to look for has {len(wanted)} characters; it must be 1 to "
                f"{LONGEST_TEXT}, as in “the dog”."
            )
        tokens = self._tokenizer(wanted, padding="max_length", max_length=_TOKENS)
        if len(tokens["input_ids"]) > _TOKENS:
            raise BadRequest("The text to look for is too long; a few words will do.")
        names = ("input_ids", "attention_mask")
        return {name: np.array([tokens[name]], np.int64) for name in names}

    @torch.inference_mode()
    def _detect(
        self, embedding: Embedding, tokens: Mapping[str, NDArray[np.int64]]
    ) -> tuple[list[NDArray[np.float32]], list[float]]:
        text = {name: self._tensor(array, torch.int64) for name, array in tokens.items()}
        logits, scores = self._both.detect(self._features(embedding), text)
        scores = torch.nan_to_num(scores)
        order = scores.argsort(descending=True, stable=True)
        order = order[scores[order] > _SURE]
        found = logits[order].float()
        kept = [(one, float(score)) for one, score in zip(found, scores[order], strict=True)]
        kept = kept[:MOST_FOUND]
        if len(found) > 1:
            kept.insert(0, (found.amax(dim=0), kept[0][1]))
        return [one.cpu().numpy() for one, _ in kept], [score for _, score in kept]
