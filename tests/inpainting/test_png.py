"""PNG out: bit for bit, marked as AI-edited, nothing of the upload; files whole or not at all."""

from __future__ import annotations

import re
from dataclasses import replace
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
    UNTRAINED,
    encode_png,
    encode_result,
    open_photo,
    read_png_text,
    with_pixels,
)
from inpainting.png import XMP_KEY, SourceType
from inpainting.records import Recipe
from inpainting.settings import Settings
from inpainting.types import PaintRequest, PaintResult, Photo, Tool
from tests.support.commands import fake_studio
from tests.support.pictures import P3, file_of, picture
from tests.support.recipes import RECIPE


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


def mark_of(recipe: Recipe, before: Photo | None = None) -> tuple[str, str]:
    """The source type and the software that a result of a recipe is marked with."""
    photo = open_photo(file_of(Image.fromarray(picture())))
    result = PaintResult(photo, 1, 0.1, recipe, before=before)
    texts = read_png_text(encode_result(result, with_recipe=False))
    found = re.search(r"newscodes/digitalsourcetype/(\w+)\"", texts[XMP_KEY])
    assert found is not None
    return found[1], texts["Software"]


def test_results_are_marked_with_where_they_come_from() -> None:
    composite = "compositeWithTrainedAlgorithmicMedia", "Point & Paint (AI-edited photo)"
    generated = "trainedAlgorithmicMedia", "Point & Paint (AI-made picture)"
    edited = "humanEdits", "Point & Paint (edited photo)"
    for tool in (Tool.REPAINT, Tool.EXTEND, Tool.RESTYLE):
        assert mark_of(replace(RECIPE, tool=tool)) == composite
    assert mark_of(replace(RECIPE, tool=Tool.EXTEND, mask=None)) == composite
    assert mark_of(replace(RECIPE, tool=Tool.RESTYLE, mask=None)) == generated
    assert mark_of(replace(RECIPE, tool=Tool.CREATE, mask=None)) == generated
    removed = replace(RECIPE, tool=Tool.REMOVE)
    assert mark_of(removed) == composite
    for key in UNTRAINED:
        filler = replace(RECIPE.painter, key=key)
        assert mark_of(replace(removed, painter=filler)) == edited
        assert mark_of(replace(RECIPE, painter=filler)) == composite


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_ai_made_stays_marked_whatever_is_removed_from_it(kind: str) -> None:
    plain = open_photo(file_of(Image.fromarray(picture()), kind))
    made = encode_png(plain, edited=True, source=SourceType.GENERATED)
    xmp = read_png_text(made)[XMP_KEY].encode()
    data = made if kind == "PNG" else file_of(Image.fromarray(picture()), kind, xmp=xmp)
    photo = open_photo(data)
    assert (plain.ai, photo.ai, with_pixels(photo, photo.pixels).ai) == (False, True, True)
    filler = replace(RECIPE.painter, key="telea")
    removed = replace(RECIPE, tool=Tool.REMOVE, painter=filler)
    assert mark_of(removed, before=plain)[0] == "humanEdits"
    assert mark_of(removed, before=photo)[0] == "compositeWithTrainedAlgorithmicMedia"
    assert not open_photo(encode_png(plain, edited=True, source=SourceType.EDITED)).ai


def test_what_is_edited_further_is_still_made_by_ai() -> None:
    studio = fake_studio(Settings(), None)
    photo = open_photo(file_of(Image.fromarray(picture())))
    mask = np.zeros((24, 40), np.bool_)
    mask[8:16, 8:20] = True

    def done(photo: Photo, tool: Tool) -> PaintResult:
        events = studio.paint(PaintRequest(photo, mask, tool=tool, seed=1))
        return next(event for event in events if isinstance(event, PaintResult))

    def source(result: PaintResult) -> str:
        return read_png_text(encode_result(result))[XMP_KEY]

    removed = done(photo, Tool.REMOVE)
    assert (removed.photo.ai, "humanEdits" in source(removed)) == (False, True)
    painted = done(removed.photo, Tool.REPAINT)
    again = done(painted.photo, Tool.REMOVE)
    assert (painted.photo.ai, again.photo.ai) == (True, True)
    assert "compositeWithTrainedAlgorithmicMedia" in source(again)


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
