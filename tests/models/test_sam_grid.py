"""A grid of points on SAM: all segments of a photo, and the likely subject."""

from __future__ import annotations

from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from transformers import SamModel

from inpainting.errors import OutOfMemory
from inpainting.ports import Everything, Proposer
from inpainting.types import ModelInfo, Point, Prompts, Rgb
from models.one_at_a_time import OneAtATime
from models.sam import SamSegmenter
from models.worker import Worker
from tests.support.tiny_segmenters import failing, small_sam
from tests.support.waiting import until

INFO = ModelInfo("tiny", "Tiny SAM", "tests", "0", "none")
ONE_CLICK = Prompts((Point(20, 15),))


@pytest.fixture(scope="module")
def model() -> SamModel:
    return small_sam()


@pytest.fixture(scope="module")
def segmenter(model: SamModel) -> SamSegmenter:
    return SamSegmenter(model, INFO)


def _photo(width: int = 61, height: int = 37) -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("size", [(61, 37), (1, 1), (8, 64), (300, 5)])
def test_segments_are_masks_of_one_size_largest_first(
    segmenter: SamSegmenter, size: tuple[int, int]
) -> None:
    assert isinstance(segmenter, Everything)
    answer = segmenter.segments(segmenter.embed(_photo(*size)))
    assert 1 <= len(answer.masks) == len(answer.scores) <= 255
    assert answer.hints == ()
    assert all(mask.shape == size[::-1] and mask.dtype == np.bool_ for mask in answer.masks)
    assert all(mask.any() for mask in answer.masks)
    assert all(0 <= score <= 1 for score in answer.scores)


def test_segments_of_a_large_photo_are_reduced(segmenter: SamSegmenter) -> None:
    answer = segmenter.segments(segmenter.embed(_photo(2048, 1000)))
    assert {mask.shape for mask in answer.masks} == {(500, 1024)}


@pytest.mark.parametrize("size", [(61, 37), (1, 1), (8, 64), (1300, 400)])
def test_proposals_are_unlike_masks_at_the_photo_s_own_size(
    segmenter: SamSegmenter, size: tuple[int, int]
) -> None:
    assert isinstance(segmenter, Proposer)
    embedding = segmenter.embed(_photo(*size))
    answer = segmenter.propose(embedding)
    assert 1 <= len(answer.masks) == len(answer.scores) == len(answer.hints) <= 3
    assert list(answer.scores) == sorted(answer.scores, reverse=True)
    assert all(mask.shape == size[::-1] and mask.any() for mask in answer.masks)
    segmenter.candidates(embedding, Prompts((Point(0, 0),)), answer.hints[0])


@pytest.mark.parametrize("batch", [None, 16, 64, 100])
def test_the_batch_does_not_change_the_answer(model: SamModel, batch: int | None) -> None:
    one, other = SamSegmenter(model, INFO, batch=5), SamSegmenter(model, INFO, batch=batch)
    embedding = one.embed(_photo())
    for first, second in (
        (one.segments(embedding), other.segments(embedding)),
        (one.propose(embedding), other.propose(embedding)),
    ):
        assert np.allclose(first.scores, second.scores, atol=1e-4)
        for mask, same in zip(first.masks, second.masks, strict=True):
            assert (mask ^ same).mean() < 0.01


def test_a_grid_goes_through_the_decoder_and_not_the_encoder(model: SamModel) -> None:
    segmenter = SamSegmenter(model, INFO, batch=64)
    embedding = segmenter.embed(_photo())
    decoded: list[int] = []
    handle = model.mask_decoder.register_forward_pre_hook(lambda *_: decoded.append(1))
    encoded: list[int] = []
    other = model.vision_encoder.register_forward_hook(lambda *_: encoded.append(1))
    segmenter.segments(embedding)
    handle.remove()
    other.remove()
    assert (len(decoded), encoded) == (4, [])


def test_half_precision_finds_segments_too() -> None:
    segmenter = SamSegmenter(small_sam().to(torch.bfloat16), INFO, batch=64)
    answer = segmenter.propose(segmenter.embed(_photo()))
    assert all(hint.dtype == np.float32 for hint in answer.hints)
    assert all(mask.any() for mask in answer.masks)


def test_a_grid_that_does_not_fit_goes_in_smaller_batches(model: SamModel) -> None:
    segmenter = SamSegmenter(model, INFO, batch=64)
    embedding = segmenter.embed(_photo())
    expected = segmenter.propose(embedding)

    def refuse_many(_: object, __: object, named: dict[str, Any]) -> None:
        if named["sparse_prompt_embeddings"].shape[1] > 16:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    handle = model.mask_decoder.register_forward_pre_hook(refuse_many, with_kwargs=True)
    answer = segmenter.propose(embedding)
    handle.remove()
    assert np.allclose(answer.scores, expected.scores, atol=1e-4)


def test_want_of_memory_for_a_single_point_is_a_sentence(
    model: SamModel, segmenter: SamSegmenter
) -> None:
    embedding = segmenter.embed(_photo())
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    with failing(model, "mask_decoder", error), pytest.raises(OutOfMemory, match="memory"):
        segmenter.segments(embedding)
    assert len(segmenter.candidates(embedding, ONE_CLICK).masks) == 3


def _waits_for(taker: Any) -> bool:
    """Tell whether somebody waits for a turn, or for a worker."""
    return taker._next.locked() if isinstance(taker, OneAtATime) else not taker._calls.empty()


@pytest.mark.parametrize("shared", [False, True])
def test_a_click_comes_before_the_next_batch_of_a_grid(model: SamModel, shared: bool) -> None:
    segmenter = SamSegmenter(model, INFO, batch=64)
    if shared:
        segmenter.work_on(Worker("test"))
    embedding = segmenter.embed(_photo())
    sizes: list[int] = []
    click = Thread(target=lambda: segmenter.candidates(embedding, ONE_CLICK))

    def look(_: object, __: object, named: dict[str, Any]) -> None:
        sizes.append(int(named["sparse_prompt_embeddings"].shape[1]))
        if len(sizes) == 1:
            click.start()
            until(lambda: _waits_for(segmenter._decoder))

    handle = model.mask_decoder.register_forward_pre_hook(look, with_kwargs=True)
    segmenter.segments(embedding)
    click.join(30)
    handle.remove()
    assert sizes == [64, 1, 64, 64, 64]
