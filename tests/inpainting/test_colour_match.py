from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.colour_match import match_colour, seam_band
from inpainting.errors import BadRequest
from inpainting.types import Mask, Rgb
from tests.support.holed import middle, noise, photos, scene

quick = settings(deadline=None, max_examples=60)


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


def test_a_correction_that_does_not_help_is_not_made() -> None:
    unlike = noise((128, 96), 8)
    original = noise((128, 96), 9)
    assert np.array_equal(match_colour(unlike, original, middle()), unlike)


@given(st.integers(0, 10**6), st.floats(0, 30), st.floats(0.7, 1.4))
@quick
def test_the_seam_is_never_made_worse(seed: int, spread: float, gain: float) -> None:
    generator = np.random.default_rng(seed)
    changed = (
        scene() * gain + generator.normal(0, 12, 3) + generator.normal(0, spread, (96, 128, 3))
    )
    painted = np.clip(changed, 0, 255).astype(np.uint8)
    matched = match_colour(painted, scene(), middle())
    near = seam_band(middle())
    assert difference(matched, scene(), near) <= difference(painted, scene(), near) + 1


def test_the_band_lies_beside_the_hole_and_not_in_it() -> None:
    near = seam_band(middle((640, 480)))
    rows = np.flatnonzero(near[:, 320])
    assert not (near & middle((640, 480))).any()
    assert rows.tolist() == [*range(90, 112), *range(367, 390)] or len(rows) in range(40, 50)
