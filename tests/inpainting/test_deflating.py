from __future__ import annotations

import os
import threading
import zlib
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from inpainting.deflating import STRIP, deflated_rows
from inpainting.photo import encode_png, make_photo

Bytes = NDArray[np.uint8]


def noise(*shape: int) -> Bytes:
    return np.random.default_rng(4).integers(0, 256, shape, np.uint8)


def drawing(*shape: int) -> Bytes:
    """The same few rows of noise over and over: repeats from afar, and no runs."""
    return np.tile(noise(8, *shape[1:]), (shape[0] // 8 + 1, 1, 1))[: shape[0]]


def unfiltered(data: bytes, shape: tuple[int, ...]) -> Bytes:
    """What a PNG reader makes of rows that say how much they are above the row before."""
    rows = np.frombuffer(data, np.uint8).reshape(shape[0], -1)
    assert (rows[:, 0] == 2).all()
    whole: Bytes = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(shape)
    return whole


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4])))
)
def test_any_picture_comes_back(pixels: Bytes) -> None:
    data = zlib.decompress(b"".join(deflated_rows(pixels)))
    assert np.array_equal(unfiltered(data, pixels.shape), pixels)


@pytest.mark.parametrize("make", [noise, drawing, lambda *shape: np.full(shape, 128, np.uint8)])
@pytest.mark.parametrize("shape", [(1201, 999, 3), (700, 1111, 4), (3, 400_000, 3)])
def test_strips_join_to_one_picture_for_every_reader(make: Any, shape: tuple[int, ...]) -> None:
    pixels = make(*shape)
    alpha = pixels[..., 3] if shape[2] == 4 else None
    data = encode_png(make_photo(pixels[..., :3], alpha, None, "photo"))
    assert pixels.nbytes > 2 * STRIP
    image = Image.open(BytesIO(data))
    image.verify()
    assert np.array_equal(np.array(Image.open(BytesIO(data))), pixels)
    other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    to_rgb = cv2.COLOR_BGR2RGB if alpha is None else cv2.COLOR_BGRA2RGBA
    assert other is not None
    assert np.array_equal(cv2.cvtColor(other, to_rgb), pixels)


def test_a_picture_turned_on_its_side_in_memory_is_written_as_it_is_seen() -> None:
    pixels = noise(40, 60, 3).transpose(1, 0, 2)[::-1]
    data = encode_png(make_photo(pixels, None, None, "photo"))
    assert np.array_equal(np.array(Image.open(BytesIO(data))), pixels)


def size_by_pillow(pixels: Bytes) -> int:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return len(file.getvalue())


def test_files_are_about_as_small_as_with_every_filter_tried() -> None:
    few = np.random.default_rng(6).integers(0, 240, (6, 8, 3), np.uint8)
    soft = np.asarray(cv2.resize(few, (1200, 900), interpolation=cv2.INTER_CUBIC), np.uint8)
    grainy = soft // 2 + noise(900, 1200, 3) % 12
    screen = np.full((900, 1200, 3), 245, np.uint8)
    for row in range(20, 900, 20):
        at, font = (10 + row % 7, row), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(screen, f"What stands in line {row} of a page", at, font, 0.6, (20, 30, 40))
    for pixels in (soft, grainy, screen, np.full_like(screen, 128)):
        size = sum(map(len, deflated_rows(pixels)))
        assert size < 1.15 * size_by_pillow(pixels)


@pytest.mark.parametrize("cores", [1, 2, 7, None])
def test_the_number_of_threads_does_not_show(
    monkeypatch: pytest.MonkeyPatch, cores: int | None
) -> None:
    pixels = np.concatenate([noise(400, 999, 3), drawing(801, 999, 3)])
    expected = b"".join(deflated_rows(pixels))
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert b"".join(deflated_rows(pixels)) == expected


def test_a_file_that_is_given_up_leaves_no_thread_behind() -> None:
    before, rows = threading.active_count(), deflated_rows(noise(1201, 999, 3))
    for _ in range(2):
        next(rows)
    rows.close()  # type: ignore[attr-defined]  # a generator
    assert threading.active_count() <= before
