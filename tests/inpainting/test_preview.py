from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.framing import Frame
from inpainting.preview import PREVIEW_SIDE, preview_of, show, small_of
from inpainting.types import Box, Rgb, Size

GREEN = np.array((0, 200, 0), np.uint8)


def grey(width: int, height: int) -> Rgb:
    return np.full((height, width, 3), 90, np.uint8)


@given(st.integers(16, 1200), st.integers(16, 1200), st.data())
def test_the_hole_shows_the_frame_and_the_rest_the_photo(
    width: int, height: int, data: st.DataObject
) -> None:
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    hole = np.zeros((height, width), np.bool_)
    hole[y0:y1, x0:x1] = True
    preview = preview_of(small_of(grey(width, height)), Frame(Box(x0, y0, x1, y1), (64, 64)), hole)
    shown = show(preview, np.broadcast_to(GREEN, (8, 8, 3)).copy())
    assert max(shown.shape) == min(PREVIEW_SIDE, max(width, height))
    colours = {tuple(colour) for colour in np.unique(shown.reshape(-1, 3), axis=0).tolist()}
    assert colours <= {(0, 200, 0), (90, 90, 90)}
    share = (shown == GREEN).all(-1).mean()
    assert abs(share - hole.mean()) < 0.05 + 4 / min(shown.shape[:2])


def test_a_small_photo_is_shown_at_its_own_size() -> None:
    hole = np.ones((30, 40), np.bool_)
    preview = preview_of(small_of(grey(40, 30)), Frame(Box(0, 0, 40, 30), (64, 48)), hole)
    assert show(preview, np.zeros((48, 64, 3), np.uint8)).shape == (30, 40, 3)


@pytest.mark.parametrize("size", [(4000, 3000), (3001, 8000), (1600, 1550), (9000, 400)])
def test_a_large_photo_is_made_small_in_its_place_and_colours(size: Size) -> None:
    """Every third pixel or so is looked at: soft colours come out as with all of them."""
    few = np.random.default_rng(3).integers(0, 256, (6, 8, 3), np.uint8)
    large = np.asarray(cv2.resize(few, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    small = small_of(large)
    height, width = small.shape[:2]
    assert max(width, height) == PREVIEW_SIDE
    whole = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - whole).mean() < 2


def test_a_small_photo_is_its_own_preview() -> None:
    rgb = grey(512, 300)
    assert small_of(rgb) is rgb
