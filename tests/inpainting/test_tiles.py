"""Sheets: every picture is on it, in its place, with its label, and none is too large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from inpainting.errors import BadRequest
from inpainting.tiles import MAX_FRAMES, MIN_TILE, captioned, contact_sheet, filmstrip, shortened
from inpainting.types import Rgb


def flat(colour: tuple[int, int, int], width: int = 120, height: int = 100) -> Rgb:
    return np.full((height, width, 3), colour, np.uint8)


RED, GREEN, BLUE, GOLD = (200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 180, 0)


def middle_of(sheet: Rgb, colour: tuple[int, int, int]) -> tuple[float, float]:
    """Where a colour is, x and y."""
    y, x = np.nonzero((np.abs(sheet.astype(int) - colour) < 8).all(axis=2))
    assert len(x), colour
    return float(x.mean()), float(y.mean())


def test_pictures_are_in_rows_and_whole() -> None:
    rows = [[flat(RED), flat(GREEN)], [flat(BLUE), flat(GOLD)]]
    sheet = contact_sheet(rows)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (2 * 104 + 4, 2 * 124 + 4, 3)
    red, green, blue, gold = (middle_of(sheet, c) for c in (RED, GREEN, BLUE, GOLD))
    assert red[0] == blue[0] < green[0] == gold[0]
    assert red[1] == green[1] < blue[1] == gold[1]
    assert (sheet == RED).all(axis=2).sum() == 120 * 100


def test_labels_are_ink_above_columns_and_left_of_rows() -> None:
    rows = [[flat(RED), flat(GREEN)], [flat(BLUE), flat(GOLD)]]
    bare = contact_sheet(rows)
    sheet = contact_sheet(rows, ["steps 10", "steps 20"], ["seed 1", "seed 2"])
    left, top = sheet.shape[1] - bare.shape[1], sheet.shape[0] - bare.shape[0]
    assert left > 10
    assert top > 10
    assert np.array_equal(sheet[top:, left:], bare)
    dark = sheet.max(axis=2) < 100
    half = left + bare.shape[1] // 2
    assert dark[:top, left:half].any()
    assert dark[:top, half:].any()
    assert dark[top : top + 104, :left].any()
    assert dark[top + 104 :, :left].any()
    assert not dark[:top, :left].any()


@settings(max_examples=40)
@given(
    st.integers(1, 8),
    st.integers(1, 8),
    st.tuples(st.integers(1, 900), st.integers(1, 900)),
    st.booleans(),
    st.text(max_size=300),
)
def test_no_sheet_is_larger_than_allowed(
    columns: int, rows: int, size: tuple[int, int], labelled: bool, label: str
) -> None:
    picture = flat(RED, *size)
    x, y = ([label] * columns, [label] * rows) if labelled else ([], [])
    sheet = contact_sheet([[picture] * columns] * rows, x, y, longest=1000)
    assert max(sheet.shape[:2]) <= 1000
    assert sheet.dtype == np.uint8
    assert (sheet != 255).any()


def test_small_pictures_get_tiles_that_a_label_can_be_read_on() -> None:
    sheet = contact_sheet([[flat(RED, 16, 16)] * 2], ["steps 1", "steps 2"])
    assert sheet.shape[1] >= 2 * MIN_TILE
    assert (sheet == RED).all(axis=2).sum() == 2 * 16 * 16


def test_pictures_of_other_sizes_keep_their_proportions() -> None:
    sheet = contact_sheet([[flat(RED, 300, 100), flat(BLUE, 100, 300)]], longest=400)
    for colour, ratio in ((RED, 3.0), (BLUE, 1 / 3)):
        y, x = np.nonzero((np.abs(sheet.astype(int) - colour) < 60).all(axis=2))
        assert np.ptp(x) / np.ptp(y) == pytest.approx(ratio, rel=0.2)


def test_rows_may_be_shorter_than_the_first() -> None:
    sheet = contact_sheet([[flat(RED), flat(GREEN)], [flat(BLUE)]])
    assert middle_of(sheet, BLUE)[0] == middle_of(sheet, RED)[0]


def test_no_pictures_and_too_many_are_refused() -> None:
    nothing: list[list[list[Rgb]]] = [[], [[]]]
    for rows in nothing:
        with pytest.raises(BadRequest, match="no pictures"):
            contact_sheet(rows)
    with pytest.raises(BadRequest, match="too many"):
        contact_sheet([[flat(RED)] * 40], longest=150)


@given(st.text(max_size=400), st.integers(0, 500))
def test_labels_are_shortened_to_their_room(label: str, room: int) -> None:
    font = ImageFont.load_default(14)
    line = shortened(label, font, room)
    assert font.getlength(line) <= room
    assert "\n" not in line


def test_a_label_that_fits_is_left_as_it_is() -> None:
    font = ImageFont.load_default(14)
    assert shortened("steps 10", font, 200) == "steps 10"
    assert shortened("a very long label indeed", font, 80).endswith("...")


def test_a_caption_stands_above_its_picture() -> None:
    tile = captioned(flat(RED), "seed 7")
    assert tile.shape[0] > 110
    assert (tile[:24].max(axis=2) < 100).any()
    assert (tile == RED).all(axis=2).sum() == 120 * 100


def shades(count: int) -> tuple[Rgb, ...]:
    return tuple(flat((100, n, 200)) for n in range(0, 4 * count, 4))


@pytest.mark.parametrize("count", [1, 2, 11, 12, 13, 40])
def test_a_filmstrip_has_the_first_and_the_last_and_at_most_twelve(count: int) -> None:
    sheet = filmstrip(shades(count), count)
    seen = [n for n in range(count) if (sheet == (100, 4 * n, 200)).all(axis=2).any()]
    assert len(seen) == min(count, MAX_FRAMES)
    assert (seen[0], seen[-1]) == (0, count - 1)
    gaps = np.diff(seen)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1
    assert max(sheet.shape[:2]) <= 4096


def test_large_previews_make_a_strip_that_is_not_too_large() -> None:
    assert max(filmstrip([flat(RED, 2000, 500)] * 12, 12).shape[:2]) <= 4096


def test_a_filmstrip_of_nothing_is_refused() -> None:
    with pytest.raises(BadRequest, match="no pictures of the steps"):
        filmstrip((), 4)
