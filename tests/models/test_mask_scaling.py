from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from inpainting.types import Size
from models.mask_scaling import SPECKLED, above_zero

Logits = NDArray[np.float32]

shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))
values = st.floats(-8, 8, width=32)
sizes = st.tuples(st.integers(1, 70), st.integers(1, 70))


def scaled(logits: Logits, size: Size) -> Logits:
    return np.asarray(cv2.resize(logits, size, interpolation=cv2.INTER_LINEAR), np.float32)


def smooth(rows: int, columns: int, seed: int, level: float = 0) -> Logits:
    """Logits with a few blobs: a border that crosses few of the cells."""
    small = np.random.default_rng(seed).normal(level, 4, (4, 5)).astype(np.float32)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


def crossed(logits: Logits) -> float:
    above = np.pad(logits > 0, ((0, 1), (0, 1)), mode="edge")
    corners = np.stack([above[:-1, :-1], above[1:, :-1], above[:-1, 1:], above[1:, 1:]])
    return float((corners.any(0) & ~corners.all(0)).mean())


@given(arrays.arrays(np.float32, shapes, elements=values), sizes)
def test_it_is_where_the_scaled_logits_are_above_zero(logits: Logits, size: Size) -> None:
    mask, whole = above_zero(logits, size), scaled(logits, size)
    assert mask.shape == size[::-1]
    assert mask.dtype == np.bool_
    clear = np.abs(whole) > 1e-4  # between them the last bits decide
    np.testing.assert_array_equal(mask[clear], (whole > 0)[clear])


@given(
    st.integers(0, 10_000),
    st.tuples(st.integers(60, 130), st.integers(60, 130)),
    st.tuples(st.integers(1, 700), st.integers(1, 700)),
    st.sampled_from([-12.0, -4.0, 0.0, 4.0, 12.0]),
)
def test_so_it_is_where_only_the_border_is_worked_out(
    seed: int, shape: tuple[int, int], size: Size, level: float
) -> None:
    logits = smooth(*shape, seed, level)
    whole = scaled(logits, size)
    clear = np.abs(whole) > 1e-4
    np.testing.assert_array_equal(above_zero(logits, size)[clear], (whole > 0)[clear])


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (6000, 4000), (1023, 767)])
def test_photos_of_usual_sizes(size: Size) -> None:
    logits = smooth(768, 1024, 7)
    assert 0 < crossed(logits) < SPECKLED
    mask = above_zero(logits, size)
    assert np.count_nonzero(mask != (scaled(logits, size) > 0)) <= 3
    assert 0.1 < mask.mean() < 0.9


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_a_mask_of_all_or_nothing(value: float) -> None:
    mask = above_zero(np.full((16, 16), value, np.float32), (50, 40))
    assert mask.all() if value > 0 else not mask.any()


def test_what_is_no_number_is_not_selected() -> None:
    logits = np.full((64, 64), -1, np.float32)
    logits[20:40, 20:40] = 1
    logits[5, 5] = np.nan
    assert not above_zero(logits, (128, 128))[8:14, 8:14].any()
