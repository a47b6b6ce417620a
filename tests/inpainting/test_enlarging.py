from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inpainting.enlarging import enlarge


def test_a_mask_of_the_photos_size_is_left_as_it_is() -> None:
    mask = np.eye(5, dtype=bool)
    assert enlarge(mask, (5, 5)) is mask


def test_a_disc_stays_round_and_in_its_place() -> None:
    grey = np.zeros((120, 160), np.uint8)
    cv2.circle(grey, (80, 60), 40, 1, -1)
    large = enlarge(grey > 0, (1600, 1200))
    y, x = np.mgrid[:1200, :1600]
    away = np.hypot(x - 804.5, y - 604.5)
    assert large.shape == (1200, 1600)
    assert large[away < 393].all()
    assert not large[away > 412].any()


def test_a_slanted_edge_has_no_stairs() -> None:
    y, x = np.mgrid[:64, :64]
    edge = enlarge(3 * x > y + 60, (512, 512)).argmax(axis=1)[64:-64]
    fitted = np.polynomial.Polynomial.fit(np.arange(edge.size), edge, 1)(np.arange(edge.size))
    assert np.abs(edge - fitted).max() < 3, "a step of the small mask is eight pixels"


@given(st.integers(0, 8), st.integers(0, 5), st.integers(9, 40), st.integers(6, 40))
def test_even_a_single_pixel_is_kept(x: int, y: int, width: int, height: int) -> None:
    mask = np.zeros((6, 9), bool)
    mask[y, x] = True
    large = enlarge(mask, (width, height))
    assert large.shape == (height, width)
    assert large.any()
    assert not enlarge(np.zeros((6, 9), bool), (width, height)).any()
