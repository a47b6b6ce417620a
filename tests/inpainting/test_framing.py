from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inpainting.errors import BadOutput, BadRequest, NothingSelected
from inpainting.framing import (
    MIN_SIDE,
    Frame,
    crop,
    crop_hole,
    frame_for,
    restore,
)
from inpainting.types import Box, Mask, Rgb, Size

quick = settings(deadline=None, max_examples=80)
natives = st.sampled_from([128, 256, 512, 1024])


@st.composite
def sizes(draw: st.DrawFn, least: int = 8, most: int = 900) -> Size:
    """(width, height) of any aspect from 1:8 to 8:1."""
    longer = draw(st.integers(least, most))
    shorter = max(1, math.ceil(longer / draw(st.floats(1, 8))))
    return (longer, shorter) if draw(st.booleans()) else (shorter, longer)


@st.composite
def boxes(draw: st.DrawFn, size: Size) -> Box:
    x0, y0 = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
    return Box(x0, y0, draw(st.integers(x0 + 1, size[0])), draw(st.integers(y0 + 1, size[1])))


def hole_of(size: Size, box: Box) -> Mask:
    hole = np.zeros((size[1], size[0]), np.bool_)
    hole[box.y0 : box.y1, box.x0 : box.x1] = True
    return hole


def noise(size: Size, seed: int = 0) -> Rgb:
    shape = (size[1], size[0], 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def squeeze(frame: Frame) -> float:
    """How much the two scales differ: 0 = the same, 0.03 = 3 %."""
    return abs(math.log(frame.scale[0] / frame.scale[1]))


# frame_for


@given(st.data(), sizes(), natives, st.sampled_from([8, 16, 64]))
@quick
def test_the_window_holds_the_hole_and_the_size_fits_the_painter(
    data: st.DataObject, size: Size, native: int, multiple: int
) -> None:
    box = data.draw(boxes(size))
    frame = frame_for(hole_of(size, box), native, multiple)
    window = frame.window
    assert 0 <= window.x0 <= box.x0 < box.x1 <= window.x1 <= size[0]
    assert 0 <= window.y0 <= box.y0 < box.y1 <= window.y1 <= size[1]
    assert [side % multiple for side in frame.size] == [0, 0]
    assert min(frame.size) >= MIN_SIDE
    assert math.prod(frame.size) <= native**2


@given(st.data(), sizes(), natives)
@quick
def test_the_painter_works_at_its_native_area(data: st.DataObject, size: Size, native: int) -> None:
    frame = frame_for(hole_of(size, data.draw(boxes(size))), native)
    assert math.prod(frame.size) >= 0.7 * native**2


@given(st.data(), sizes(least=200, most=1500), natives)
@quick
def test_things_keep_their_shape(data: st.DataObject, size: Size, native: int) -> None:
    assume(max(size) <= 4 * min(size) and min(size) >= 64)
    frame = frame_for(hole_of(size, data.draw(boxes(size))), native)
    assert squeeze(frame) <= 0.03


@given(st.data(), sizes(most=200), natives, sizes(most=300), sizes(most=300))
@quick
def test_the_frame_depends_on_the_hole_and_not_on_the_photo(
    data: st.DataObject, block: Size, native: int, one: Size, other: Size
) -> None:
    far = 2 * (max(block) + native)
    frames = []
    for more in (one, other):
        left, top = data.draw(st.integers(far, far + 50)), data.draw(st.integers(far, far + 50))
        size = left + block[0] + far + more[0], top + block[1] + far + more[1]
        frame = frame_for(hole_of(size, Box(left, top, left + block[0], top + block[1])), native)
        frames.append(
            (frame.window.x0 - left, frame.window.y0 - top, frame.window_size, frame.size)
        )
    assert frames[0] == frames[1]


@pytest.mark.parametrize("side", [300, 1000, 3000])
def test_there_is_context_on_all_sides(side: int) -> None:
    size = 4 * side, 4 * side
    window = frame_for(hole_of(size, Box(side, side, 2 * side, 2 * side)), 512).window
    margins = side - window.x0, side - window.y0, window.x1 - 2 * side, window.y1 - 2 * side
    assert min(margins) >= 0.29 * side
    assert max(margins) <= 0.4 * side


def test_more_context_makes_a_wider_window() -> None:
    hole = hole_of((4000, 4000), Box(1500, 1500, 2500, 2500))
    widths = [frame_for(hole, 512, context=context).window_size[0] for context in (0, 0.5, 1)]
    assert widths == sorted(set(widths))


def test_a_tiny_hole_is_not_blown_up_from_a_few_pixels() -> None:
    frame = frame_for(hole_of((4000, 3000), Box(2000, 1500, 2003, 1502)), 1024)
    assert min(frame.window_size) >= 256


def test_a_hole_in_a_corner_keeps_its_window_inside() -> None:
    frame = frame_for(hole_of((4000, 3000), Box(3990, 0, 4000, 10)), 1024)
    assert (frame.window.x1, frame.window.y0) == (4000, 0)
    assert min(frame.window_size) >= 256


@pytest.mark.parametrize("box", [Box(0, 0, 800, 600), Box(60, 40, 700, 560)])
def test_a_hole_that_covers_most_of_the_photo_sees_the_whole_photo(box: Box) -> None:
    assert frame_for(hole_of((800, 600), box), 512).window == Box(0, 0, 800, 600)


def test_a_long_thin_hole_gets_a_wider_window_where_the_photo_allows() -> None:
    strip = Box(200, 1000, 1800, 1050)
    roomy = frame_for(hole_of((2000, 2000), strip), 1024)
    assert roomy.size[0] <= 2.1 * roomy.size[1]
    tight = frame_for(hole_of((1600, 200), Box(0, 0, 1600, 200)), 1024)
    assert tight.window == Box(0, 0, 1600, 200)
    assert squeeze(tight) <= 0.03


def test_the_longest_strip_is_squeezed_rather_than_cut() -> None:
    frame = frame_for(np.ones((50, 1000), np.bool_), 128)
    assert frame == Frame(Box(0, 0, 1000, 50), (256, 64))


def test_a_photo_of_native_size_is_painted_pixel_by_pixel() -> None:
    frame = frame_for(np.ones((512, 512), np.bool_), 512)
    assert frame == Frame(Box(0, 0, 512, 512), (512, 512))


def test_an_empty_hole_is_refused() -> None:
    with pytest.raises(NothingSelected, match="select a part"):
        frame_for(np.zeros((20, 30), np.bool_), 512)


@pytest.mark.parametrize("context", [-0.1, math.nan, math.inf])
def test_context_must_be_a_number_of_0_or_more(context: float) -> None:
    with pytest.raises(BadRequest, match="0 or more"):
        frame_for(np.ones((20, 30), np.bool_), 512, context=context)


# crop, restore


@given(st.data(), sizes(most=120), st.integers(1, 90), st.integers(1, 90))
@quick
def test_cropping_and_restoring_give_the_asked_sizes(
    data: st.DataObject, size: Size, width: int, height: int
) -> None:
    frame = Frame(data.draw(boxes(size)), (width, height))
    small = crop(noise(size), frame)
    assert small.shape == (height, width, 3)
    back = restore(small, frame)
    assert (back.shape[1], back.shape[0]) == frame.window_size
    assert small.dtype == back.dtype == np.uint8


@given(st.data(), sizes(most=120))
@quick
def test_at_the_windows_own_size_nothing_is_resampled(data: st.DataObject, size: Size) -> None:
    box, rgb = data.draw(boxes(size)), noise(size)
    frame = Frame(box, (box.x1 - box.x0, box.y1 - box.y0))
    part = rgb[box.y0 : box.y1, box.x0 : box.x1]
    cut = crop(rgb, frame)
    assert np.array_equal(cut, part)
    assert np.array_equal(restore(cut, frame), part)
    assert not np.shares_memory(cut, rgb)


@pytest.mark.parametrize("size", [(64, 64), (400, 400), (64, 400), (300, 80)])
def test_flat_stays_flat_and_a_slope_stays_in_place(size: Size) -> None:
    frame = Frame(Box(20, 30, 180, 190), size)
    flat = np.full((200, 200, 3), 77, np.uint8)
    assert (crop(flat, frame) == 77).all()
    slope = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 200, axis=0).repeat(3, axis=2)
    back = restore(crop(slope, frame), frame).astype(int)
    wanted = slope[30:190, 20:180].astype(int)
    assert np.abs(back - wanted)[:, 8:-8].max() <= 1


@pytest.mark.parametrize(
    "painted",
    [
        np.zeros((64, 96, 3), np.uint8),
        np.zeros((96, 64), np.uint8),
        np.zeros((96, 64, 4), np.uint8),
        np.zeros((96, 64, 3), np.float32),
    ],
)
def test_what_is_no_picture_of_the_frame_is_refused(painted: Rgb) -> None:
    with pytest.raises(BadOutput, match="64x96"):
        restore(painted, Frame(Box(0, 0, 10, 10), (64, 96)))


# crop_hole


def brute_crop_hole(hole: Mask, frame: Frame) -> Mask:
    """Compare every frame pixel with every photo pixel that it overlaps, in whole numbers."""
    (width, height), (across, down) = frame.window_size, frame.size
    part = hole[frame.window.y0 : frame.window.y1, frame.window.x0 : frame.window.x1]
    cut = np.zeros((down, across), np.bool_)
    for y, x in zip(*np.nonzero(part), strict=True):
        rows = [
            r for r in range(down) if r * height < (y + 1) * down and (r + 1) * height > y * down
        ]
        for column in range(across):
            if column * width < (x + 1) * across and (column + 1) * width > x * across:
                cut[rows, column] = True
    return cut


@given(st.data(), sizes(most=24), st.integers(1, 30), st.integers(1, 30), st.integers(0, 10**6))
@quick
def test_a_frame_pixel_is_hole_when_any_photo_pixel_under_it_is(
    data: st.DataObject, size: Size, width: int, height: int, seed: int
) -> None:
    share = data.draw(st.sampled_from([0.02, 0.2, 1.0]))
    hole = np.random.default_rng(seed).random((size[1], size[0])) < share
    frame = Frame(data.draw(boxes(size)), (width, height))
    assert np.array_equal(crop_hole(hole, frame), brute_crop_hole(hole, frame))


def in_frame(x: float, y: float, frame: Frame) -> tuple[float, float]:
    """Where the middle of a photo's pixel lies in the frame; whole numbers are pixel centres."""
    (scale_x, scale_y), window = frame.scale, frame.window
    return (x + 0.5 - window.x0) * scale_x - 0.5, (y + 0.5 - window.y0) * scale_y - 0.5


def test_one_pixel_of_a_large_photo_is_not_lost() -> None:
    hole = np.zeros((3000, 4000), np.bool_)
    hole[1234, 3210] = True
    frame = Frame(Box(0, 0, 4000, 3000), (148, 112))
    cut = crop_hole(hole, frame)
    ((row, column),) = np.argwhere(cut)
    x, y = in_frame(3210, 1234, frame)
    assert (round(x), round(y)) == (column, row)


def test_a_thing_lies_where_the_crop_shows_it() -> None:
    rgb = np.zeros((400, 600, 3), np.uint8)
    rgb[297:304, 397:404] = 255
    frame = Frame(Box(150, 100, 550, 400), (128, 96))
    bright = crop(rgb, frame)[..., 0].astype(float)
    rows, columns = np.indices(bright.shape)
    centre = (bright * columns).sum() / bright.sum(), (bright * rows).sum() / bright.sum()
    assert math.dist(centre, in_frame(400, 300, frame)) < 0.1
