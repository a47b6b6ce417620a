"""Where a photo lies in the square that a model sees, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import SamModel

from inpainting.types import Box, Point, Prompts, Rgb, Size
from models.sam_geometry import HALF, Square, pixel_values, prompt_arrays, scaled_size
from tests.support.tiny_segmenters import SIDE, small_sam

PATCH = 16
PADDED, STRETCHED = Square(SIDE), Square(SIDE, stretched=True)

ratios = st.floats(-3, 3).map(lambda power: 2.0**power)
both = st.sampled_from([Square(256), Square(256, stretched=True)])


@pytest.fixture(scope="module")
def model() -> SamModel:
    return small_sam()


def _photo(width: int = 61, height: int = 37) -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def _sized(ratio: float, longest: int) -> Size:
    width, height = (longest, longest / ratio) if ratio >= 1 else (longest * ratio, longest)
    return max(3, round(width)), max(3, round(height))


@given(both, ratios, st.integers(40, 600), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_marked_pixel_lies_where_its_coordinates_say(
    square: Square, ratio: float, longest: int, across: float, down: float
) -> None:
    size = _sized(ratio, longest)
    x, y = int(across * (size[0] - 1)), int(down * (size[1] - 1))
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    plain = square.pixels(rgb)
    rgb[y, x] = 255
    mark = (square.pixels(rgb) - plain).sum(axis=0)
    rows, columns = np.nonzero(mark)
    weights = mark[rows, columns]
    seen = np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()
    said = square.place(np.array([[x, y]], np.float64), size)[0]
    pixel = np.array(square.scaled(size)) / size
    assert (np.abs(seen - said) <= 0.75 * pixel + 1).all()


@given(both, ratios, st.integers(2, 3000), st.floats(0, 1), st.floats(0, 1))
def test_points_and_corners_stay_inside_what_is_photo(
    square: Square, ratio: float, longest: int, across: float, down: float
) -> None:
    size = _sized(ratio, longest)
    point = Point(int(across * (size[0] - 1)), int(down * (size[1] - 1)))
    arrays = prompt_arrays(Prompts((point,), Box(0, 0, *size)), size, square)
    assert (arrays["input_points"] >= 0).all()
    assert (arrays["input_points"] < square.scaled(size)).all()
    assert np.allclose(arrays["input_boxes"], [[[0, 0, *square.scaled(size)]]])


@given(both, st.permutations(range(4)))
def test_the_order_of_clicks_is_kept_with_their_labels(square: Square, order: list[int]) -> None:
    points = [Point(9 * index, 30 - index, index % 2 == 0) for index in range(4)]
    straight = prompt_arrays(Prompts(tuple(points)), (61, 37), square)
    mixed = prompt_arrays(Prompts(tuple(points[index] for index in order)), (61, 37), square)
    assert np.array_equal(mixed["input_points"][0, 0], straight["input_points"][0, 0][order])
    assert mixed["input_labels"][0, 0].tolist() == [(index + 1) % 2 for index in order]
    assert "input_boxes" not in mixed


def test_a_stretched_click_is_scaled_along_each_side() -> None:
    arrays = prompt_arrays(
        Prompts((Point(400, 25),), Box(100, 10, 800, 100)), (800, 100), STRETCHED
    )
    assert arrays["input_points"].tolist() == [[[[64, 32]]]]
    assert np.allclose(arrays["input_boxes"], [[[16, 12.8, 128, 128]]])


@given(ratios, st.integers(2, 3000), st.floats(0, 1), st.floats(0, 1))
def test_stretched_coordinates_are_those_of_the_library(
    ratio: float, longest: int, across: float, down: float
) -> None:
    module = pytest.importorskip("transformers.models.sam2.processing_sam2")
    size = _sized(ratio, longest)
    spot = np.array([[across * size[0], down * size[1]]])
    theirs = module.Sam2Processor._normalize_coordinates(
        None, SIDE, torch.from_numpy(spot), size[::-1]
    )
    assert np.allclose(STRETCHED.place(spot, size), theirs.numpy(), atol=1e-3)


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
        pixels = torch.from_numpy(PADDED.pixels(rgb))[None]
        return torch.as_tensor(model.vision_encoder.patch_embed(pixels)).flatten(1, 2)[0]


def _nearest_position(model: SamModel, x: int, y: int, size: tuple[int, int]) -> int:
    point = torch.from_numpy(PADDED.place(np.array([[x, y]], np.float64), size))[None, None]
    with torch.no_grad():
        grid = model.get_image_wide_positional_embeddings()[0].flatten(1).T
        here = model.prompt_encoder.shared_embedding(point + 0.5, (SIDE, SIDE)).flatten()
    return int((grid - here).pow(2).sum(-1).argmin())


def test_padding_is_zero_and_right_and_below() -> None:
    square = pixel_values(np.full((30, 90, 3), 255, np.uint8), SIDE)
    assert square.shape == (3, SIDE, SIDE)
    assert square[:, :43].min() > 1
    assert not square[:, 43:].any()


@pytest.mark.parametrize("size", [(90, 30), (30, 90), (1, 7)])
def test_stretching_leaves_no_padding(size: Size) -> None:
    white = np.full((size[1], size[0], 3), 255, np.uint8)
    assert STRETCHED.pixels(white).min() > 1
    assert np.allclose(Square(SIDE, True, HALF, HALF).pixels(white), 1)
    assert STRETCHED.part(size, 32) == (32, 32)


def test_preprocessing_equals_the_library_s_own() -> None:
    processor = pytest.importorskip("transformers.models.sam.image_processing_pil_sam")
    own = processor.SamImageProcessorPil(
        size={"longest_edge": SIDE}, pad_size={"height": SIDE, "width": SIDE}
    )
    for size in ((61, 37), (37, 200), (128, 128)):
        rgb = _photo(*size)
        theirs = np.asarray(own(rgb)["pixel_values"][0])
        assert np.allclose(pixel_values(rgb, SIDE), theirs, atol=1e-5)


@pytest.mark.parametrize("size", [(61, 37), (37, 300), (500, 260)])
def test_stretching_averages_as_torch_does(size: Size) -> None:
    rgb = _photo(*size)
    whole = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    theirs = torch.nn.functional.interpolate(
        whole, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False
    )[0]
    ours = Square(SIDE, True, HALF, HALF).pixels(rgb) / 2 + 0.5
    assert np.abs(ours - theirs.numpy()).max() < 1.5 / 255


def test_logits_are_cut_to_the_photo_and_smooth() -> None:
    ramp = np.tile(np.linspace(-1, 1, 32, dtype=np.float32), (32, 1))
    mask = PADDED.mask(ramp, (1000, 500))
    assert mask.shape == (500, 1000)
    assert not mask[:, :490].any()
    assert mask[:, 510:].all()
    tall = PADDED.mask(ramp, (250, 1000))
    assert not tall.any(), "only the left quarter of the square is photo"
    whole = STRETCHED.mask(ramp, (250, 1000))
    assert not whole[:, :120].any()
    assert whole[:, 130:].all()


@pytest.mark.parametrize("size", [(61, 37), (37, 300), (800, 100)])
def test_stretched_logits_come_back_as_in_the_library(size: Size) -> None:
    logits = np.random.default_rng(1).normal(size=(32, 32)).astype(np.float32)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(logits)[None, None], size[::-1], mode="bilinear", align_corners=False
    )[0, 0]
    assert (STRETCHED.mask(logits, size) != (theirs.numpy() > 0)).mean() < 0.001


@pytest.mark.parametrize("square", [Square(SIDE), Square(SIDE, stretched=True)])
def test_the_edge_of_a_slanted_half_has_no_stairs(square: Square) -> None:
    rows, columns = np.mgrid[:32, :32].astype(np.float32)
    mask = square.mask(columns - 0.37 * rows - 8, (1024, 1024))
    edge = mask.argmax(axis=1)
    assert np.abs(np.diff(edge[64:-64])).max() <= 1
