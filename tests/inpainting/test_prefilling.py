from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.prefilling import METHODS, MID_GREY, prefill
from inpainting.types import PREFILLS, Mask, Rgb, Size
from tests.support.holed import middle, noise, photos, scene

quick = settings(deadline=None, max_examples=60)
methods = st.sampled_from(METHODS)
new = st.sampled_from([method for method in METHODS if method != "original"])


@given(photos(most=60), methods)
@quick
def test_prefill_changes_no_kept_pixel(photo: tuple[Rgb, Mask], method: str) -> None:
    rgb, hole = photo
    before = rgb.copy()
    filled = prefill(rgb, hole, method)
    assert filled.shape == rgb.shape
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[~hole], rgb[~hole])
    assert np.array_equal(rgb, before)
    assert not np.shares_memory(filled, rgb)


@given(photos(most=60), new, st.integers(0, 99))
@quick
def test_nothing_of_the_old_hole_is_left(photo: tuple[Rgb, Mask], method: str, seed: int) -> None:
    rgb, hole = photo
    other = np.where(hole[..., None], noise((rgb.shape[1], rgb.shape[0]), seed), rgb)
    assert np.array_equal(prefill(rgb, hole, method, 5), prefill(other, hole, method, 5))


def test_original_leaves_the_hole_as_it_is() -> None:
    assert np.array_equal(prefill(scene(), middle(), "original"), scene())


@pytest.mark.parametrize("method", ["blur", "neutral", "telea", "navier-stokes"])
def test_with_nothing_kept_the_hole_is_mid_grey(method: str) -> None:
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


@pytest.mark.parametrize("method", ["telea", "navier-stokes"])
@pytest.mark.parametrize("size", [(1, 40), (40, 1)])
def test_a_single_row_is_filled_alike_each_time(size: Size, method: str) -> None:
    rgb, hole = noise(size), np.zeros((size[1], size[0]), np.bool_)
    hole.flat[10:30] = True
    filled = prefill(rgb, hole, method)
    other = np.where(hole[..., None], np.uint8(0), rgb)
    assert np.array_equal(filled, prefill(other, hole, method))
    assert np.array_equal(filled, prefill(rgb, hole, "blur"))


def test_an_unknown_prefill_is_refused_and_the_choices_named() -> None:
    with pytest.raises(BadRequest, match="original, blur, navier-stokes, telea, neutral, noise"):
        prefill(scene(), middle(), "mosaic")


def test_auto_is_resolved_before() -> None:
    assert ("auto", *METHODS) == PREFILLS
    with pytest.raises(BadRequest, match="auto"):
        prefill(scene(), middle(), "auto")


@pytest.mark.parametrize("method", ["telea", "navier-stokes"])
def test_edges_are_carried_into_the_hole(method: str) -> None:
    rgb = np.zeros((96, 128, 3), np.uint8)
    rgb[:, 64:] = 200
    hole = np.zeros((96, 128), np.bool_)
    hole[40:56, 50:78] = True
    filled = prefill(rgb, hole, method).astype(int)
    assert filled[48, 54].max() < 30
    assert filled[48, 74].min() > 170


def test_noise_has_mean_and_spread_of_the_surroundings() -> None:
    generator = np.random.default_rng(3)
    levels = generator.normal((60, 120, 180), (10, 20, 15), (240, 320, 3))
    rgb, hole = np.clip(levels, 0, 255).astype(np.uint8), middle((320, 240))
    rgb[hole] = 255
    inside, around = prefill(rgb, hole, "noise", 1)[hole], rgb[~hole]
    assert np.abs(inside.mean(axis=0) - around.mean(axis=0)).max() < 2
    assert np.abs(inside.std(axis=0) - around.std(axis=0)).max() < 3


def test_noise_in_a_flat_place_is_flat_and_with_nothing_kept_it_is_grey() -> None:
    flat = np.full((96, 128, 3), 90, np.uint8)
    assert np.array_equal(prefill(flat, middle(), "noise", 1), flat)
    grey = prefill(flat, np.ones((96, 128), np.bool_), "noise", 1)
    assert abs(grey.mean() - MID_GREY) < 3
    assert grey.std() > 30


def test_noise_follows_its_seed() -> None:
    one, again, other = (prefill(scene(), middle(), "noise", seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert (one != other)[middle()].mean() > 0.5


def test_a_hole_of_another_size_is_refused() -> None:
    with pytest.raises(BadRequest, match="hole"):
        prefill(scene(), middle((96, 128)))
