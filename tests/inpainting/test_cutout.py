"""The cut-out subject: its pixels, its transparency and its file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inpainting.cutout import cutout
from inpainting.errors import BadRequest
from inpainting.photo import encode_png, open_photo
from inpainting.types import Mask, Photo
from tests.support.masks import masks_of
from tests.support.pictures import file_of, matrix_profile, picture

SIZE = (40, 24)
PROFILE = matrix_profile(np.array([[0.52, 0.29, 0.16], [0.24, 0.69, 0.07], [0.0, 0.04, 0.78]]))


def photo(alpha: bool = False, profile: bool = False) -> Photo:
    pixels = picture(*SIZE)
    values = np.random.default_rng(1).integers(0, 256, (24, 40, 1), np.uint8)
    image = Image.fromarray(np.dstack([pixels, values]) if alpha else pixels)
    options = {"icc_profile": PROFILE} if profile else {}
    return open_photo(file_of(image, "PNG", **options), "sea.png")


@pytest.mark.parametrize("profile", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
@given(mask=masks_of(SIZE))
def test_the_subject_stays_and_all_else_is_gone(alpha: bool, profile: bool, mask: Mask) -> None:
    original = photo(alpha, profile)
    cut = cutout(original, mask)
    own = np.full((24, 40), 255, np.uint8) if original.alpha is None else original.alpha
    assert cut.alpha is not None
    assert np.array_equal(cut.alpha, np.minimum(own, np.where(mask, 255, 0)))
    assert np.array_equal(cut.pixels[mask], original.pixels[mask])
    assert not cut.pixels[~mask].any()
    assert (cut.icc_profile, cut.name) == (original.icc_profile, "sea")


@given(st.booleans(), st.booleans(), masks_of(SIZE))
def test_its_file_holds_pixels_alpha_and_profile_bit_for_bit(
    alpha: bool, profile: bool, mask: Mask
) -> None:
    cut = cutout(photo(alpha, profile), mask)
    again = open_photo(encode_png(cut), "sea.png")
    assert np.array_equal(again.pixels, cut.pixels)
    assert again.icc_profile == cut.icc_profile == (PROFILE if profile else None)
    assert cut.alpha is not None
    if not (cut.alpha == 255).all():
        assert again.alpha is not None
        assert np.array_equal(again.alpha, cut.alpha)
        assert again.digest == cut.digest


def test_the_photo_itself_stays_as_it_was() -> None:
    original = photo(alpha=True)
    assert original.alpha is not None
    before = original.alpha.copy()
    cut = cutout(original, np.zeros((24, 40), np.bool_))
    assert np.array_equal(original.alpha, before)
    assert cut.digest != original.digest
    assert (cut.rgb == 255).all()


def test_a_mask_of_another_size_or_kind_is_refused() -> None:
    with pytest.raises(BadRequest, match="must be 24x40"):
        cutout(photo(), np.zeros((40, 24), np.bool_))
    with pytest.raises(BadRequest, match="array of bool"):
        cutout(photo(), np.zeros((24, 40), np.uint8))
