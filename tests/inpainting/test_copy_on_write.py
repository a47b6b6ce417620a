from __future__ import annotations

import gc
import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpainting.copy_on_write import LEAST_BYTES, copy_of, shareable
from inpainting.photo import encode_png, make_photo, open_photo
from inpainting.types import Rgb

SIDE = 2400
linux_alone = pytest.mark.skipif(
    not hasattr(os, "memfd_create"), reason="the system has no such memory"
)


def large(seed: int = 1) -> Rgb:
    """A picture just above the limit, another value in each row."""
    rows = np.random.default_rng(seed).integers(0, 256, (SIDE, 1, 3), np.uint8)
    return np.ascontiguousarray(np.broadcast_to(rows, (SIDE, SIDE, 3)))


@pytest.fixture
def shared() -> Rgb:
    return shareable(large())


def held() -> int:
    """Bytes of memory that this process holds; VmRSS is no more than an estimate."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


def descriptors() -> int:
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def refuse(*_: object, **__: object) -> Any:
    raise OSError(24, "Too many open files")


def test_a_shareable_picture_is_the_same_and_cannot_be_written_to(shared: Rgb) -> None:
    assert shared.nbytes >= LEAST_BYTES
    np.testing.assert_array_equal(shared, large())
    with pytest.raises(ValueError, match="read-only"):
        shared[0] = 0


def test_a_small_picture_stays_where_it_is() -> None:
    small = np.zeros((8, 8, 3), np.uint8)
    assert shareable(small) is small
    copy = copy_of(small)
    copy[:] = 1
    assert not small.any()


windows = st.tuples(*[st.integers(0, SIDE - 1) for _ in range(4)])


@pytest.fixture(scope="module")
def kept() -> Rgb:
    return shareable(large(2))


@given(window=windows, value=st.integers(0, 255))
def test_what_is_written_to_a_copy_is_in_no_other(
    kept: Rgb, window: tuple[int, ...], value: int
) -> None:
    original = large(2)
    picture, (top, left, height, width) = kept, window
    first, second = copy_of(picture), copy_of(picture)
    first[top : top + height + 1, left : left + width + 1] = value
    expected = np.array(original)
    expected[top : top + height + 1, left : left + width + 1] = value
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(picture, original)
    np.testing.assert_array_equal(second, original)


def test_a_copy_outlives_its_picture() -> None:
    picture = shareable(large())
    copy = copy_of(picture)
    copy[0] = 7
    del picture
    gc.collect()
    np.testing.assert_array_equal(copy[1:], large()[1:])
    assert (copy[0] == 7).all()


def test_a_part_a_turned_picture_and_a_copy_are_copied_whole(shared: Rgb) -> None:
    copy = copy_of(shared)
    copy[0] = 9
    views: list[NDArray[np.uint8]] = [shared[1:], shared[:, ::-1], shared.transpose(1, 0, 2), copy]
    for view in views:
        again = copy_of(view)
        np.testing.assert_array_equal(again, view)
        again[-1] = 3
    np.testing.assert_array_equal(shared, large())
    assert (copy[0] == 9).all()
    np.testing.assert_array_equal(copy[1:], shared[1:])


@linux_alone
def test_a_copy_takes_memory_for_what_is_written_alone(shared: Rgb) -> None:
    before = held()
    copy = copy_of(shared)
    copy[:16] = 1
    assert held() - before < shared.nbytes / 10
    assert (copy[:16] == 1).all()


@linux_alone
def test_descriptors_are_given_back() -> None:
    before = descriptors()
    picture = shareable(large())
    copies = [copy_of(picture) for _ in range(3)]
    assert descriptors() > before
    del picture, copies
    assert descriptors() == before


@linux_alone
@pytest.mark.parametrize("name", ["memfd_create", "ftruncate"])
def test_without_shared_memory_pictures_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before, picture = descriptors(), large()
    monkeypatch.setattr(os, name, refuse)
    assert shareable(picture) is picture
    assert descriptors() == before


def test_without_descriptors_a_copy_is_made_in_the_usual_way(
    monkeypatch: pytest.MonkeyPatch, shared: Rgb
) -> None:
    monkeypatch.setattr(mmap, "mmap", refuse)
    copy = copy_of(shared)
    copy[:] = 0
    np.testing.assert_array_equal(shared, large())


def test_another_system_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As does Linux with a Python that was built for an old C library."""
    picture = large()
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert shareable(picture) is picture
    copy = copy_of(picture)
    copy[:] = 0
    np.testing.assert_array_equal(picture, large())


@linux_alone
def test_an_opened_photo_can_be_copied_for_next_to_nothing() -> None:
    photo = open_photo(encode_png(make_photo(large(), None, None, "photo")))
    assert photo.rgb is photo.pixels
    before = held()
    copies = [copy_of(photo.pixels) for _ in range(4)]
    assert held() - before < photo.pixels.nbytes / 10
    assert len(copies) == 4
