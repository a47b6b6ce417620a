from __future__ import annotations

import cv2
import numpy as np
import pytest

from inpainting.types import Mask, Rgb
from models.cutting import band, certain_of_both, cut, follow, subject_of

SIZE = (320, 240)


def _rectangle(x0: int, y0: int, x1: int, y1: int) -> Mask:
    mask = np.zeros(SIZE[::-1], bool)
    mask[y0:y1, x0:x1] = True
    return mask


def _picture(subject: Mask) -> Rgb:
    rng = np.random.default_rng(4)
    rgb = np.where(subject[..., None], (200, 110, 50), (60, 90, 120)) + rng.normal(
        0, 8, (*subject.shape, 3)
    )
    return np.asarray(np.clip(rgb, 0, 255), np.uint8)


def _follow(rgb: Rgb, mask: Mask, subject: Mask | None = None, other: Mask | None = None) -> Mask:
    half = np.asarray(
        cv2.resize(rgb, (SIZE[0] // 2, SIZE[1] // 2), interpolation=cv2.INTER_AREA), np.uint8
    )
    none = np.zeros_like(mask)
    return follow(
        rgb, half, mask, none if subject is None else subject, none if other is None else other
    )


def _overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def _clicked(subject: Mask) -> Mask:
    rows, columns = np.nonzero(subject)
    x, y = int(columns.mean()), int(rows.mean())
    return _rectangle(x - 1, y - 12, x + 2, y + 13)


LARGE = _rectangle(60, 40, 260, 200)
THIN = _rectangle(150, 60, 158, 180)


@pytest.mark.parametrize("subject", [LARGE, THIN], ids=["large", "thin"])
@pytest.mark.parametrize("shift", [(3, 2), (-3, 4)])
def test_an_outline_moves_to_the_edge_nearby(subject: Mask, shift: tuple[int, int]) -> None:
    moved = _follow(_picture(subject), np.roll(subject, shift, axis=(1, 0)), _clicked(subject))
    assert _overlap(moved, subject) >= 0.95


def test_an_outline_stays_near_where_it_was() -> None:
    mask = _rectangle(100, 80, 220, 160)
    moved = _follow(_picture(LARGE), mask)
    near = band(mask, 12)
    assert not (moved & (near == cv2.GC_BGD)).any()
    assert (moved | (near != cv2.GC_FGD)).all()


@pytest.mark.parametrize("subject", [LARGE, THIN], ids=["large", "thin"])
def test_what_is_certain_stays_so(subject: Mask) -> None:
    rows, _ = np.nonzero(subject)
    inner = subject & (np.arange(SIZE[1])[:, None] < rows.min() + 8)
    moved = _follow(_picture(subject), subject, _clicked(subject), inner)
    assert (moved & inner).sum() <= 0.2 * inner.sum()
    beside = np.roll(subject, 6, axis=1) & ~subject
    assert (_follow(_picture(subject), subject, beside) & beside).sum() >= 0.8 * beside.sum()


@pytest.mark.parametrize("mask", [np.zeros_like(LARGE), np.ones_like(LARGE), THIN])
def test_a_mask_without_certain_pixels_of_both_sides_is_left_as_it_is(mask: Mask) -> None:
    assert np.array_equal(_follow(_picture(LARGE), mask), mask)


@pytest.mark.parametrize("subject", [LARGE, THIN], ids=["large", "thin"])
def test_cuts_are_the_same_whatever_was_drawn_before(subject: Mask) -> None:
    rgb, mask = _picture(subject), np.roll(subject, 3, axis=1)
    first = _follow(rgb, mask)
    cv2.setRNGSeed(77)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    again = _follow(rgb, mask)
    cv2.setNumThreads(threads)
    assert np.array_equal(first, again)
    trimap = band(mask)
    assert np.array_equal(cut(rgb, trimap), cut(rgb, trimap))


def test_a_band_leaves_open_what_lies_near_the_outline() -> None:
    trimap = band(LARGE, 4)
    assert np.array_equal(subject_of(trimap), LARGE)
    sure = (trimap == cv2.GC_BGD) | (trimap == cv2.GC_FGD)
    assert np.array_equal(trimap == cv2.GC_FGD, _rectangle(64, 44, 256, 196))
    assert not sure[40:200, 57:63].any()
    assert certain_of_both(trimap)
    assert not certain_of_both(band(np.zeros_like(LARGE)))
