"""Colour profiles: sRGB for the models, the file's own values for the file."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inpainting.photo import (
    open_photo,
    to_profile,
)
from inpainting.types import Rgb
from tests.support.pictures import P3, P3_TO_XYZ, SRGB_TO_XYZ, file_of, fixed, lut_profile, picture


def p3_to_srgb(pixels: Rgb) -> NDArray[np.float64]:
    """The textbook way, in floats, clipped to 0-255."""
    coded = pixels / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ (np.linalg.inv(SRGB_TO_XYZ) @ P3_TO_XYZ).T, 0, 1)
    coded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(coded * 255)


def test_case_10_a_wide_profile_is_seen_in_srgb_and_kept() -> None:
    photo = open_photo(file_of(Image.fromarray(picture()), icc_profile=P3))
    assert photo.icc_profile == P3
    assert photo.notes == ()
    assert np.array_equal(photo.pixels, picture())
    assert np.abs(photo.rgb - p3_to_srgb(picture())).max() <= 2
    assert np.abs(photo.rgb.astype(int) - picture()).max() > 20


def test_what_is_painted_goes_back_into_the_profile() -> None:
    inner = (picture() // 3 + 80).astype(np.uint8)
    photo = open_photo(file_of(Image.fromarray(inner), icc_profile=P3))
    back = to_profile(photo, photo.rgb[4:20, 2:30])
    assert np.abs(back.astype(int) - inner[4:20, 2:30]).max() <= 2
    plain = open_photo(file_of(Image.fromarray(inner)))
    assert to_profile(plain, inner) is inner


@pytest.mark.parametrize("profile", [b"broken", P3[:200], bytes(300), P3[:16] + b"CMYK" + P3[20:]])
def test_case_10_a_broken_profile_is_dropped_with_a_note(profile: bytes) -> None:
    photo = open_photo(file_of(Image.fromarray(picture()), icc_profile=profile))
    assert photo.icc_profile is None
    assert photo.rgb is photo.pixels
    assert len(photo.notes) == 1
    assert "profile" in photo.notes[0]


def test_a_profile_that_cannot_be_written_to_is_used_up_and_dropped() -> None:
    one_way = lut_profile(b"RGB ", 3)
    photo = open_photo(file_of(Image.fromarray(picture()), icc_profile=one_way))
    assert photo.icc_profile is None
    assert "one way" in photo.notes[0]


def test_a_cmyk_profile_is_used_up_on_the_way_to_srgb() -> None:
    image = Image.new("CMYK", (32, 32), (255, 0, 0, 0))
    profile = lut_profile(b"CMYK", 4)
    photo = open_photo(file_of(image, "JPEG", quality=100, icc_profile=profile))
    assert photo.icc_profile is None
    assert len(photo.notes) == 1
    # The made-up profile knows greys only; without it this ink is pure cyan.
    assert np.ptp(photo.rgb[0, 0].astype(int)) <= 3


def test_a_grey_profile_is_used_up_on_the_way_to_srgb() -> None:
    linear = b"curv" + bytes(4) + struct.pack(">I", 0)
    white = b"XYZ " + bytes(4) + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    table = struct.pack(">I", 2) + b"kTRC" + struct.pack(">II", 156, len(linear))
    table += b"wtpt" + struct.pack(">II", 168, len(white))
    header = struct.pack(">I4s4s4s4s4s", 188, bytes(4), b"\x02\x20\0\0", b"mntr", b"GRAY", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    profile = header.ljust(128, b"\0") + table + linear + white
    photo = open_photo(file_of(Image.new("L", (16, 16), 55), icc_profile=profile))
    assert photo.icc_profile is None
    assert photo.notes == ()
    assert np.abs(photo.rgb[0, 0].astype(int) - 128).max() <= 2  # 55/255 of linear light


def test_a_grey_photo_with_an_rgb_profile_keeps_it() -> None:
    photo = open_photo(file_of(Image.new("L", (16, 16), 55), icc_profile=P3))
    assert photo.icc_profile == P3
    assert (photo.pixels == 55).all()
