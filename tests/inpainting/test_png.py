"""PNG out: bit for bit, marked as AI-edited, nothing of the upload; files whole or not at all."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inpainting.files import save_atomically
from inpainting.photo import (
    encode_png,
    open_photo,
    read_png_text,
)
from tests.support.pictures import P3, file_of, picture


@settings(max_examples=40, deadline=None)
@given(
    pixels=hnp.arrays(np.uint8, st.tuples(st.integers(16, 24), st.integers(16, 24), st.just(4))),
    with_alpha=st.booleans(),
    profile=st.sampled_from([None, P3]),
)
def test_opened_and_saved_is_the_same_bit_for_bit(
    pixels: NDArray[np.uint8], with_alpha: bool, profile: bytes | None
) -> None:
    kept = pixels if with_alpha else pixels[..., :3]
    data = file_of(Image.fromarray(kept), icc_profile=profile)
    photo = open_photo(data)
    encoded = encode_png(photo, {"k": "v"}, edited=True)
    saved = Image.open(BytesIO(encoded))
    assert np.array_equal(np.array(saved), kept)
    assert saved.info.get("icc_profile") == profile
    assert open_photo(encoded).digest == photo.digest


def test_case_23_the_mark_is_there_and_nothing_of_the_upload() -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET description"
    exif.get_ifd(0x8825)[1] = "N"
    secret = PngInfo()
    secret.add_text("Comment", "SECRET prompt")
    secret.add_itxt("XML:com.adobe.xmp", "<x>SECRET</x>")
    data = file_of(Image.fromarray(picture()), exif=exif, pnginfo=secret, dpi=(300, 300))
    saved = encode_png(open_photo(data), edited=True)
    assert b"SECRET" in data
    assert b"SECRET" not in saved
    image = Image.open(BytesIO(saved))
    image.load()
    assert not image.getexif()
    assert set(image.info) == {"Software", "XML:com.adobe.xmp", "xmp"}
    source_type = "digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    assert source_type in image.info["XML:com.adobe.xmp"]
    assert "AI-edited" in image.info["Software"]


def test_a_photo_that_was_not_edited_is_not_marked() -> None:
    saved = encode_png(open_photo(file_of(Image.fromarray(picture()))))
    assert read_png_text(saved) == {}


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200))
def test_text_survives_in_a_png(text: str) -> None:
    photo = open_photo(file_of(Image.new("RGB", (16, 16))))
    assert read_png_text(encode_png(photo, {"some-key": text})) == {"some-key": text}


def test_text_is_read_with_care() -> None:
    image = Image.new("RGB", (16, 16))
    info = PngInfo()
    info.add_text("old", "caf\u00e9")
    info.add_text("packed", "x" * 1000, zip=True)
    info.add_itxt("packed too", "x" * 1000, zip=True)
    info.add(b"iTXt", b"no utf-8\0\0\0\0\0\xff\xfe")
    info.add(b"iTXt", b"short\0\0")
    info.add_itxt("late", "y" * 100, lang="en")
    data = file_of(image, pnginfo=info)
    assert read_png_text(data) == {"old": "caf\u00e9", "late": "y" * 100}
    assert read_png_text(data, max_text=50) == {"old": "caf\u00e9"}
    assert "old" not in read_png_text(data.replace("caf\u00e9".encode("latin-1"), b"cafe"))
    assert read_png_text(file_of(image, "JPEG")) == {}
    assert [read_png_text(data[:n]) for n in (0, 5, 20)] == [{}, {}, {}]


def test_saving_replaces_the_whole_file_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    save_atomically({path: b"one"})
    save_atomically({path: b"two"})
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        save_atomically({path: b"three", tmp_path / "missing" / "out.png": b"three"})
    with pytest.raises(OSError):
        save_atomically({tmp_path / "folder": b"three", path: b"three"})
    assert path.read_bytes() == b"two"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "out.png"]
