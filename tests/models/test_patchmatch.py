"""The parts of the fill by patches: each does what its paper says, on pictures one can count."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inpainting.types import Mask, Rgb
from models import patchmatch
from models.patch_blend import blended
from models.patch_fill import fill
from models.patch_pyramid import handed_down, pyramid
from models.patch_start import layered, smooth, tolls_of
from models.patch_vote import chosen, copied, voted
from models.patches import Floats, Level, level_of, moved, patches_at
from models.patchmatch import Matches, codes_of, search, sources_of

PHOTOS = Path(__file__).parents[2] / "assets" / "photos"


def _noise(height: int, width: int, seed: int = 0) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def _hole(height: int, width: int, top: int, left: int, side: int) -> Mask:
    hole = np.zeros((height, width), bool)
    hole[top : top + side, left : left + side] = True
    return hole


def _level(rgb: Rgb, hole: Mask, radius: int = 3) -> Level:
    return level_of(rgb.astype(np.float32), hole, radius)


def _tolls(level: Level) -> Floats:
    return np.zeros(level.size, np.float32)


def _checks(height: int, width: int, side: int) -> Rgb:
    rows, columns = np.mgrid[:height, :width]
    light = (rows // side + columns // side) % 2 == 0
    return np.where(light[..., None], (230, 220, 200), (40, 60, 90)).astype(np.uint8)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 3), st.integers(0, 99))
def test_patches_are_mirrored_at_the_border(
    height: int, width: int, radius: int, seed: int
) -> None:
    picture = _noise(height, width, seed).astype(np.float32)
    wide = np.pad(picture, ((radius, radius), (radius, radius), (0, 0)), mode="symmetric")
    place = seed % (height * width)
    row, column = divmod(place, width)
    wanted = wide[row : row + 2 * radius + 1, column : column + 2 * radius + 1]
    found = patches_at(picture, np.array([place]), radius)
    assert np.array_equal(found, wanted.reshape(1, -1))


def test_sources_never_touch_the_hole_and_targets_always_do() -> None:
    level = _level(_noise(40, 50), _hole(40, 50, 12, 20, 9))
    seen = patches_at(level.hole[..., None].astype(np.float32), np.arange(40 * 50), 3)
    touches = np.asarray(seen.any(axis=1), np.bool_)
    assert not touches[level.sources].any()
    assert touches[level.targets].all()
    assert touches.sum() == len(level.targets)


def test_places_that_leave_the_picture_are_told() -> None:
    level = _level(_noise(10, 20), _hole(10, 20, 4, 4, 2))
    places = np.array([0, 19, 180, 199])
    assert moved(level, places, (0, 1)).tolist() == [1, 200, 181, 200]
    assert moved(level, places, (-1, 0)).tolist() == [200, 200, 160, 179]


@pytest.mark.parametrize("exact", [10**9, 0])
def test_a_patch_that_is_there_twice_is_found(exact: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patchmatch, "EXACT", exact)
    rgb = np.asarray(cv2.GaussianBlur(_noise(60, 60), (0, 0), 2), np.uint8)
    rgb = np.clip((rgb - 128.0) * 6 + 128, 0, 255).astype(np.uint8)
    rgb[32:52, 32:52] = rgb[6:26, 6:26]
    level = _level(rgb, _hole(60, 60, 38, 38, 6))
    rng = np.random.default_rng(1)
    sources = sources_of(level, _tolls(level), rng)
    truth = rgb.astype(np.float32)
    codes = codes_of(level, truth, sources)
    matches = search(level, sources, codes, None, rng)
    for _ in range(6):
        matches = search(level, sources, codes, matches.place, rng)
    inside = np.isin(level.targets, np.flatnonzero(_hole(60, 60, 36, 36, 10)))
    right = matches.place[inside] == level.targets[inside] - 26 * 60 - 26
    assert right.mean() > 0.95
    assert np.all(level.valid[matches.place])


def test_a_search_never_makes_a_match_worse() -> None:
    rgb = _noise(120, 160)
    level = _level(rgb, _hole(120, 160, 30, 40, 50))
    rng = np.random.default_rng(0)
    sources = sources_of(level, _tolls(level), rng)
    codes = codes_of(level, rgb.astype(np.float32), sources)
    first = search(level, sources, codes, None, rng)
    second = search(level, sources, codes, first.place, rng)
    assert np.all(second.cost <= first.cost + 1e-3)
    assert second.cost.mean() < first.cost.mean()


def test_when_all_patches_agree_votes_copy_exactly() -> None:
    rgb = _noise(40, 60)
    rgb[:, 30:] = rgb[:, :30]
    level = _level(rgb, _hole(40, 60, 15, 40, 10))
    matches = Matches(level.targets - 30, np.zeros(len(level.targets), np.float32))
    assert np.allclose(voted(level, matches), rgb, atol=0.01)
    assert np.array_equal(chosen(level, matches), level.pixels - 30)
    assert np.array_equal(blended(level, level.pixels - 30), rgb)


def test_the_better_patch_has_the_greater_say() -> None:
    rgb = np.zeros((30, 40, 3), np.uint8)
    rgb[:, :20] = 200
    level = _level(rgb, _hole(30, 40, 14, 24, 1))
    light, dark = 15 * 40 + 8, 20 * 40 + 30
    costs = np.full(len(level.targets), 100, np.float32)
    places = np.full(len(level.targets), dark)
    costs[7], places[7] = 1, light
    assert voted(level, Matches(places, costs))[14, 24].mean() > 150, "one of 49"


def test_blending_evens_out_tones_and_keeps_edges() -> None:
    ramp = np.repeat(np.linspace(60, 120, 80)[None], 60, axis=0)
    rgb = np.stack([ramp] * 3, axis=2).astype(np.uint8)
    level = _level(rgb, _hole(60, 80, 20, 30, 20))
    # all from one place to the left, darker by some levels
    origin = level.pixels - 20
    seam = np.abs(copied(level, origin)[:, 29:31, 0] @ [-1, 1])[20:40].max()
    evened = blended(level, origin)
    assert seam > 10
    assert np.abs(evened[20:40, 29:31, 0] @ [-1, 1]).max() < 4
    assert np.abs(evened - rgb).max() < 6

    rgb[:, :25] = 0
    edge = blended(_level(rgb, level.hole), level.pixels - 25)
    assert edge[30, 40, 0] < 25, "black next to light is content, and is not lifted"


def test_sizes_go_down_to_a_shallow_hole_and_keep_no_half_known_pixel() -> None:
    rgb = _noise(300, 200) // 2
    rgb[100:220, 40:160] = 255
    hole = np.zeros((300, 200), bool)
    hole[99:221, 39:161] = True
    levels = pyramid(rgb, hole)
    assert [level.size for level in levels] == [(300, 200), (150, 100), (75, 50), (38, 25)]
    assert all(level.picture[level.hole].max(initial=0) == 0 for level in levels)
    for level in levels:
        known = level.picture[~level.hole][:, :3]
        assert known.max() < 129, "what the hole held shows nowhere"


def test_too_little_kept_gives_no_sizes() -> None:
    hole = np.ones((64, 64), bool)
    hole[0] = False
    assert pyramid(_noise(64, 64), hole) == ()
    assert list(fill(_noise(64, 64), hole, 0)) == []


def test_matches_handed_down_are_sources_in_the_same_direction() -> None:
    rgb, hole = _noise(200, 300), _hole(200, 300, 60, 120, 60)
    fine, coarse = pyramid(rgb, hole)[:2]
    place = np.full(len(coarse.targets), coarse.sources[len(coarse.sources) // 2])
    down = handed_down(coarse, fine, place)
    assert np.all(fine.valid[down])
    row, column = divmod(int(place[0]), coarse.size[1])
    assert abs(int(np.median(down // 300)) - 2 * row) <= 1
    assert abs(int(np.median(down % 300)) - 2 * column) <= 1


def test_the_smooth_guess_keeps_what_is_kept_and_stays_in_its_range() -> None:
    level = _level(_noise(50, 60) // 2 + 40, _hole(50, 60, 10, 10, 30))
    guess = smooth(level)
    assert np.array_equal(guess[~level.hole], level.picture[~level.hole])
    assert guess[level.hole].min() >= 40
    assert guess[level.hole].max() <= 168


def test_layers_are_made_of_kept_colours_alone() -> None:
    rgb = _noise(40, 40)
    level = _level(rgb, _hole(40, 40, 12, 12, 14))
    picture = layered(level, tolls_of(level), np.random.default_rng(0))
    known = {tuple(colour) for colour in rgb[~level.hole].tolist()}
    assert all(tuple(colour) in known for colour in picture[level.hole].tolist())


def test_a_thing_unlike_all_near_the_hole_costs_a_toll() -> None:
    rgb = np.full((60, 120, 3), 90, np.uint8)
    rgb[20:40, 90:110] = (250, 20, 20)
    level = _level(rgb, _hole(60, 120, 20, 20, 20))
    tolls = tolls_of(level)
    assert tolls[30, 100] > 1e5
    assert tolls[50, 60] == pytest.approx(0, abs=1)


def test_checks_are_continued_with_the_same_measure() -> None:
    rgb, hole = _checks(160, 160, 10), _hole(160, 160, 55, 60, 44)
    *_, last = fill(rgb, hole, 3)
    wrong = np.abs(last.rgb.astype(int) - rgb)[hole].mean(axis=1) > 40
    assert wrong.mean() < 0.05
    quick = cv2.inpaint(rgb, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA)
    assert (np.abs(quick.astype(int) - rgb)[hole].mean(axis=1) > 40).mean() > 0.4


def test_a_real_texture_stays_as_busy_as_it_is() -> None:
    wood = np.asarray(Image.open(PHOTOS / "coffee.jpg").convert("RGB"))[:, 430:]
    hole = _hole(wood.shape[0], wood.shape[1], 20, 60, 60)
    *_, last = fill(wood, hole, 0)
    quick = cv2.inpaint(wood, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA)
    assert 0.8 < _busyness(last.rgb, hole) / _busyness(wood, hole) < 2
    assert _busyness(np.asarray(quick, np.uint8), hole) / _busyness(wood, hole) < 0.6


def _busyness(rgb: Rgb, hole: Mask) -> float:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    core = cv2.erode(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F))[core].mean())
