from __future__ import annotations

import math
from typing import Any, get_args

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.compositing import Floats, Prefill, match_colour, paste, prefill
from inpainting.errors import BadRequest
from inpainting.framing import crop, crop_hole, frame_for, restore
from inpainting.masks import feather, to_hole
from inpainting.types import Box, Mask, Region, Rgb, Size

quick = settings(deadline=None, max_examples=60)
methods = st.sampled_from(get_args(Prefill))


@st.composite
def sizes(draw: st.DrawFn, most: int = 160) -> Size:
    """(width, height) of any aspect from 1:8 to 8:1."""
    longer = draw(st.integers(1, most))
    shorter = max(1, math.ceil(longer / draw(st.floats(1, 8))))
    return (longer, shorter) if draw(st.booleans()) else (shorter, longer)


@st.composite
def photos(draw: st.DrawFn, most: int = 160) -> tuple[Rgb, Mask]:
    """A picture of noise with a mask: nothing, speckle, blocks, or everything."""
    width, height = draw(sizes(most))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    block = draw(st.sampled_from([1, 4, 16]))
    cells = generator.random((height // block + 1, width // block + 1))
    share = draw(st.sampled_from([0.0, 0.05, 0.5, 0.97, 1.0]))
    mask = np.kron(cells < share, np.ones((block, block), np.bool_))[:height, :width]
    return noise((width, height), draw(st.integers(0, 99))), np.ascontiguousarray(mask)


def noise(size: Size, seed: int = 0) -> Rgb:
    shape = (size[1], size[0], 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def scene() -> Rgb:
    """A smooth picture with colour and light and dark, 96x128."""
    ramp = np.linspace(60, 190, 128)[None, :] * np.ones((96, 1))
    waves = 20 * np.sin(np.indices((96, 128))[0] / 5)
    return np.stack([ramp + waves, ramp * 0.8 + 30, 220 - ramp], axis=-1).astype(np.uint8)


def middle(size: Size = (128, 96)) -> Mask:
    hole = np.zeros((size[1], size[0]), np.bool_)
    hole[size[1] // 4 : -size[1] // 4, size[0] // 4 : -size[0] // 4] = True
    return hole


# prefill


@given(photos(most=60), methods)
@quick
def test_prefill_changes_no_kept_pixel(photo: tuple[Rgb, Mask], method: Prefill) -> None:
    rgb, hole = photo
    before = rgb.copy()
    filled = prefill(rgb, hole, method)
    assert filled.shape == rgb.shape
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[~hole], rgb[~hole])
    assert np.array_equal(rgb, before)
    assert not np.shares_memory(filled, rgb)


@given(photos(most=60), st.sampled_from(["blur", "neutral", "telea"]), st.integers(0, 99))
@quick
def test_nothing_of_the_old_hole_is_left(
    photo: tuple[Rgb, Mask], method: Prefill, seed: int
) -> None:
    rgb, hole = photo
    other = np.where(hole[..., None], noise((rgb.shape[1], rgb.shape[0]), seed), rgb)
    assert np.array_equal(prefill(rgb, hole, method), prefill(other, hole, method))


def test_original_leaves_the_hole_as_it_is() -> None:
    assert np.array_equal(prefill(scene(), middle(), "original"), scene())


@pytest.mark.parametrize("method", ["blur", "neutral", "telea"])
def test_with_nothing_kept_the_hole_is_mid_grey(method: Prefill) -> None:
    assert (prefill(scene(), np.ones((96, 128), np.bool_), method) == 128).all()


@given(photos(most=60))
@quick
def test_blur_invents_no_colour(photo: tuple[Rgb, Mask]) -> None:
    rgb, hole = photo
    if hole.all() or not hole.any():
        return
    filled, kept = prefill(rgb, hole)[hole].astype(int), rgb[~hole].astype(int)
    assert (filled >= kept.min(axis=0) - 1).all()
    assert (filled <= kept.max(axis=0) + 1).all()


@pytest.mark.parametrize("at", [(0, 0), (95, 127), (40, 77)])
def test_one_kept_pixel_colours_the_whole_hole(at: tuple[int, int]) -> None:
    rgb, hole = noise((128, 96)), np.ones((96, 128), np.bool_)
    hole[at] = False
    assert np.abs(prefill(rgb, hole).astype(int) - rgb[at].astype(int)).max() <= 1


def test_blur_takes_the_colours_of_its_neighbourhood() -> None:
    rgb = np.zeros((100, 300, 3), np.uint8)
    rgb[:, :150], rgb[:, 150:] = (200, 30, 30), (30, 30, 200)
    hole = np.zeros((100, 300), np.bool_)
    hole[20:80, 20:280] = True
    filled = prefill(rgb, hole).astype(int)
    assert (np.abs(filled[50, 24] - (200, 30, 30)) < 25).all()
    assert (np.abs(filled[50, 275] - (30, 30, 200)) < 25).all()
    assert np.abs(np.diff(filled[50, 20:280], axis=0)).max() < 12


@pytest.mark.parametrize("size", [(1, 40), (40, 1)])
def test_telea_fills_a_single_row_alike_each_time(size: Size) -> None:
    rgb, hole = noise(size), np.zeros((size[1], size[0]), np.bool_)
    hole.flat[10:30] = True
    filled = prefill(rgb, hole, "telea")
    assert np.array_equal(
        filled, prefill(np.where(hole[..., None], np.uint8(0), rgb), hole, "telea")
    )
    assert np.array_equal(filled, prefill(rgb, hole, "blur"))


def test_an_unknown_prefill_is_refused_and_the_choices_named() -> None:
    unknown: Any = "mosaic"
    with pytest.raises(BadRequest, match="original, blur, neutral, telea"):
        prefill(scene(), middle(), unknown)


def test_a_hole_of_another_size_is_refused() -> None:
    with pytest.raises(BadRequest, match="hole"):
        prefill(scene(), middle((96, 128)))


# match_colour


def difference(one: Rgb, other: Rgb, where: Mask) -> float:
    return float(np.abs(one.astype(float) - other.astype(float))[where].mean())


@pytest.mark.parametrize("cast", [(8, 0, -6), (-10, -10, -10), (0, 9, 0)])
def test_a_colour_cast_is_taken_back_inside_and_outside(cast: tuple[int, int, int]) -> None:
    painted = np.clip(scene().astype(int) + cast, 0, 255).astype(np.uint8)
    matched = match_colour(painted, scene(), middle())
    before = difference(painted, scene(), middle())
    assert difference(matched, scene(), middle()) < before / 2


def test_lost_contrast_comes_back() -> None:
    painted = (128 + (scene().astype(float) - 128) * 0.85).astype(np.uint8)
    matched = match_colour(painted, scene(), middle())
    assert difference(matched, scene(), middle()) < difference(painted, scene(), middle()) / 2


@given(st.integers(0, 99), photos(most=60))
@quick
def test_what_was_in_the_hole_does_not_count(seed: int, photo: tuple[Rgb, Mask]) -> None:
    rgb, hole = photo
    size = rgb.shape[1], rgb.shape[0]
    painted = noise(size, seed + 100)
    other = np.where(hole[..., None], noise(size, seed), rgb)
    assert np.array_equal(match_colour(painted, rgb, hole), match_colour(painted, other, hole))


@given(photos(most=60), st.integers(0, 99))
@quick
def test_equal_kept_pixels_need_no_correction(photo: tuple[Rgb, Mask], seed: int) -> None:
    rgb, hole = photo
    painted = np.where(hole[..., None], noise((rgb.shape[1], rgb.shape[0]), seed), rgb)
    assert np.array_equal(match_colour(painted, rgb, hole), painted)


@pytest.mark.parametrize("kept", [0, 1, 100])
def test_few_kept_pixels_prove_nothing(kept: int) -> None:
    hole = np.ones((96, 128), np.bool_)
    hole.flat[:kept] = False
    painted = noise((128, 96), 3)
    assert np.array_equal(match_colour(painted, scene(), hole), painted)


@pytest.mark.parametrize("level", [0, 255])
def test_the_correction_is_bounded(level: int) -> None:
    original = np.full((96, 128, 3), level, np.uint8)
    grey = np.full((96, 128, 3), 128, np.uint8)
    matched = match_colour(grey, original, middle())
    moved = cv2.cvtColor(np.concatenate([grey, matched]), cv2.COLOR_RGB2Lab).astype(float)
    assert abs(moved[0, 0, 0] - moved[-1, 0, 0]) / 2.55 <= 10.6


def test_flat_colours_are_not_stretched() -> None:
    painted = np.full((96, 128, 3), 100, np.uint8)
    painted[middle()] = noise((64, 48)).reshape(-1, 3)
    shifted = match_colour(painted, np.full_like(painted, 104), middle())
    assert np.abs(shifted.astype(int) - painted)[~middle()].max() <= 5


def test_pictures_of_different_sizes_are_refused() -> None:
    with pytest.raises(BadRequest, match="painted"):
        match_colour(scene()[:-1], scene(), middle())


# paste


@given(photos(), st.integers(0, 99))
@quick
def test_paste_is_exact_where_the_weight_is_0_or_1(photo: tuple[Rgb, Mask], seed: int) -> None:
    rgb, mask = photo
    height, width = mask.shape
    before, painted = rgb.copy(), noise((width, height), seed + 100)
    pasted = paste(rgb, painted, Box(0, 0, width, height), mask.astype(np.float32))
    assert np.array_equal(pasted[mask], painted[mask])
    assert np.array_equal(pasted[~mask], rgb[~mask])
    assert np.array_equal(rgb, before)
    assert not np.shares_memory(pasted, rgb)


def test_between_0_and_1_colours_are_blended_and_rounded() -> None:
    rgb, painted = np.full((1, 5, 3), 10, np.uint8), np.full((1, 5, 3), 21, np.uint8)
    weight = np.array([[0, 0.04, 0.25, 0.5, 1]], np.float32)
    pasted = paste(rgb, painted, Box(0, 0, 5, 1), weight)
    assert pasted[0, :, 0].tolist() == [10, 10, 13, 16, 21]


def test_nothing_changes_outside_the_window_also_beyond_a_strip() -> None:
    rgb, window = noise((40, 700)), Box(5, 20, 25, 650)
    painted = noise((20, 630), 1)
    pasted = paste(rgb, painted, window, np.ones((630, 20), np.float32))
    assert np.array_equal(pasted[20:650, 5:25], painted)
    pasted[20:650, 5:25] = rgb[20:650, 5:25]
    assert np.array_equal(pasted, rgb)


@pytest.mark.parametrize(
    "window", [Box(-1, 0, 3, 4), Box(0, 0, 129, 4), Box(5, 5, 5, 9), Box(0, 90, 4, 97)]
)
def test_a_window_off_the_photo_is_refused(window: Box) -> None:
    with pytest.raises(BadRequest, match="128x96"):
        paste(scene(), scene(), window, np.ones((96, 128), np.float32))


def test_a_painted_picture_or_weight_of_another_size_is_refused() -> None:
    window, weight = Box(0, 0, 128, 96), np.ones((96, 128), np.float32)
    with pytest.raises(BadRequest, match="painted picture"):
        paste(scene(), scene()[1:], window, weight)
    with pytest.raises(BadRequest, match="weight has the shape"):
        paste(scene(), scene(), window, weight[1:])


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan])
def test_weights_out_of_range_are_refused(value: float) -> None:
    weight: Floats = np.ones((96, 128), np.float32)
    weight[3, 4] = value
    with pytest.raises(BadRequest, match="from 0 to 1"):
        paste(scene(), scene(), Box(0, 0, 128, 96), weight)


# the whole way


@given(
    photos(),
    st.sampled_from(list(Region)),
    st.integers(0, 256),
    st.sampled_from([64, 128]),
    methods,
)
@quick
def test_kept_pixels_are_kept_and_the_size_stays(
    photo: tuple[Rgb, Mask], region: Region, pixels: int, native: int, method: Prefill
) -> None:
    rgb, mask = photo
    hole = to_hole(mask, region)
    if not hole.any():
        return
    frame = frame_for(hole, native)
    window, inside = frame.window, crop_hole(hole, frame)
    start = prefill(crop(rgb, frame), inside, "blur" if method == "telea" else method)
    painted = match_colour(255 - start, crop(rgb, frame), inside)
    weight = feather(hole[window.y0 : window.y1, window.x0 : window.x1], pixels)
    result = paste(rgb, restore(painted, frame), window, weight)
    assert result.shape == rgb.shape
    assert np.array_equal(result[~hole], rgb[~hole])
