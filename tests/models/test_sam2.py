"""SAM 2.1 and EdgeTAM: the cached way equals the whole model, however the photo is shaped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from inpainting.types import Box, ModelInfo, Point, Prompts, Rgb
from models.sam2 import Sam2Segmenter
from models.sam_geometry import Square
from tests.support.tiny_segmenters import SIDE, small_edgetam, small_sam2

INFO = ModelInfo("tiny", "Tiny SAM 2", "tests", "0", "none")


@pytest.fixture(scope="module", params=[small_sam2, small_edgetam])
def model(request: pytest.FixtureRequest) -> Any:
    return request.param()


def _photo(width: int, height: int) -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def _full_pass(model: Any, rgb: Rgb, prompts: Prompts) -> Any:
    """The whole model in one call, written out from its documentation."""
    scale = SIDE / np.array([rgb.shape[1], rgb.shape[0]])
    points = np.array([(point.x, point.y) for point in prompts.points]) * scale
    box = prompts.box
    assert box is not None
    corners = np.array([(box.x0, box.y0), (box.x1, box.y1)]) * scale
    labels = [int(point.include) for point in prompts.points]
    with torch.no_grad():
        return model(
            pixel_values=torch.from_numpy(Square(SIDE, stretched=True).pixels(rgb))[None],
            input_points=torch.tensor(points, dtype=torch.float32)[None, None],
            input_labels=torch.tensor([[labels]]),
            input_boxes=torch.tensor(corners, dtype=torch.float32).reshape(1, 1, 4),
        )


@pytest.mark.parametrize("size", [(61, 37), (320, 40), (40, 320)])
def test_cached_decoding_equals_the_full_pass(model: Any, size: tuple[int, int]) -> None:
    rgb = _photo(*size)
    points = (Point(20, 15), Point(5, 30), Point(38, 8, include=False))
    prompts = Prompts(points, Box(3, 4, 36, 33))
    segmenter = Sam2Segmenter(model, INFO)
    answer = segmenter.candidates(segmenter.embed(rgb), prompts)
    full = _full_pass(model, rgb, prompts)
    order = full.iou_scores[0, 0].argsort(descending=True)
    expected = full.pred_masks[0, 0][order].clamp(-32, 32).numpy()
    assert np.abs(np.stack(answer.hints) - expected).max() < 1e-4
    assert np.allclose(answer.scores, full.iou_scores[0, 0][order].clamp(0, 1), atol=1e-5)


def test_logits_are_bounded_before_they_come_back_as_a_hint(model: Any) -> None:
    class Certain(torch.nn.Module):
        def forward(self, **_: Any) -> Any:
            logits = torch.full((1, 1, 3, 32, 32), 1000.0)
            return logits, torch.ones(1, 1, 3), None, torch.ones(1, 1, 1)

    segmenter = Sam2Segmenter(model, INFO)
    embedding = segmenter.embed(_photo(61, 37))
    own, model.mask_decoder = model.mask_decoder, Certain()
    answer = segmenter.candidates(embedding, Prompts((Point(3, 4),)))
    model.mask_decoder = own
    assert answer.hints[0].max() == 32
    assert answer.masks[0].all()
