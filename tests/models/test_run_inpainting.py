"""The notebook's `run_inpainting` on a tiny real SDXL pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import BadRequest, NothingSelected
from models.sdxl import run_inpainting
from tests.support.tiny import tiny_sdxl_inpaint


@pytest.fixture
def pipeline() -> Any:
    return tiny_sdxl_inpaint()


def photo(width: int, height: int) -> Image.Image:
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


@pytest.mark.parametrize("size", [(97, 61), (200, 35), (64, 64), (31, 190)])
def test_run_inpainting_keeps_size_and_kept_pixels(pipeline: Any, size: tuple[int, int]) -> None:
    image = photo(*size)
    hole = np.zeros((size[1], size[0]), np.bool_)
    hole[size[1] // 4 : size[1] // 2, size[0] // 4 : size[0] // 2] = True
    result = run_inpainting(image, hole, "red brick", pipeline, "blue", 3, 5)
    before, after = np.asarray(image), np.asarray(result)
    assert result.size == size
    assert np.array_equal(before[~hole], after[~hole])
    assert (before[hole] != after[hole]).any(axis=-1).mean() > 0.9


def test_run_inpainting_takes_every_kind_of_mask_and_a_default_seed(pipeline: Any) -> None:
    image = photo(80, 64)
    hole = np.zeros((64, 80), np.bool_)
    hole[10:50, 20:60] = True
    masks: list[object] = [
        hole,
        hole.astype(np.uint8),
        hole.astype(np.uint8) * 255,
        hole.astype(np.float32),
        hole[None],
        Image.fromarray(hole),
        Image.fromarray(hole.astype(np.uint8) * 255).convert("RGB"),
    ]
    results = [np.asarray(run_inpainting(image, m, "brick", pipeline)) for m in masks]
    assert all(np.array_equal(results[0], result) for result in results)


@pytest.mark.parametrize("mask", [np.zeros((5, 5), np.bool_), "mask", None])
def test_run_inpainting_refuses_what_is_no_mask(pipeline: Any, mask: object) -> None:
    with pytest.raises(BadRequest):
        run_inpainting(photo(80, 64), mask, "brick", pipeline)


def test_run_inpainting_refuses_an_empty_mask(pipeline: Any) -> None:
    with pytest.raises(NothingSelected):
        run_inpainting(photo(80, 64), np.zeros((64, 80), np.bool_), "brick", pipeline)
