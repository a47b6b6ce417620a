from __future__ import annotations

import base64

import numpy as np
import pytest

from inpainting.photo import open_mask, open_photo
from inpainting.web.display import DISPLAY_SIDE, MASK_SIDE, display_copy, fitting, mask_url


@pytest.mark.parametrize(
    ("size", "right"),
    [((100, 50), (100, 50)), ((4000, 3000), (200, 150)), ((9000, 1), (200, 1))],
)
def test_fitting_keeps_the_shape_and_never_enlarges(
    size: tuple[int, int], right: tuple[int, int]
) -> None:
    assert fitting(size, 200) == right


def test_the_copy_for_the_screen_is_bounded_and_has_the_right_colours() -> None:
    rgb = np.zeros((300, 3000, 3), np.uint8)
    rgb[:] = (250, 120, 10)
    copy = open_photo(display_copy(rgb))
    assert copy.size == (DISPLAY_SIDE, 205)
    assert np.abs(copy.rgb.astype(int) - (250, 120, 10)).max() <= 4


def test_a_mask_of_twelve_megapixels_travels_in_a_few_kilobytes() -> None:
    y, x = np.mgrid[:3000, :4000]
    mask = (x - 2000) ** 2 + (y - 1500) ** 2 < 1000**2
    url = mask_url(mask, MASK_SIDE)
    assert len(url) < 30_000
    data = base64.b64decode(url.split(",")[1])
    assert abs(open_mask(data, (MASK_SIDE, 1152)).mean() - mask.mean()) < 0.002
