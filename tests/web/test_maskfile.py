from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inpainting.errors import BadRequest
from inpainting.limits import PhotoLimits
from inpainting.photo import encode_mask, encode_mask_bits
from inpainting.types import Mask
from inpainting.web.maskfile import fits, scaled, uploaded_mask

LIMITS = PhotoLimits()


def disc(width: int, height: int) -> Mask:
    y, x = np.mgrid[:height, :width]
    inside: Mask = ((x + 0.5) / width - 0.5) ** 2 + ((y + 0.5) / height - 0.5) ** 2 < 0.1
    return inside


def file(folder: Path, data: bytes) -> Path:
    path = folder / "mask.png"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encode", [encode_mask, encode_mask_bits])
def test_a_mask_of_the_photos_size_comes_back_bit_for_bit(tmp_path: Path, encode: object) -> None:
    assert callable(encode)
    mask = disc(64, 48)
    path = file(tmp_path, encode(mask))
    opened, note = uploaded_mask(path, (64, 48), LIMITS)
    assert np.array_equal(opened, mask)
    assert note == ""


def test_alpha_tells_the_subject_too(tmp_path: Path) -> None:
    mask = disc(64, 48)
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[..., 3] = np.where(mask, 255, 0)
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    opened, _ = uploaded_mask(tmp_path / "mask.png", (64, 48), LIMITS)
    assert np.array_equal(opened, mask)


@pytest.mark.parametrize("size", [(32, 24), (33, 25), (200, 150), (1600, 1200)])
def test_a_mask_of_the_same_shape_is_scaled_and_told(tmp_path: Path, size: tuple[int, int]) -> None:
    opened, note = uploaded_mask(file(tmp_path, encode_mask(disc(*size))), (400, 300), LIMITS)
    assert opened.shape == (300, 400)
    assert (opened != disc(400, 300)).mean() < 0.02
    assert note == f"The mask was scaled from {size[0]} x {size[1]} to 400 x 300 pixels."


@pytest.mark.parametrize("size", [(300, 400), (64, 64), (401, 290), (2000, 1400), (16, 16)])
def test_a_mask_of_another_shape_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(BadRequest, match="same size"):
        uploaded_mask(file(tmp_path, encode_mask(disc(*size))), (400, 300), LIMITS)


def test_a_file_that_is_to_be_turned_is_opened_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.where(disc(30, 40), 255, 0).astype(np.uint8))
    stored.save(tmp_path / "mask.png", exif=exif)
    opened, note = uploaded_mask(tmp_path / "mask.png", (400, 300), LIMITS)
    assert opened.shape == (300, 400)
    assert "40 x 30" in note


@pytest.mark.parametrize("data", [b"", b"no picture", encode_mask(np.zeros((48, 64), np.bool_))])
def test_what_is_no_mask_is_a_sentence_about_a_mask(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadRequest, match="mask") as refused:
        uploaded_mask(file(tmp_path, data), (64, 48), LIMITS)
    assert str(refused.value).endswith(".")


sides = st.integers(60, 5000)


@given(sides, sides, st.floats(0.1, 10))
def test_what_was_scaled_and_rounded_fits(width: int, height: int, scale: float) -> None:
    own = round(width * scale), round(height * scale)
    if min(own) >= 60:
        assert fits(own, (width, height))
        assert fits((width, height), own)
    wrong = own[0], own[1] + max(3, round(own[1] * 0.03), round(3 * scale))
    assert not fits(wrong, (width, height)) or min(own) < 60


def test_scaling_keeps_all_and_nothing() -> None:
    for value in (True, False):
        assert (scaled(np.full((30, 40), value), (400, 300)) == value).all()
        assert (scaled(np.full((300, 400), value), (40, 30)) == value).all()
