"""What is promised of one repaint: sizes, kept pixels, pieces, prefills, colours."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadOutput, BadRequest, NothingSelected
from inpainting.framing import crop
from inpainting.masks import to_hole
from inpainting.prefilling import METHODS
from inpainting.repainting import (
    Plan,
    frame_pixels,
    matches_colour,
    plan,
    plans,
    prefill_for,
    prepare,
    put_back,
)
from inpainting.separating import MAX_PIECES
from inpainting.types import PREFILLS, Box, Mask, ModelInfo, Region, Rgb, Size, Tool
from tests.support.fakes import FakePainter
from tests.support.holed import middle, noise, photos, scene, sizes

quick = settings(deadline=None, max_examples=60)
contexts = st.one_of(st.none(), st.floats(0, 3))
feathers = st.one_of(st.none(), st.integers(0, 256))


def painter(native: int = 64, key: str = "sdxl") -> ModelInfo:
    return ModelInfo(key, "a painter", "source", "1", "licence", native_side=native)


def spots(size: Size, count: int, seed: int) -> Mask:
    """Small squares strewn over a picture of `size` (width, height)."""
    generator, hole = np.random.default_rng(seed), np.zeros((size[1], size[0]), np.bool_)
    for _ in range(count):
        x, y = generator.integers(0, size[0]), generator.integers(0, size[1])
        hole[y : y + 9, x : x + 9] = True
    return hole


def inverted(rgb: Rgb, job: Plan, method: str, seed: int) -> Rgb:
    """Paint the opposite of what is there, so that every pixel changes."""
    return 255 - prepare(rgb, job, method, seed)[0]


# the whole way


@given(
    photos(),
    st.sampled_from(list(Region)),
    feathers,
    contexts,
    st.booleans(),
    st.sampled_from(METHODS),
    st.booleans(),
)
@quick
def test_kept_pixels_are_kept_and_the_size_stays(
    photo: tuple[Rgb, Mask],
    region: Region,
    feather: int | None,
    context: float | None,
    separate: bool,
    method: str,
    match: bool,
) -> None:
    rgb, mask = photo
    hole = to_hole(mask, region)
    if not hole.any():
        return
    result = rgb
    for job in plans(hole, painter(), feather, context, separate):
        original = crop(rgb, job.frame) if match else None
        result = put_back(result, inverted(rgb, job, method, 1), job, original=original)
    assert result.shape == rgb.shape
    assert result.dtype == np.uint8
    assert np.array_equal(result[~hole], rgb[~hole])


@given(sizes(most=700), st.integers(1, 30), st.integers(0, 10**6), contexts)
@quick
def test_pieces_make_up_the_hole_each_in_a_window_of_its_own(
    size: Size, count: int, seed: int, context: float | None
) -> None:
    hole = spots(size, count, seed)
    jobs = plans(hole, painter(), context=context, separate=True)
    assert 1 <= len(jobs) <= MAX_PIECES
    assert np.array_equal(np.sum([job.hole for job in jobs], axis=0), hole)
    for job in jobs:
        window = job.frame.window
        assert 0 <= window.x0 < window.x1 <= size[0]
        assert 0 <= window.y0 < window.y1 <= size[1]
        assert job.hole[window.y0 : window.y1, window.x0 : window.x1].sum() == job.hole.sum() > 0
    for one, other in combinations(jobs, 2):
        assert not overlap(one.frame.window, other.frame.window)


def overlap(a: Box, b: Box) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


@given(photos(), st.sampled_from(METHODS), st.integers(0, 2**32 - 1))
@quick
def test_what_the_painter_gets_is_the_photo_but_in_the_hole(
    photo: tuple[Rgb, Mask], method: str, seed: int
) -> None:
    rgb, hole = photo
    if not hole.any():
        return
    job = plan(hole, painter())
    picture, part = prepare(rgb, job, method, seed)
    assert np.array_equal(picture[~part], crop(rgb, job.frame)[~part])
    assert picture.shape == (*part.shape, 3) == (job.frame.size[1], job.frame.size[0], 3)
    again = prepare(rgb, job, method, seed)[0]
    assert np.array_equal(picture, again)


# plans


def test_one_plan_holds_the_whole_hole_unless_asked_to_separate() -> None:
    hole = np.zeros((400, 2000), np.bool_)
    hole[100:140, 50:90] = hole[300:340, 1900:1940] = True
    (job,) = plans(hole, painter())
    assert job.hole is hole
    assert job.frame == plan(hole, painter()).frame
    left, right = plans(hole, painter(), separate=True)
    assert left.frame.window.x1 < right.frame.window.x0
    assert left.hole[:, :1000].sum() == right.hole[:, 1000:].sum() == 1600


def test_a_separate_piece_is_framed_as_if_it_were_alone() -> None:
    alone = np.zeros((900, 900), np.bool_)
    alone[100:150, 100:170] = True
    both = np.array(alone)
    both[700:710, 800:810] = True
    first, _ = plans(both, painter(), context=0.5, separate=True)
    assert np.array_equal(first.hole, alone)
    assert first.frame == plan(alone, painter(), context=0.5).frame


def test_pieces_come_in_reading_order() -> None:
    hole = np.zeros((900, 900), np.bool_)
    for x, y in ((700, 40), (100, 400), (100, 40), (700, 700)):
        hole[y : y + 20, x : x + 20] = True
    windows = [job.frame.window for job in plans(hole, painter(), separate=True)]
    assert [(w.x0 > 450, w.y0 > 300) for w in windows] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]


def test_near_pieces_go_together_and_far_ones_apart() -> None:
    hole = np.zeros((300, 1500), np.bool_)
    hole[100:130, 100:130] = hole[100:130, 170:200] = hole[100:130, 1200:1230] = True
    assert [int(job.hole.sum()) for job in plans(hole, painter(), separate=True)] == [1800, 900]


def test_more_pieces_than_can_be_are_joined_with_their_nearest() -> None:
    hole = np.zeros((60, 9000), np.bool_)
    lefts = [100, 1100, 2100, 3100, 4100, 5100, 6100, 7100, 7400, 8700]
    for left in lefts:
        hole[20:40, left : left + 20] = True
    jobs = plans(hole, painter(), separate=True)
    counts = [int(job.hole.sum()) // 400 for job in jobs]
    assert len(jobs) == MAX_PIECES
    assert sorted(counts) in ([1] * 7 + [3], [1] * 6 + [2, 2])
    assert next(job for job in jobs if job.hole[30, 7110]).hole[30, 7410]


def test_dust_all_over_a_large_photo_is_planned() -> None:
    hole = np.zeros((3000, 4000), np.bool_)
    hole[::40, ::40] = True
    assert np.array_equal(plans(hole, painter(1024), separate=True)[0].hole, hole)


def test_more_context_is_a_wider_window() -> None:
    hole = np.zeros((3000, 3000), np.bool_)
    hole[1400:1600, 1400:1600] = True
    widths = [plan(hole, painter(), context=c).frame.window_size[0] for c in (0, None, 1, 3)]
    assert widths == sorted(set(widths))
    assert widths[1] == plan(hole, painter(), context=0.3).frame.window_size[0]


@given(st.floats(1, 8), st.booleans(), st.sampled_from([64, 512, 1024]))
@quick
def test_a_hole_too_large_for_the_native_area_is_painted_whole(
    aspect: float, upright: bool, native: int
) -> None:
    long, short = math.ceil(1.3 * native * aspect**0.5), math.ceil(1.3 * native / aspect**0.5)
    hole = np.ones((long, short) if upright else (short, long), np.bool_)
    hole[:2, :2] = False
    frame = plan(hole, painter(native)).frame
    assert frame.window == Box(0, 0, hole.shape[1], hole.shape[0])
    assert math.prod(frame.size) <= native**2


def test_a_feather_suits_the_window_unless_one_is_given() -> None:
    hole = np.ones((1600, 1600), np.bool_)
    assert plan(hole, painter()).feather == 10
    assert plan(hole, painter(), 3).feather == 3
    assert [job.feather for job in plans(hole, painter(), 0, separate=True)] == [0]


@pytest.mark.parametrize("separate", [False, True])
def test_an_empty_hole_and_a_negative_context_are_refused(separate: bool) -> None:
    hole = np.zeros((20, 30), np.bool_)
    with pytest.raises(NothingSelected):
        plans(hole, painter(), separate=separate)
    with pytest.raises(BadRequest, match="0 or more"):
        plans(~hole, painter(), context=-0.1, separate=separate)


# prefill_for


@pytest.mark.parametrize("tool", list(Tool))
@pytest.mark.parametrize("region", list(Region))
def test_auto_becomes_a_method_and_what_was_chosen_stays(tool: Tool, region: Region) -> None:
    for strength in (0.01, 0.5, 0.9, 0.99, 1.0):
        assert prefill_for("auto", tool, region, strength) in METHODS
        assert [prefill_for(m, tool, region, strength) for m in PREFILLS[1:]] == list(METHODS)


@pytest.mark.parametrize("region", list(Region))
@pytest.mark.parametrize("strength", [0.2, 0.99, 1.0])
def test_restyling_keeps_what_is_there(region: Region, strength: float) -> None:
    assert prefill_for("auto", Tool.RESTYLE, region, strength) == "original"


@pytest.mark.parametrize("strength", [0.6, 0.75, 0.9, 0.99, 1.0])
def test_nothing_shines_through_where_a_background_is_replaced(strength: float) -> None:
    assert prefill_for("auto", Tool.REPAINT, Region.BACKGROUND, strength) != "original"
    assert prefill_for("auto", Tool.EXTEND, Region.BACKGROUND, strength) != "original"


def test_a_strength_too_low_for_new_content_keeps_the_old() -> None:
    def chosen(region: Region, strength: float) -> str:
        return prefill_for("auto", Tool.REPAINT, region, strength)

    assert [chosen(Region.BACKGROUND, s) for s in (0.3, 0.49, 0.5)] == ["original"] * 2 + ["blur"]
    assert [chosen(Region.SUBJECT, s) for s in (0.5, 0.89, 0.9)] == ["original"] * 2 + ["blur"]


# matches_colour, put_back


@pytest.mark.parametrize("tool", list(Tool))
def test_matching_as_wanted_wins(tool: Tool) -> None:
    for key in ("embedded", "sdxl"):
        assert matches_colour(True, tool, painter(key=key))
        assert not matches_colour(False, tool, painter(key=key))


def test_matching_is_on_where_the_painter_keeps_what_it_should() -> None:
    on = {tool for tool in Tool if matches_colour(None, tool, painter())}
    assert on == {Tool.REPAINT, Tool.EXTEND}
    assert not any(matches_colour(None, tool, painter(key="embedded")) for tool in Tool)


def test_a_cast_is_taken_out_of_the_hole_when_the_original_is_given() -> None:
    rgb, job = scene(), plan(middle(), painter(), 0)
    cast = np.clip(crop(rgb, job.frame) + np.array([9.0, -4.0, -9.0]), 0, 255).astype(np.uint8)
    errors = [
        np.abs(put_back(rgb, cast, job, original=o).astype(int) - rgb)[middle()].mean()
        for o in (None, crop(rgb, job.frame))
    ]
    assert errors[1] < errors[0] / 2


def test_colours_are_converted_after_they_are_matched() -> None:
    rgb, job = scene(), plan(middle(), painter(), 0)
    flipped = put_back(
        255 - rgb, crop(rgb, job.frame), job, lambda x: 255 - x, crop(rgb, job.frame)
    )
    straight = put_back(rgb, crop(rgb, job.frame), job)
    assert np.array_equal(flipped, 255 - straight)


@pytest.mark.parametrize("match", [False, True])
def test_what_is_no_picture_of_the_frame_is_refused(match: bool) -> None:
    job = plan(middle(), painter())
    original = crop(scene(), job.frame) if match else None
    with pytest.raises(BadOutput):
        put_back(scene(), scene(), job, original=original)


@pytest.mark.parametrize("match", [False, True])
def test_a_large_photo_costs_its_copy_and_its_frame(match: bool) -> None:
    rgb = np.zeros((4000, 5000, 3), np.uint8)
    hole = np.zeros((4000, 5000), np.bool_)
    hole[2000:2200, 3000:3300] = True
    tracemalloc.start()
    try:
        (job,) = plans(hole, painter(512), separate=True)
        picture, _ = prepare(rgb, job, "noise", 1)
        original = crop(rgb, job.frame) if match else None
        put_back(rgb, 255 - picture, job, original=original)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < rgb.nbytes + hole.nbytes + 100 * math.prod(job.frame.size)


# frame_pixels


def test_distances_follow_the_scale_of_the_frame() -> None:
    job = plan(np.ones((640, 640), np.bool_), painter(64))
    assert [frame_pixels(job, pixels) for pixels in (0, 1, 10, 100, 256)] == [0, 1, 1, 10, 26]


@given(photos(), st.integers(1, 256))
@quick
def test_a_distance_never_gets_lost(photo: tuple[Rgb, Mask], pixels: int) -> None:
    if photo[1].any():
        assert frame_pixels(plan(photo[1], painter()), pixels) >= 1


def test_noise_is_a_prefill_that_follows_the_seed() -> None:
    rgb, job = noise((128, 96)), plan(middle(), painter())
    one, other = (prepare(rgb, job, "noise", seed)[0] for seed in (1, 2))
    assert (one != other).any()


@pytest.mark.parametrize("spot", [(0, 0), (250, 350), (499, 699)])
def test_a_frame_is_not_all_hole_where_any_of_the_photo_is_kept(spot: tuple[int, int]) -> None:
    hole = np.ones((500, 700), np.bool_)
    hole[spot] = False
    info = replace(FakePainter().info, native_side=64)
    job = plan(hole, info)
    picture, part = prepare(noise((700, 500)), job)
    assert (part.size - part.sum(), part.shape) == (1, picture.shape[:2])
    y, x = np.argwhere(~part)[0]
    assert abs(y / part.shape[0] - spot[0] / 500) < 2 / part.shape[0]
    assert abs(x / part.shape[1] - spot[1] / 700) < 2 / part.shape[1]
    _, whole = prepare(noise((700, 500)), plan(np.ones((500, 700), np.bool_), info))
    assert whole.all()
