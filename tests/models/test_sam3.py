"""SAM 3: one encoder for clicks and text, and what a text finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest, NothingSelected, OutOfMemory
from inpainting.ports import Finder
from inpainting.types import Embedding, ModelInfo, Point, Prompts, Rgb
from models.sam3 import MOST_FOUND, Sam3Segmenter
from models.sam_geometry import HALF, Square
from tests.support.tiny import toy_tokenizer
from tests.support.tiny_segmenters import LOW_SIDE_3, SIDE_3, failing, small_sam3

INFO = ModelInfo("tiny", "Tiny SAM 3", "tests", "0", "none")
SIZE = (90, 40)


@pytest.fixture(scope="module")
def segmenter() -> Sam3Segmenter:
    return Sam3Segmenter(*small_sam3(), toy_tokenizer(), INFO)


@pytest.fixture(scope="module")
def embedding(segmenter: Sam3Segmenter) -> Embedding:
    return segmenter.embed(_photo())


def _photo(width: int = SIZE[0], height: int = SIZE[1]) -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def _detector(segmenter: Sam3Segmenter) -> Any:
    return segmenter._both.detector


@contextmanager
def _telling(segmenter: Sam3Segmenter, logits: list[float], presence: float) -> Iterator[None]:
    """Let the detector say how sure it is of each of six things, whatever it sees.

    They lie side by side, from left to right; each is 6 of 32 columns wide, the last 2.
    """
    masks = torch.full((1, 6, LOW_SIDE_3, LOW_SIDE_3), -5.0)
    for index, columns in enumerate(torch.arange(LOW_SIDE_3).chunk(6)):
        masks[0, index, :, columns] = 5.0

    def tell(*_: object) -> Any:
        return SimpleNamespace(
            pred_masks=masks,
            pred_logits=torch.tensor([logits]),
            presence_logits=torch.tensor([[presence]]),
        )

    handle = _detector(segmenter).register_forward_hook(tell)
    yield
    handle.remove()


def test_there_is_one_encoder_and_it_runs_once(segmenter: Sam3Segmenter) -> None:
    detector, tracker = _detector(segmenter), segmenter._both.model
    assert detector.vision_encoder.backbone is tracker.vision_encoder.backbone
    ran: list[str] = []
    handles = [
        part.register_forward_hook(lambda *_, name=name: ran.append(name))
        for name, part in (
            ("encoder", tracker.vision_encoder.backbone),
            ("tracker", tracker.mask_decoder),
            ("detector", detector.mask_decoder),
            ("text", detector.text_encoder),
        )
    ]
    embedding = segmenter.embed(_photo())
    segmenter.candidates(embedding, Prompts((Point(3, 4),)))
    with pytest.raises(NothingSelected):
        segmenter.find(embedding, "the dog")
    for handle in handles:
        handle.remove()
    assert ran == ["encoder", "tracker", "text", "detector"]


def test_text_is_looked_for_as_in_the_whole_model(
    segmenter: Sam3Segmenter, embedding: Embedding
) -> None:
    detector = _detector(segmenter)
    tokens = toy_tokenizer()("the dog", padding="max_length", max_length=32, return_tensors="pt")
    pixels = torch.from_numpy(Square(SIDE_3, True, HALF, HALF).pixels(_photo()))[None]
    with torch.inference_mode():
        full = detector(pixel_values=pixels, **tokens)
        data: Any = embedding.data
        logits, scores = segmenter._both.detect(data, tokens)
    expected = full.pred_logits[0].sigmoid() * full.presence_logits[0].sigmoid()
    assert torch.allclose(logits, full.pred_masks[0], atol=1e-4)
    assert torch.allclose(scores, expected, atol=1e-6)


def test_clicks_are_answered_as_by_the_whole_tracker(
    segmenter: Sam3Segmenter, embedding: Embedding
) -> None:
    tracker = segmenter._both.model
    pixels = torch.from_numpy(Square(SIDE_3, True, HALF, HALF).pixels(_photo()))[None]
    spot = torch.tensor([[[[30 * SIDE_3 / SIZE[0], 20 * SIDE_3 / SIZE[1]]]]])
    with torch.no_grad():
        full = tracker(pixel_values=pixels, input_points=spot, input_labels=torch.tensor([[[1]]]))
    answer = segmenter.candidates(embedding, Prompts((Point(30, 20),)))
    order = full.iou_scores[0, 0].argsort(descending=True)
    expected = full.pred_masks[0, 0][order].clamp(-32, 32).numpy()
    assert np.abs(np.stack(answer.hints) - expected).max() < 1e-4


def test_a_fourth_level_of_the_tracker_is_dropped() -> None:
    plain = Sam3Segmenter(*small_sam3(), toy_tokenizer(), INFO)
    detector, tracker = small_sam3()
    more: Any = tracker.vision_encoder.neck.fpn_layers
    more.append(detector.vision_encoder.neck.fpn_layers[3])
    four = Sam3Segmenter(detector, tracker, toy_tokenizer(), INFO)
    one, other = (each.embed(_photo()).data for each in (plain, four))
    assert isinstance(one, tuple)
    assert isinstance(other, tuple)
    assert all(torch.equal(left, right) for left, right in zip(one, other, strict=True))


def test_all_that_was_found_comes_first_and_then_single_things(
    segmenter: Sam3Segmenter, embedding: Embedding
) -> None:
    assert isinstance(segmenter, Finder)
    with _telling(segmenter, [2.0, -3.0, 4.0, -3.0, -3.0, 0.1], presence=9.0):
        found = segmenter.find(embedding, " the  dog ")
    together, second, first, last = (found.masks[index] for index in (0, 2, 1, 3))
    assert len(found.masks) == len(found.scores) == len(found.hints) == 4
    assert np.array_equal(together, first | second | last)
    assert found.scores[0] == found.scores[1]
    assert list(found.scores) == sorted(found.scores, reverse=True)
    assert all(mask.shape == SIZE[::-1] and mask.dtype == np.bool_ for mask in found.masks)
    assert second[:, :14].all(), "the one on the left"
    assert not second[:, 19:].any()
    assert first[:, 36:48].all(), "the third one, of which it is surer"


def test_a_single_thing_is_the_only_mask(segmenter: Sam3Segmenter, embedding: Embedding) -> None:
    with _telling(segmenter, [-3.0, 3.0, -3.0, -3.0, -3.0, -3.0], presence=9.0):
        found = segmenter.find(embedding, "the dog")
    assert len(found.masks) == 1
    answer = segmenter.candidates(embedding, Prompts((Point(20, 20),)), found.hints[0])
    assert len(answer.masks) == 3, "clicks go on from what was found"


@pytest.mark.parametrize(
    ("logits", "presence"),
    [([-1.0] * 6, 9.0), ([9.0] * 6, -1.0), ([0.5] * 6, 0.5), ([float("nan")] * 6, 9.0)],
)
def test_nothing_found_is_a_sentence(
    segmenter: Sam3Segmenter, embedding: Embedding, logits: list[float], presence: float
) -> None:
    with _telling(segmenter, logits, presence), pytest.raises(NothingSelected, match="a zebra"):
        segmenter.find(embedding, "a zebra")


def test_at_most_a_few_single_things_are_offered(
    segmenter: Sam3Segmenter, embedding: Embedding
) -> None:
    masks = torch.full((1, 20, LOW_SIDE_3, LOW_SIDE_3), -5.0)
    for index in range(20):
        masks[0, index, index] = 5.0
    sure = SimpleNamespace(
        pred_masks=masks,
        pred_logits=torch.linspace(1, 5, 20)[None],
        presence_logits=torch.tensor([[9.0]]),
    )
    handle = _detector(segmenter).register_forward_hook(lambda *_: sure)
    found = segmenter.find(embedding, "sheep")
    handle.remove()
    assert len(found.masks) == MOST_FOUND + 1
    assert found.hints[0][:20].max(axis=1).min() == 5, "all are in the first"


@given(text=st.text(max_size=10), spaces=st.integers(1, 5))
@settings(max_examples=25)
def test_a_text_is_tokenised_without_its_extra_spaces(
    segmenter: Sam3Segmenter, text: str, spaces: int
) -> None:
    words = ["a", *text.split()]
    tokens = segmenter._tokens((" " * spaces).join(words))
    wanted = toy_tokenizer()(" ".join(words))["input_ids"]
    assert tokens["input_ids"].shape == tokens["attention_mask"].shape == (1, 32)
    assert tokens["input_ids"][0, : len(wanted)].tolist() == wanted
    assert tokens["attention_mask"].sum() == len(wanted)


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "more words than it can read " * 3])
def test_a_text_that_is_empty_or_too_long_is_refused(
    segmenter: Sam3Segmenter, embedding: Embedding, text: str
) -> None:
    with pytest.raises(BadRequest, match="text to look for") as told:
        segmenter.find(embedding, text)
    assert not isinstance(told.value, NothingSelected)


def test_want_of_memory_is_a_sentence(segmenter: Sam3Segmenter, embedding: Embedding) -> None:
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    with failing(_detector(segmenter), "detr_encoder", error):  # noqa: SIM117
        with pytest.raises(OutOfMemory, match="memory"):
            segmenter.find(embedding, "the dog")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_looks_for_text_too(dtype: torch.dtype) -> None:
    detector, tracker = (model.to(dtype) for model in small_sam3())
    segmenter = Sam3Segmenter(detector, tracker, toy_tokenizer(), INFO)
    with pytest.raises(NothingSelected):
        segmenter.find(segmenter.embed(_photo()), "the dog")
