from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inpainting.cropped import NOWHERE, crop_mask, crop_masks
from inpainting.masks import bounds
from inpainting.types import Mask

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))
masks = arrays.arrays(np.bool_, shapes) | st.builds(np.zeros, shapes, st.just(np.bool_))


@given(masks)
def test_a_mask_comes_back_bit_for_bit(mask: Mask) -> None:
    cropped = crop_mask(mask)
    assert cropped.size == (mask.shape[1], mask.shape[0])
    np.testing.assert_array_equal(cropped.whole(), mask)


@given(masks)
def test_the_part_is_what_the_bounds_hold(mask: Mask) -> None:
    cropped, box = crop_mask(mask), bounds(mask)
    if box is None:
        assert (cropped.box, cropped.part.size) == (NOWHERE, (0, 0))
    else:
        assert cropped.box == box
        assert cropped.part.size == (box.x1 - box.x0, box.y1 - box.y0)


@given(masks, masks)
def test_equal_are_those_of_equal_masks_alone(one: Mask, other: Mask) -> None:
    assert (crop_mask(one) == crop_mask(other)) == np.array_equal(one, other)
    assert crop_mask(one) == crop_mask(np.array(one))
    assert hash(crop_mask(one)) == hash(crop_mask(np.array(one)))
    assert crop_mask(one) != one.shape


def test_the_same_shape_elsewhere_is_another_mask() -> None:
    here, there = np.zeros((9, 9), np.bool_), np.zeros((9, 9), np.bool_)
    here[1:4, 1:4] = there[5:8, 5:8] = True
    assert crop_mask(here).part == crop_mask(there).part
    assert crop_mask(here) != crop_mask(there)


@given(st.lists(masks, max_size=6))
def test_several_keep_their_order(several: list[Mask]) -> None:
    for cropped, mask in zip(crop_masks(several), several, strict=True):
        np.testing.assert_array_equal(cropped.whole(), mask)


def test_nobody_waits_for_a_mask_that_is_being_packed() -> None:
    """Here nothing is ever packed: the thread that would do it is held up until the end."""
    go = threading.Event()

    class Slow(np.ndarray[Any, Any]):
        def any(self, *args: Any, **named: Any) -> Any:
            assert go.wait(60)
            return np.asarray(self).any(*args, **named)

    first, second = (np.eye(9, dtype=np.bool_).view(Slow) for _ in range(2))
    cropped = crop_masks((first, second))
    assert [mask.size for mask in cropped] == [(9, 9), (9, 9)]
    assert {cropped[0]: 1}[cropped[0]] == 1
    assert cropped[0].nbytes == cropped[1].nbytes == 0
    go.set()
    for mask in cropped:
        np.testing.assert_array_equal(mask.whole(), np.eye(9))


def test_what_goes_wrong_is_told_to_who_asks() -> None:
    class Broken(np.ndarray[Any, Any]):
        def any(self, *_: Any, **__: Any) -> Any:
            raise MemoryError

    cropped = crop_mask(np.eye(9, dtype=np.bool_).view(Broken))
    with pytest.raises(MemoryError):
        cropped.whole()
    assert cropped.nbytes == 0  # the history asks for that at each step


def test_a_small_subject_of_a_large_photo_takes_little() -> None:
    mask = np.zeros((3000, 4000), np.bool_)
    mask[1000:1100, 1000:1100] = True
    assert crop_mask(mask).nbytes < 200
