"""What every model of the family does with clicks and boxes, on tiny real ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inpainting.errors import BadRequest, OutOfMemory
from inpainting.ports import Everything, Proposer
from inpainting.types import Box, Candidates, ModelInfo, Point, Prompts, Rgb
from models import promptable
from models.promptable import PromptableSegmenter
from models.sam import SamSegmenter
from models.sam2 import Sam2Segmenter
from models.sam3 import Sam3Segmenter
from models.sam_hq import SamHqSegmenter
from tests.support.tiny import toy_tokenizer
from tests.support.tiny_segmenters import (
    LOW_SIDE,
    SIDE,
    SIDE_3,
    failing,
    small_edgetam,
    small_sam,
    small_sam2,
    small_sam3,
    small_sam_hq,
)

INFO = ModelInfo("tiny", "Tiny", "tests", "0", "none")
ONE_CLICK = Prompts((Point(20, 15),))
KINDS = ("sam", "sam-hq", "sam2", "edgetam", "sam3")
OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")


@dataclass(frozen=True)
class Case:
    """A segmenter, the model that clicks go through, and what its embedding must weigh."""

    kind: str
    segmenter: PromptableSegmenter
    model: Any
    numbers: int

    @property
    def stretched(self) -> bool:
        return self.kind not in ("sam", "sam-hq")

    @property
    def side(self) -> int:
        return SIDE_3 if self.kind == "sam3" else SIDE


def _case(kind: str, dtype: torch.dtype = torch.float32) -> Case:
    pyramid = 4 * 32**2 + 8 * 16**2 + 32 * 8**2
    if kind == "sam":
        sam = small_sam().to(dtype)
        return Case(kind, SamSegmenter(sam, INFO), sam, 32 * 8**2)
    if kind == "sam-hq":
        fine = small_sam_hq().to(dtype)
        return Case(kind, SamHqSegmenter(fine, INFO), fine, 2 * 32 * 8**2)
    if kind == "sam3":
        detector, tracker = (model.to(dtype) for model in small_sam3())
        segmenter = Sam3Segmenter(detector, tracker, toy_tokenizer(), INFO)
        return Case(kind, segmenter, tracker, pyramid + 32 * 8**2)
    model: Any = (small_sam2() if kind == "sam2" else small_edgetam()).to(dtype)
    return Case(kind, Sam2Segmenter(model, INFO), model, pyramid)


@pytest.fixture(scope="module", params=KINDS)
def case(request: pytest.FixtureRequest) -> Case:
    return _case(request.param)


def _photo(width: int = 61, height: int = 37) -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def _differ(one: Candidates, other: Candidates) -> bool:
    return bool(np.abs(np.stack(one.hints) - np.stack(other.hints)).max() > 1e-4)


@contextmanager
def _calls(part: Any) -> Iterator[list[int]]:
    calls: list[int] = []
    handle = part.register_forward_hook(lambda *_: calls.append(1))
    yield calls
    handle.remove()


@contextmanager
def _given(model: Any) -> Iterator[list[dict[str, Any]]]:
    """Note what the prompt encoder is called with."""
    given: list[dict[str, Any]] = []
    handle = model.prompt_encoder.register_forward_pre_hook(
        lambda _, __, named: given.append(named), with_kwargs=True
    )
    yield given
    handle.remove()


def test_the_encoder_runs_once_a_photo_however_many_clicks(case: Case) -> None:
    decodes = 2 if case.kind == "sam-hq" else 1
    with _calls(case.model.vision_encoder) as encoded, _calls(case.model.mask_decoder) as decoded:
        embedding = case.segmenter.embed(_photo())
        assert (len(encoded), len(decoded)) == (1, 0)
        for x in range(3):
            case.segmenter.candidates(embedding, Prompts((Point(x * 9, 20),)))
    assert (len(encoded), len(decoded)) == (1, 3 * decodes)


def test_an_embedding_knows_its_size_and_its_memory(case: Case) -> None:
    embedding = case.segmenter.embed(_photo(50, 20))
    assert embedding.size == (50, 20)
    assert embedding.nbytes == case.numbers * 4
    assert isinstance(embedding.data, tuple)
    assert {one.device.type for one in embedding.data} == {"cpu"}


def test_info_is_the_one_that_was_given(case: Case) -> None:
    assert case.segmenter.info is INFO


@pytest.mark.parametrize("size", [(61, 37), (1, 1), (8, 64), (400, 50), (250, 129)])
def test_three_masks_at_the_photo_s_own_size_best_first(case: Case, size: tuple[int, int]) -> None:
    answer = case.segmenter.candidates(case.segmenter.embed(_photo(*size)), Prompts((Point(0, 0),)))
    assert len(answer.masks) == len(answer.scores) == len(answer.hints) == 3
    for mask, hint in zip(answer.masks, answer.hints, strict=True):
        assert mask.shape == (size[1], size[0])
        assert mask.dtype == np.bool_
        assert hint.shape == (LOW_SIDE, LOW_SIDE)
        assert hint.dtype == np.float32
    assert list(answer.scores) == sorted(answer.scores, reverse=True)
    assert all(0 <= score <= 1 for score in answer.scores)


def test_the_same_photo_and_clicks_give_the_same_bytes(case: Case) -> None:
    other = _case(case.kind).segmenter
    first = case.segmenter.candidates(case.segmenter.embed(_photo()), ONE_CLICK)
    again = other.candidates(other.embed(_photo()), ONE_CLICK)
    assert [hint.tobytes() for hint in first.hints] == [hint.tobytes() for hint in again.hints]


@pytest.mark.parametrize("size", [(400, 50), (50, 400), (64, 64)])
def test_clicks_and_boxes_are_given_in_the_square_s_pixels(
    case: Case, size: tuple[int, int]
) -> None:
    width, height = size
    points = (Point(width // 2, height // 4), Point(width - 1, 0, include=False))
    box = Box(0, height // 2, width, height)
    embedding = case.segmenter.embed(_photo(*size))
    with _given(case.model) as given:
        case.segmenter.candidates(embedding, Prompts(points, box))
    across, down = (
        (case.side / width, case.side / height)
        if case.stretched
        else ((case.side / max(size),) * 2)
    )
    scale = np.array((across, down))
    expected = np.array([(point.x, point.y) for point in points]) * scale
    corners = np.array([(0, height // 2), size]) * scale
    assert np.allclose(given[0]["input_points"], expected[None, None])
    assert np.allclose(given[0]["input_boxes"], corners.reshape(1, 1, 4))
    assert given[0]["input_labels"].tolist() == [[[1, 0]]]
    assert given[0]["input_labels"].dtype == torch.int64
    assert given[0]["input_masks"] is None


def test_every_kind_of_prompt_changes_the_answer(case: Case) -> None:
    embedding = case.segmenter.embed(_photo())
    box = Box(5, 5, 50, 30)
    answers = [
        case.segmenter.candidates(embedding, prompts)
        for prompts in (
            ONE_CLICK,
            Prompts((Point(20, 15, include=False),)),
            Prompts((Point(20, 15), Point(50, 30))),
            Prompts((), box),
            Prompts(ONE_CLICK.points, box),
            Prompts((), Box(0, 0, 61, 37)),
        )
    ]
    for index, one in enumerate(answers):
        assert all(_differ(one, other) for other in answers[index + 1 :])


def test_a_hint_is_used_as_it_was_given(case: Case) -> None:
    embedding = case.segmenter.embed(_photo())
    first = case.segmenter.candidates(embedding, ONE_CLICK)
    with _given(case.model) as given:
        second = case.segmenter.candidates(embedding, ONE_CLICK, first.hints[0])
    assert np.array_equal(given[0]["input_masks"][0, 0], first.hints[0])
    assert _differ(first, second)


@pytest.mark.parametrize(
    "hint", [np.zeros((16, 16), np.float32), np.full((32, 32), np.nan, np.float32)]
)
def test_a_wrong_hint_is_refused(case: Case, hint: NDArray[np.float32]) -> None:
    with pytest.raises(BadRequest, match="32 x 32"):
        case.segmenter.candidates(case.segmenter.embed(_photo()), ONE_CLICK, hint)


def test_no_prompt_is_refused(case: Case) -> None:
    with pytest.raises(BadRequest, match="point or a box"):
        case.segmenter.candidates(case.segmenter.embed(_photo()), Prompts())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", KINDS)
def test_the_precision_follows_the_model(kind: str, dtype: torch.dtype) -> None:
    case = _case(kind, dtype)
    embedding = case.segmenter.embed(_photo())
    assert isinstance(embedding.data, tuple)
    assert {one.dtype for one in embedding.data} == {dtype}
    assert embedding.nbytes == case.numbers * 2
    with _given(case.model) as given:
        first = case.segmenter.candidates(embedding, Prompts(ONE_CLICK.points, Box(0, 0, 60, 36)))
    assert given[0]["input_points"].dtype == given[0]["input_boxes"].dtype == torch.float32
    again = case.segmenter.candidates(embedding, ONE_CLICK, first.hints[0])
    assert all(hint.dtype == np.float32 and np.isfinite(hint).all() for hint in again.hints)


def test_it_proposes_and_finds_everything(case: Case) -> None:
    assert isinstance(case.segmenter, Proposer)
    assert isinstance(case.segmenter, Everything)
    embedding = case.segmenter.embed(_photo(61, 20))
    with _calls(case.model.vision_encoder) as encoded:
        answer = case.segmenter.propose(embedding)
    assert not encoded
    assert 1 <= len(answer.masks) == len(answer.scores) == len(answer.hints) <= 3
    assert all(mask.shape == (20, 61) and mask.any() for mask in answer.masks)
    case.segmenter.candidates(embedding, ONE_CLICK, answer.hints[0])


def test_a_grid_goes_in_batches(case: Case) -> None:
    embedding = case.segmenter.embed(_photo())
    large = type(case.segmenter)._grid
    case.segmenter._batch, before = 64, case.segmenter._batch
    with _calls(case.model.mask_decoder) as decoded:
        together = large(case.segmenter, embedding, 8)
    case.segmenter._batch = before
    alone = large(case.segmenter, embedding, 8)
    assert len(decoded) == 1
    assert np.allclose([one.score for one in together], [one.score for one in alone], atol=1e-4)


def test_threads_get_the_answers_that_they_would_get_alone(case: Case) -> None:
    segmenter = case.segmenter
    embeddings = [segmenter.embed(_photo(40 + index, 30)) for index in range(3)]
    alone = [segmenter.candidates(embedding, ONE_CLICK) for embedding in embeddings]
    together: dict[int, Candidates] = {}

    def work(index: int) -> None:
        together[index] = segmenter.candidates(segmenter.embed(_photo(40 + index, 30)), ONE_CLICK)

    threads = [Thread(target=work, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(_differ(alone[index], together[index]) for index in range(3))


def test_want_of_memory_is_a_sentence_and_the_next_call_is_unharmed(case: Case) -> None:
    embedding = case.segmenter.embed(_photo())
    with failing(case.model, "vision_encoder", OUT_OF_MEMORY):  # noqa: SIM117
        with pytest.raises(OutOfMemory, match="memory"):
            case.segmenter.embed(_photo())
    with failing(case.model, "mask_decoder", OUT_OF_MEMORY):  # noqa: SIM117
        with pytest.raises(OutOfMemory, match="memory"):
            case.segmenter.candidates(embedding, ONE_CLICK)
    assert len(case.segmenter.candidates(case.segmenter.embed(_photo()), ONE_CLICK).masks) == 3


def test_any_other_failure_is_left_as_it_is(case: Case) -> None:
    with failing(case.model, "vision_encoder", RuntimeError("bad kernel")):  # noqa: SIM117
        with pytest.raises(RuntimeError, match="bad kernel"):
            case.segmenter.embed(_photo())


def test_a_hastened_encoder_gives_nearly_the_same_to_a_decoder_in_32_bits(case: Case) -> None:
    hasty = _case(case.kind)
    assert hasty.segmenter.hasten(True)
    exact, near = (one.segmenter.embed(_photo()) for one in (case, hasty))
    assert near.nbytes == exact.nbytes
    assert isinstance(exact.data, tuple)
    assert isinstance(near.data, tuple)
    for one, other in zip(exact.data, near.data, strict=True):
        assert other.dtype == torch.float32
        assert other.is_contiguous()
        assert not torch.equal(one, other), "it multiplies in half precision"
        assert float((one - other).std() / one.std()) < 0.1
    with _calls(hasty.model.vision_encoder) as encoded, _calls(hasty.model.mask_decoder) as decoded:
        answer = hasty.segmenter.candidates(near, ONE_CLICK)
        hasty.segmenter.candidates(near, ONE_CLICK, answer.hints[0])
        assert (len(encoded), len(decoded)) == (0, 4 if case.kind == "sam-hq" else 2)
        hasty.segmenter.embed(_photo())
        assert len(encoded) == 1
    assert all(np.isfinite(hint).all() for hint in answer.hints)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_model_in_half_precision_is_not_hastened(dtype: torch.dtype) -> None:
    assert not _case("sam", dtype).segmenter.hasten(True)


def test_unless_told_only_a_processor_made_for_it_is_hastened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for able in (True, False):
        monkeypatch.setattr(promptable, "calculates_in_bfloat16", lambda _, able=able: able)
        segmenter = _case("sam").segmenter
        assert segmenter.hasten() is able
        assert segmenter.info.dtype.endswith("bfloat16") is able
        assert not segmenter.hasten(False)
        assert not segmenter.info.dtype.endswith("bfloat16")
