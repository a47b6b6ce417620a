"""Masks in and out: every kind of file marks the same subject or is refused."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from inpainting.errors import BadRequest
from inpainting.photo import (
    encode_mask,
    encode_mask_bits,
    open_mask,
)
from tests.support.pictures import file_of


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(16, 40), st.integers(16, 40))))
def test_masks_survive_both_ways_of_writing(mask: NDArray[np.bool_]) -> None:
    size = (mask.shape[1], mask.shape[0])
    for encode, mode in ((encode_mask, "L"), (encode_mask_bits, "1")):
        data = encode(mask)
        assert Image.open(BytesIO(data)).mode == mode
        assert np.array_equal(open_mask(data, size), mask)


LEFT = np.zeros((20, 30), np.bool_)
LEFT[:, :10] = True


def grey(low: int, high: int, kind: type[np.generic] = np.uint8) -> Image.Image:
    return Image.fromarray(np.where(LEFT, high, low).astype(kind))


def layered(colour: int | None, alpha: int | None) -> Image.Image:
    """An RGBA mask; None varies with the subject."""
    vary = np.where(LEFT, 255, 0)
    channel = vary if colour is None else np.full_like(vary, colour)
    opacity = vary if alpha is None else np.full_like(vary, alpha)
    return Image.fromarray(np.dstack([channel] * 3 + [opacity]).astype(np.uint8))


@pytest.mark.parametrize(
    "image",
    [
        grey(0, 255),
        grey(0, 1),
        grey(127, 128),
        grey(0, 65535, np.uint16),
        grey(0, 1, np.uint16),
        grey(0, 255).convert("1"),
        grey(0, 255).convert("RGB"),
        grey(0, 1).convert("RGB"),
        Image.merge("RGB", [grey(0, 255), grey(0, 0), grey(0, 0)]),
        grey(0, 255).convert("LA"),
        layered(None, 255),
        layered(0, None),
        layered(255, None),
        layered(None, None),
    ],
)
def test_case_19_masks_of_every_kind_mark_the_same_subject(image: Image.Image) -> None:
    assert np.array_equal(open_mask(file_of(image), (30, 20)), LEFT)


def test_case_19_a_mask_of_another_size_is_refused_with_both_sizes() -> None:
    with pytest.raises(BadRequest, match=r"30 x 20 .* 31 x 20"):
        open_mask(encode_mask(LEFT), (31, 20))


def test_case_19_a_dark_mask_does_not_silently_become_empty() -> None:
    with pytest.raises(BadRequest, match="brightest value is 100"):
        open_mask(file_of(grey(0, 100)), (30, 20))


@pytest.mark.parametrize("image", [grey(0, 0), layered(0, 255)])
def test_a_black_mask_is_empty(image: Image.Image) -> None:
    assert not open_mask(file_of(image), (30, 20)).any()


@pytest.mark.parametrize("data", [b"", b"no picture", encode_mask(LEFT)[:60]])
def test_a_file_that_is_no_mask_is_refused_as_a_mask(data: bytes) -> None:
    with pytest.raises(BadRequest, match="cannot be used as a mask"):
        open_mask(data, (30, 20))


def test_a_cmyk_mask_is_read_by_its_light() -> None:
    data = file_of(grey(0, 255).convert("RGB").convert("CMYK"), "JPEG", quality=100)
    mask = open_mask(data, (30, 20))
    assert (mask == LEFT).mean() > 0.95
