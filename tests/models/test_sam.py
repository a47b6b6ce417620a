from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from transformers import SamConfig, SamModel

from inpainting.errors import BadRequest, OutOfMemory
from inpainting.ports import Everything, Proposer
from inpainting.types import Box, Candidates, ModelInfo, Point, Prompts, Rgb
from models.sam import SamSegmenter, run_segmentation
from models.sam_geometry import photo_mask, pixel_values, scaled_size, to_square

SIDE = 128
PATCH = 16
INFO = ModelInfo("tiny", "Tiny SAM", "tests", "0", "none")
ONE_CLICK = Prompts((Point(20, 15),))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Waiting for a second thread takes far longer than a tiny model does, on busy cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def model() -> SamModel:
    return _tiny_model()


def _tiny_model() -> SamModel:
    config = SamConfig(
        vision_config={
            "hidden_size": 32,
            "output_channels": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": SIDE,
            "patch_size": PATCH,
            "num_pos_feats": 16,
            "mlp_dim": 32,
            "window_size": 4,
            "global_attn_indexes": [1],
        },
        prompt_encoder_config={"hidden_size": 32, "image_size": SIDE, "patch_size": PATCH},
        mask_decoder_config={
            "hidden_size": 32,
            "mlp_dim": 32,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 32,
        },
    )
    model = SamModel(config)
    generator = torch.Generator().manual_seed(7)
    for name, parameter in model.named_parameters():
        # low frequencies keep the embeddings of neighbouring positions alike, as in trained weights
        deviation = 0.4 if name.endswith("positional_embedding") else 0.3
        parameter.data.normal_(0, deviation, generator=generator)
    return model


@pytest.fixture(scope="module")
def segmenter(model: SamModel) -> SamSegmenter:
    return SamSegmenter(model, INFO)


def _photo(width: int = 61, height: int = 37) -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


@contextmanager
def _encoder_calls(model: SamModel) -> Iterator[list[int]]:
    calls: list[int] = []
    handle = model.vision_encoder.register_forward_hook(lambda *_: calls.append(1))
    yield calls
    handle.remove()


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


def test_the_encoder_runs_once_a_photo_however_many_clicks(
    model: SamModel, segmenter: SamSegmenter
) -> None:
    with _encoder_calls(model) as calls:
        embedding = segmenter.embed(_photo())
        for x in range(5):
            segmenter.candidates(embedding, Prompts((Point(x * 9, 20),)))
        assert len(calls) == 1


def test_an_embedding_knows_its_size_and_its_memory(segmenter: SamSegmenter) -> None:
    embedding = segmenter.embed(_photo(50, 20))
    assert embedding.size == (50, 20)
    assert embedding.nbytes == 32 * 8 * 8 * 4
    assert isinstance(embedding.data, torch.Tensor)
    assert embedding.data.device.type == "cpu"


def test_info_is_the_one_that_was_given(segmenter: SamSegmenter) -> None:
    assert segmenter.info is INFO


@pytest.mark.parametrize("size", [(61, 37), (1, 1), (8, 64), (333, 1), (250, 129)])
def test_three_masks_at_the_photo_s_own_size_best_first(
    segmenter: SamSegmenter, size: tuple[int, int]
) -> None:
    answer = segmenter.candidates(segmenter.embed(_photo(*size)), Prompts((Point(0, 0),)))
    assert len(answer.masks) == len(answer.scores) == len(answer.hints) == 3
    for mask, hint in zip(answer.masks, answer.hints, strict=True):
        assert mask.shape == (size[1], size[0])
        assert mask.dtype == np.bool_
        assert hint.shape == (32, 32)
        assert hint.dtype == np.float32
    assert list(answer.scores) == sorted(answer.scores, reverse=True)
    assert all(0 <= score <= 1 for score in answer.scores)


def _differ(one: Candidates, other: Candidates) -> bool:
    return bool(np.abs(np.stack(one.hints) - np.stack(other.hints)).max() > 1e-4)


def test_every_kind_of_prompt_changes_the_answer(segmenter: SamSegmenter) -> None:
    embedding = segmenter.embed(_photo())
    box = Box(5, 5, 50, 30)
    answers = [
        segmenter.candidates(embedding, prompts)
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


def test_a_hint_is_used(segmenter: SamSegmenter) -> None:
    embedding = segmenter.embed(_photo())
    first = segmenter.candidates(embedding, ONE_CLICK)
    assert _differ(first, segmenter.candidates(embedding, ONE_CLICK, first.hints[0]))


@pytest.mark.parametrize(
    "hint", [np.zeros((16, 16), np.float32), np.full((32, 32), np.nan, np.float32)]
)
def test_a_wrong_hint_is_refused(segmenter: SamSegmenter, hint: NDArray[np.float32]) -> None:
    with pytest.raises(BadRequest, match="32 x 32"):
        segmenter.candidates(segmenter.embed(_photo()), ONE_CLICK, hint)


def test_no_prompt_is_refused(segmenter: SamSegmenter) -> None:
    with pytest.raises(BadRequest, match="point or a box"):
        segmenter.candidates(segmenter.embed(_photo()), Prompts())


def test_the_precision_follows_the_model() -> None:
    segmenter = SamSegmenter(_tiny_model().to(torch.bfloat16), INFO)
    embedding = segmenter.embed(_photo())
    assert isinstance(embedding.data, torch.Tensor)
    assert embedding.data.dtype == torch.bfloat16
    assert embedding.nbytes == 32 * 8 * 8 * 2
    first = segmenter.candidates(embedding, Prompts(ONE_CLICK.points, Box(0, 0, 60, 36)))
    again = segmenter.candidates(embedding, ONE_CLICK, first.hints[0])
    assert all(hint.dtype == np.float32 for hint in again.hints)


def test_threads_get_the_answers_that_they_would_get_alone(segmenter: SamSegmenter) -> None:
    embeddings = [segmenter.embed(_photo(40 + index, 30)) for index in range(4)]
    alone = [segmenter.candidates(embedding, ONE_CLICK) for embedding in embeddings]
    together: dict[int, Candidates] = {}

    def work(index: int) -> None:
        together[index] = segmenter.candidates(segmenter.embed(_photo(40 + index, 30)), ONE_CLICK)

    threads = [Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(_differ(alone[index], together[index]) for index in range(4))


@contextmanager
def _failing(model: SamModel, part: str, error: Exception) -> Iterator[None]:
    def fail(*_: object) -> None:
        raise error

    handle = getattr(model, part).register_forward_pre_hook(fail)
    yield
    handle.remove()


def test_want_of_memory_is_a_sentence_and_the_next_call_is_unharmed(
    model: SamModel, segmenter: SamSegmenter
) -> None:
    embedding = segmenter.embed(_photo())
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    with _failing(model, "vision_encoder", error), pytest.raises(OutOfMemory, match="memory"):
        segmenter.embed(_photo())
    with _failing(model, "mask_decoder", error), pytest.raises(OutOfMemory, match="memory"):
        segmenter.candidates(embedding, ONE_CLICK)
    assert len(segmenter.candidates(segmenter.embed(_photo()), ONE_CLICK).masks) == 3


def test_any_other_failure_is_left_as_it_is(model: SamModel, segmenter: SamSegmenter) -> None:
    with _failing(model, "vision_encoder", RuntimeError("bad kernel")):  # noqa: SIM117
        with pytest.raises(RuntimeError, match="bad kernel"):
            segmenter.embed(_photo())


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
    with _encoder_calls(model) as encoded:
        segmenter.segments(embedding)
    handle.remove()
    assert (len(decoded), encoded) == (4, [])


def test_half_precision_finds_segments_too() -> None:
    segmenter = SamSegmenter(_tiny_model().to(torch.bfloat16), INFO, batch=64)
    answer = segmenter.propose(segmenter.embed(_photo()))
    assert all(hint.dtype == np.float32 for hint in answer.hints)
    assert all(mask.any() for mask in answer.masks)


def test_a_grid_that_does_not_fit_goes_in_smaller_batches(model: SamModel) -> None:
    segmenter = SamSegmenter(model, INFO, batch=64)
    embedding = segmenter.embed(_photo())
    expected = segmenter.segments(embedding)

    def refuse_many(_: object, __: object, named: dict[str, Any]) -> None:
        if named["sparse_prompt_embeddings"].shape[1] > 16:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    handle = model.mask_decoder.register_forward_pre_hook(refuse_many, with_kwargs=True)
    answer = segmenter.segments(embedding)
    handle.remove()
    assert np.allclose(answer.scores, expected.scores, atol=1e-4)


def test_want_of_memory_for_a_single_point_is_a_sentence(
    model: SamModel, segmenter: SamSegmenter
) -> None:
    embedding = segmenter.embed(_photo())
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    with _failing(model, "mask_decoder", error), pytest.raises(OutOfMemory, match="memory"):
        segmenter.segments(embedding)
    assert len(segmenter.candidates(embedding, ONE_CLICK).masks) == 3


def test_a_click_comes_before_the_next_batch_of_a_grid(model: SamModel) -> None:
    segmenter = SamSegmenter(model, INFO, batch=64)
    embedding = segmenter.embed(_photo())
    sizes: list[int] = []
    click = Thread(target=lambda: segmenter.candidates(embedding, ONE_CLICK))

    def look(_: object, __: object, named: dict[str, Any]) -> None:
        sizes.append(int(named["sparse_prompt_embeddings"].shape[1]))
        if len(sizes) == 1:
            click.start()
            while click.is_alive() and not segmenter._next.locked():
                pass

    handle = model.mask_decoder.register_forward_pre_hook(look, with_kwargs=True)
    segmenter.segments(embedding)
    click.join(30)
    handle.remove()
    assert sizes == [64, 1, 64, 64, 64]


ratios = st.floats(-3, 3).map(lambda power: 2.0**power)


@given(ratios, st.integers(40, 600), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_marked_pixel_lies_where_its_coordinates_say(
    ratio: float, longest: int, across: float, down: float
) -> None:
    width, height = (longest, longest / ratio) if ratio >= 1 else (longest * ratio, longest)
    size = max(3, round(width)), max(3, round(height))
    x, y = int(across * (size[0] - 1)), int(down * (size[1] - 1))
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    plain = pixel_values(rgb, 256)
    rgb[y, x] = 255
    mark = (pixel_values(rgb, 256) - plain).sum(axis=0)
    rows, columns = np.nonzero(mark)
    weights = mark[rows, columns]
    seen = np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()
    said = to_square(np.array([[x, y]], np.float64), size, 256)[0]
    pixel = 256 / longest
    assert np.abs(seen - said).max() <= 0.75 * pixel + 1


@pytest.mark.parametrize(
    "size", [(96, 96), (480, 60), (60, 480), (400, 100), (100, 300), (200, 150), (800, 100)]
)
def test_a_click_lands_on_the_feature_under_it(model: SamModel, size: tuple[int, int]) -> None:
    width, height = scaled_size(size, SIDE)
    for across, down in ((0.0, 0.99), (0.5, 0.5), (0.99, 0.0), (0.7, 0.8)):
        # the pixel of the photo that is in the middle of a feature's cell
        column, row = int(across * width / PATCH), int(down * height / PATCH)
        x = int((column + 0.5) * PATCH * size[0] / width)
        y = int((row + 0.5) * PATCH * size[1] / height)
        cell = row * (SIDE // PATCH) + column
        assert _changed_feature(model, x, y, size) == cell
        assert _nearest_position(model, x, y, size) == cell


def _changed_feature(model: SamModel, x: int, y: int, size: tuple[int, int]) -> int:
    rgb = np.full((size[1], size[0], 3), 128, np.uint8)
    before = _patches(model, rgb)
    rgb[y, x] = 255
    return int((_patches(model, rgb) - before).abs().sum(-1).argmax())


def _patches(model: SamModel, rgb: Rgb) -> torch.Tensor:
    with torch.no_grad():
        pixels = torch.from_numpy(pixel_values(rgb, SIDE))[None]
        return torch.as_tensor(model.vision_encoder.patch_embed(pixels)).flatten(1, 2)[0]


def _nearest_position(model: SamModel, x: int, y: int, size: tuple[int, int]) -> int:
    point = torch.from_numpy(to_square(np.array([[x, y]], np.float64), size, SIDE))[None, None]
    with torch.no_grad():
        grid = model.get_image_wide_positional_embeddings()[0].flatten(1).T
        here = model.prompt_encoder.shared_embedding(point + 0.5, (SIDE, SIDE)).flatten()
    return int((grid - here).pow(2).sum(-1).argmin())


def test_padding_is_zero_and_right_and_below() -> None:
    square = pixel_values(np.full((30, 90, 3), 255, np.uint8), SIDE)
    assert square.shape == (3, SIDE, SIDE)
    assert square[:, :43].min() > 1
    assert not square[:, 43:].any()


def test_preprocessing_equals_the_library_s_own() -> None:
    processor = pytest.importorskip("transformers.models.sam.image_processing_pil_sam")
    own = processor.SamImageProcessorPil(
        size={"longest_edge": SIDE}, pad_size={"height": SIDE, "width": SIDE}
    )
    for size in ((61, 37), (37, 200), (128, 128)):
        rgb = _photo(*size)
        theirs = np.asarray(own(rgb)["pixel_values"][0])
        assert np.allclose(pixel_values(rgb, SIDE), theirs, atol=1e-5)


def test_logits_are_cut_to_the_photo_and_smooth() -> None:
    ramp = np.tile(np.linspace(-1, 1, 32, dtype=np.float32), (32, 1))
    mask = photo_mask(ramp, (1000, 500), SIDE)
    assert mask.shape == (500, 1000)
    assert not mask[:, :490].any()
    assert mask[:, 510:].all()
    tall = photo_mask(ramp, (250, 1000), SIDE)
    assert not tall.any(), "only the left quarter of the square is photo"


def test_the_edge_of_a_slanted_half_has_no_stairs() -> None:
    rows, columns = np.mgrid[:32, :32].astype(np.float32)
    mask = photo_mask(columns - 0.37 * rows - 8, (1024, 1024), SIDE)
    edge = mask.argmax(axis=1)
    assert np.abs(np.diff(edge[64:-64])).max() <= 1


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
