"""The notebook's plain functions behind the two protocols."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from inpainting.adapters import FunctionPainter, FunctionSegmenter, as_painter, as_segmenter
from inpainting.errors import BadOutput, BadRequest
from inpainting.types import Box, Painted, PaintSettings, Point, Progress, Prompts, Rgb

PHOTO: Rgb = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
SETTINGS = PaintSettings("sea", "", 7, 1, 4.0, 1.0, "as it is")


def left_half_is_subject(photo: Image.Image, points: list[list[list[int]]]) -> Any:
    """Like the notebook's function: returns the background."""
    assert photo.size == (8, 6)
    assert points == [[[1, 2]]]
    background = np.ones((6, 8), np.bool_)
    background[:, :4] = False
    return background


@pytest.mark.parametrize("kind", [np.bool_, np.uint8, np.float32])
def test_background_becomes_the_subject_mask(kind: Any) -> None:
    segmenter = FunctionSegmenter(lambda p, xy: left_half_is_subject(p, xy).astype(kind))
    found = segmenter.candidates(segmenter.embed(PHOTO), Prompts((Point(1, 2),)))
    assert found.masks[0][:, :4].all()
    assert not found.masks[0][:, 4:].any()


def test_a_mask_of_0_and_1_or_of_0_and_255_means_the_same() -> None:
    for scale in (1, 255):

        def scaled(photo: Image.Image, points: list[list[list[int]]], scale: int = scale) -> Any:
            return left_half_is_subject(photo, points).astype(np.uint8) * scale

        segmenter = FunctionSegmenter(scaled)
        found = segmenter.candidates(segmenter.embed(PHOTO), Prompts((Point(1, 2),)))
        assert found.masks[0].sum() == 24


def test_a_mask_of_another_size_is_brought_to_the_photo() -> None:
    segmenter = FunctionSegmenter(lambda _photo, _xy: np.zeros((1, 3, 4), np.bool_))
    found = segmenter.candidates(segmenter.embed(PHOTO), Prompts((Point(1, 2),)))
    assert found.masks[0].shape == (6, 8)
    assert found.masks[0].all()


@pytest.mark.parametrize(
    "prompts", [Prompts((Point(0, 0, include=False),)), Prompts(box=Box(0, 0, 2, 2))]
)
def test_what_the_function_cannot_do_is_refused(prompts: Prompts) -> None:
    segmenter = FunctionSegmenter(left_half_is_subject)
    with pytest.raises(BadRequest, match="include points only"):
        segmenter.candidates(segmenter.embed(PHOTO), prompts)


def test_several_masks_at_once_are_refused() -> None:
    segmenter = FunctionSegmenter(lambda _photo, _xy: np.zeros((3, 6, 8), np.bool_))
    with pytest.raises(BadOutput, match="one mask"):
        segmenter.candidates(segmenter.embed(PHOTO), Prompts((Point(1, 2),)))


def test_the_painting_function_gets_the_notebooks_arguments() -> None:
    seen: list[Any] = []

    def inpaint(*arguments: Any) -> Image.Image:
        seen.extend(arguments)
        return Image.new("RGB", (16, 12), (1, 2, 3))

    hole = np.ones((6, 8), np.bool_)
    events = list(FunctionPainter(inpaint).paint(PHOTO, hole, SETTINGS))
    assert [type(event) for event in events] == [Progress, Progress, Painted]
    assert isinstance(events[-1], Painted)
    assert events[-1].rgb.shape == PHOTO.shape
    assert (events[-1].rgb == (1, 2, 3)).all()
    photo, given_hole, prompt, negative, seed, cfgs = seen
    assert photo.size == (8, 6)
    assert given_hole is hole
    assert (prompt, negative, seed, cfgs) == ("sea", None, 7, 4.0)


def test_objects_of_the_protocols_pass_unchanged() -> None:
    segmenter = FunctionSegmenter(left_half_is_subject)
    painter = FunctionPainter(lambda *_: None)
    assert as_segmenter(segmenter) is segmenter
    assert as_painter(painter) is painter
    assert isinstance(as_segmenter(left_half_is_subject), FunctionSegmenter)
    assert isinstance(as_painter(lambda *_: None), FunctionPainter)
