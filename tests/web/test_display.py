from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from inpainting.photo import open_mask, open_photo
from inpainting.web.display import DISPLAY_SIDE, display_copy, fitting, mask_url, small_mask


@pytest.mark.parametrize(
    ("size", "right"),
    [((100, 50), (100, 50)), ((4000, 3000), (200, 150)), ((9000, 1), (200, 1))],
)
def test_fitting_keeps_the_shape_and_never_enlarges(
    size: tuple[int, int], right: tuple[int, int]
) -> None:
    assert fitting(size, 200) == right


def test_the_copy_for_the_screen_is_bounded_and_has_the_right_colours() -> None:
    rgb = np.zeros((300, 6000, 3), np.uint8)
    rgb[:] = (250, 120, 10)
    copy = open_photo(display_copy(rgb))
    assert copy.size == (DISPLAY_SIDE, 205)
    assert np.abs(copy.rgb.astype(int) - (250, 120, 10)).max() <= 4


def test_the_copy_of_a_photo_of_twelve_megapixels_has_its_pixels_and_their_colours() -> None:
    """Colours at half their size would smear a line of one pixel."""
    rgb = np.zeros((48, 4000, 3), np.uint8)
    rgb[:, ::8] = (255, 0, 0)
    copy = open_photo(display_copy(rgb))
    assert copy.size == (4000, 48)
    assert copy.rgb[20, ::8, 0].min() > 200
    assert copy.rgb[20, 4::8].max() < 60


def disc(width: int, height: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    y, x = np.mgrid[:height, :width]
    inside: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2
    return inside


@pytest.mark.parametrize("side", [144, 512])
def test_a_small_mask_is_true_where_half_of_the_large_one_is(side: int) -> None:
    mask = disc(2000, 1500)
    small = small_mask(mask, side)
    assert small.shape == (side * 3 // 4, side)
    whole = cv2.resize(
        mask.astype(np.uint8) * 255, (side, side * 3 // 4), interpolation=cv2.INTER_AREA
    )
    assert (small != (np.asarray(whole) >= 128)).mean() < 0.005


def test_a_mask_that_is_small_stays() -> None:
    mask = disc(64, 48)
    assert small_mask(mask, 144) is mask
    url = mask_url(mask, 144)
    data = base64.b64decode(url.split(",")[1])
    assert np.array_equal(open_mask(data, (64, 48)), mask)


def test_a_mask_of_one_row_stays_one() -> None:
    assert small_mask(np.ones((1, 5000), np.bool_), 100).shape == (1, 100)
