"""SAM-HQ: the best mask alone is refined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import SamHQModel

from inpainting.types import ModelInfo, Point, Prompts, Rgb
from models.sam_geometry import pixel_values, scaled_size
from models.sam_hq import SamHqNetwork, SamHqSegmenter
from tests.support.tiny_segmenters import SIDE, small_sam_hq

INFO = ModelInfo("tiny", "Tiny SAM-HQ", "tests", "0", "none")
SIZE = (61, 37)
CLICK = (20, 15)


@pytest.fixture(scope="module")
def model() -> SamHQModel:
    return small_sam_hq()


def _photo() -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)


def _full_pass(model: SamHQModel, hq_token_only: bool) -> Any:
    """The whole model in one call, written out from its documentation."""
    width, height = scaled_size(SIZE, SIDE)
    point = [CLICK[0] * width / SIZE[0], CLICK[1] * height / SIZE[1]]
    with torch.no_grad():
        return model(
            pixel_values=torch.from_numpy(pixel_values(_photo(), SIDE))[None],
            input_points=torch.tensor([[[point]]]),
            input_labels=torch.tensor([[[1]]]),
            hq_token_only=hq_token_only,
        )


def test_the_best_mask_is_refined_and_the_others_are_as_sam_made_them(model: SamHQModel) -> None:
    segmenter = SamHqSegmenter(model, INFO)
    answer = segmenter.candidates(segmenter.embed(_photo()), Prompts((Point(*CLICK),)))
    refined, fine = (_full_pass(model, only).pred_masks[0, 0].numpy() for only in (False, True))
    assert fine.shape[0] == 1
    assert np.allclose(answer.hints[0], refined[0], atol=1e-4)
    for index in (1, 2):
        assert np.allclose(answer.hints[index], refined[index] - fine[0], atol=1e-4)
        assert not np.allclose(answer.hints[index], refined[index], atol=1e-2)


def test_scores_are_those_of_the_model(model: SamHQModel) -> None:
    segmenter = SamHqSegmenter(model, INFO)
    answer = segmenter.candidates(segmenter.embed(_photo()), Prompts((Point(*CLICK),)))
    scores = _full_pass(model, False).iou_scores[0, 0]
    assert np.allclose(answer.scores, scores.clamp(0, 1), atol=1e-5)


def test_a_grid_takes_the_best_mask_of_each_point(model: SamHQModel) -> None:
    network = SamHqNetwork(model)
    spots = torch.tensor([[[[20.0, 15.0]], [[50.0, 30.0]], [[90.0, 70.0]]]])
    with torch.inference_mode():
        features = network.encode(torch.from_numpy(pixel_values(_photo(), SIDE))[None])
        logits, scores = network.decode_grid(features, _labelled(spots))
        alone = [network.decode(features, _labelled(spots[:, [at]]), None) for at in range(3)]
    assert logits.shape == (3, 1, 32, 32)
    assert scores.shape == (3, 1)
    for at, (masks, estimates) in enumerate(alone):
        assert torch.allclose(logits[at, 0], masks[0, 0], atol=1e-4)
        assert torch.allclose(scores[at, 0], estimates[0, 0], atol=1e-5)


def _labelled(spots: torch.Tensor) -> dict[str, torch.Tensor]:
    labels = torch.ones(spots.shape[:3], dtype=torch.int64)
    return {"input_points": spots, "input_labels": labels}
