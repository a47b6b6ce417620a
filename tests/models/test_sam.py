"""SAM: the cached way equals the whole model, and the notebook's function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import SamModel

from inpainting.errors import BadRequest
from inpainting.types import ModelInfo, Point, Prompts, Rgb
from models.sam import SamSegmenter, run_segmentation
from models.sam_geometry import pixel_values, scaled_size
from tests.support.tiny_segmenters import SIDE, small_sam

INFO = ModelInfo("tiny", "Tiny SAM", "tests", "0", "none")


@pytest.fixture(scope="module")
def model() -> SamModel:
    return small_sam()


@pytest.fixture(scope="module")
def segmenter(model: SamModel) -> SamSegmenter:
    return SamSegmenter(model, INFO)


def _photo(width: int = 61, height: int = 37) -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def _full_pass(model: SamModel, rgb: Rgb, prompts: Prompts) -> Any:
    """The whole model in one call, written out from its documentation."""
    height, width = rgb.shape[:2]
    pixels = torch.from_numpy(pixel_values(rgb, SIDE))[None]
    new_width, new_height = scaled_size((width, height), SIDE)
    points = [
        [point.x * new_width / width, point.y * new_height / height] for point in prompts.points
    ]
    labels = [int(point.include) for point in prompts.points]
    with torch.no_grad():
        return model(
            pixel_values=pixels,
            input_points=torch.tensor([[points]]),
            input_labels=torch.tensor([[labels]]),
        )


@pytest.mark.parametrize("size", [(61, 37), (300, 40), (64, 512)])
def test_cached_decoding_equals_the_full_pass(
    model: SamModel, segmenter: SamSegmenter, size: tuple[int, int]
) -> None:
    rgb = _photo(*size)
    prompts = Prompts((Point(20, 15), Point(5, 30), Point(40, 8, include=False)))
    answer = segmenter.candidates(segmenter.embed(rgb), prompts)
    full = _full_pass(model, rgb, prompts)
    order = full.iou_scores[0, 0].argsort(descending=True)
    expected = full.pred_masks[0, 0][order].numpy()
    assert np.abs(np.stack(answer.hints) - expected).max() < 1e-5
    assert np.allclose(answer.scores, full.iou_scores[0, 0][order].clamp(0, 1), atol=1e-5)


def test_the_photo_may_be_prepared_by_another_function(model: SamModel) -> None:
    def grey(rgb: Rgb, side: int) -> Any:
        return pixel_values(np.full_like(rgb, 128), side)

    own, usual = SamSegmenter(model, INFO, image_processor=grey), SamSegmenter(model, INFO)
    flat: Any = own.embed(_photo()).data
    same: Any = usual.embed(np.full((37, 61, 3), 128, np.uint8)).data
    assert torch.equal(flat[0], same[0])


@pytest.mark.parametrize("points", [[[20, 15], [30, 20]], [[[20, 15], [30, 20]]]])
def test_run_segmentation_keeps_the_notebook_s_polarity(
    model: SamModel, segmenter: SamSegmenter, points: list[Any]
) -> None:
    photo = _photo()
    picture = Image.fromarray(photo)
    prompts = Prompts((Point(20, 15), Point(30, 20)))
    subject = segmenter.candidates(segmenter.embed(photo), prompts).masks[0]
    assert np.array_equal(run_segmentation(picture, points, None, model), ~subject)
    inverse = run_segmentation(picture, points, object(), model, background=False, device="cpu")
    assert np.array_equal(inverse, subject)


def test_run_segmentation_takes_pictures_of_any_mode(model: SamModel) -> None:
    picture = Image.fromarray(_photo()).convert("RGBA")
    assert run_segmentation(picture, [[[3.0, 4.6]]], None, model).shape == (37, 61)


@pytest.mark.parametrize(
    "points", [[], [[1, 2, 3]], [[float("nan"), 1]], [["a", "b"]], [[[1], [2, 3]]]]
)
def test_run_segmentation_refuses_what_are_no_points(model: SamModel, points: list[Any]) -> None:
    with pytest.raises(BadRequest, match="pairs of numbers"):
        run_segmentation(Image.fromarray(_photo()), points, None, model)
