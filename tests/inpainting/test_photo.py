"""Photos in: formats, modes, orientation, alpha, names, digests."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from inpainting.photo import (
    clean_name,
    encode_png,
    open_photo,
    with_pixels,
)
from inpainting.types import Rgb
from tests.support.pictures import P3, file_of, picture

PHOTOS = Path(__file__).resolve().parents[2] / "assets" / "photos"


def png_chunks(
    depth: int, colour_type: int, rows: list[bytes], *extra: tuple[bytes, bytes]
) -> bytes:
    """A PNG file by hand, for what Pillow reads but does not write."""
    width = len(rows[0]) * 8 // (depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type])
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", header), *extra, (b"IDAT", pixels), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_the_three_formats_open_with_their_pixels(kind: str) -> None:
    data = file_of(Image.fromarray(picture()), kind, lossless=True, quality=100)
    photo = open_photo(data, "a.x")
    assert photo.size == (40, 24)
    assert photo.rgb is photo.pixels
    assert (photo.alpha, photo.icc_profile, photo.notes) == (None, None, ())
    difference = np.abs(photo.pixels.astype(int) - picture())
    assert difference.max() <= (12 if kind == "JPEG" else 0)
    assert len(photo.digest) == 64


@pytest.mark.parametrize("path", sorted(PHOTOS.glob("*.jpg")), ids=lambda path: path.stem)
def test_the_example_photos_open(path: Path) -> None:
    photo = open_photo(path, path.name)
    assert photo.name == path.stem
    assert min(photo.size) >= 300
    assert path.stat().st_size <= 300_000
    assert photo.notes == ()


def test_case_6_sixteen_bit_grey_keeps_its_ramp() -> None:
    ramp = np.linspace(0, 65535, 256 * 16).astype(np.uint16).reshape(16, 256)
    photo = open_photo(file_of(Image.fromarray(ramp)))
    expected = np.repeat((ramp / 257)[..., None], 3, axis=2)
    assert np.abs(photo.pixels - expected).max() <= 1


@pytest.mark.parametrize(("colour_type", "samples"), [(2, 3), (4, 2), (6, 4)])
def test_case_6_sixteen_bit_colour_keeps_its_ramp(colour_type: int, samples: int) -> None:
    ramp = np.linspace(0, 65535, 16 * 64 * samples).astype(">u2").reshape(16, 64, samples)
    photo = open_photo(png_chunks(16, colour_type, [row.tobytes() for row in ramp]))
    colour = ramp[..., :3] if samples > 2 else np.repeat(ramp[..., :1], 3, axis=2)
    assert np.abs(photo.pixels - colour / 257).max() <= 1
    if samples in (2, 4):
        assert photo.alpha is not None
        assert np.abs(photo.alpha - ramp[..., -1] / 257).max() <= 1


def test_case_7_colours_hidden_by_alpha_reach_no_model_but_stay_in_the_file() -> None:
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[..., 0] = 255
    rgba[:, 10:] = (0, 0, 200, 255)
    photo = open_photo(file_of(Image.fromarray(rgba)))
    assert (photo.rgb[:, :10] == 255).all()
    assert (photo.rgb[:, 10:] == (0, 0, 200)).all()
    saved = np.array(Image.open(BytesIO(encode_png(photo))))
    assert np.array_equal(saved, rgba)


def test_half_transparent_pixels_are_seen_on_white() -> None:
    photo = open_photo(file_of(Image.new("RGBA", (16, 16), (0, 100, 200, 128))))
    assert np.abs(photo.rgb[0, 0] - np.array([127, 177, 227])).max() <= 1


COLOUR = (200, 40, 90)


GREY = 120


def cmyk_jpeg() -> bytes:
    """Pillow writes CMYK JPEG inverted with an Adobe marker, as Photoshop does."""
    return file_of(Image.new("RGB", (32, 32), COLOUR).convert("CMYK"), "JPEG", quality=100)


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (cmyk_jpeg(), COLOUR),
        (file_of(Image.new("LA", (32, 32), (GREY, 255))), (GREY,) * 3),
        (file_of(Image.new("L", (32, 32), GREY), "JPEG"), (GREY,) * 3),
        (file_of(Image.new("RGB", (32, 32), COLOUR).quantize(4)), COLOUR),
        (file_of(Image.new("1", (32, 32), 1)), (255,) * 3),
        (file_of(Image.new("RGB", (32, 32), COLOUR), "WEBP", lossless=True), COLOUR),
    ],
    ids=["cmyk", "la", "l", "palette", "1-bit", "webp"],
)
def test_case_8_every_mode_gives_the_right_colour(
    data: bytes, colour: tuple[int, int, int]
) -> None:
    photo = open_photo(data)
    assert np.abs(photo.rgb - np.array(colour)).max() <= 3
    assert photo.icc_profile is None


def test_cmyk_is_told() -> None:
    assert "CMYK" in " ".join(open_photo(cmyk_jpeg()).notes)


@pytest.mark.parametrize("transparency", [1, b"\xff\x00\x80"])
def test_case_8_palette_with_transparency(transparency: int | bytes) -> None:
    indices = np.repeat(np.arange(3, dtype=np.uint8), 8)[None].repeat(16, 0)
    image = Image.fromarray(indices, "L").copy()
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette([10, 20, 30, 255, 0, 0, 0, 0, 250])
    photo = open_photo(file_of(image, transparency=transparency))
    assert photo.alpha is not None
    middle = 128 if isinstance(transparency, bytes) else 255
    assert photo.alpha[0, [0, 8, 16]].tolist() == [255, 0, middle]
    assert photo.pixels[0, [0, 8, 16]].tolist() == [[10, 20, 30], [255, 0, 0], [0, 0, 250]]
    assert photo.rgb[0, 8].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "key"),
    [
        (8, 0, bytes(range(32)), struct.pack(">H", 5)),
        (4, 0, bytes([0x05] * 16), struct.pack(">H", 5)),
        (1, 0, bytes([0b01010101] * 4), struct.pack(">H", 1)),
        (16, 0, b"".join(struct.pack(">H", n * 1000) for n in range(32)), struct.pack(">H", 5000)),
        (8, 2, b"".join(bytes([n, 0, 9]) for n in range(32)), struct.pack(">HHH", 5, 0, 9)),
        (16, 2, bytes([5, 5, 0, 0, 9, 9]) * 32, struct.pack(">HHH", 0x0505, 0, 0x0909)),
    ],
)
def test_one_transparent_colour_becomes_alpha(
    depth: int, colour_type: int, row: bytes, key: bytes
) -> None:
    photo = open_photo(png_chunks(depth, colour_type, [row] * 16, (b"tRNS", key)))
    assert photo.alpha is not None
    hidden = photo.alpha[0] == 0
    assert hidden.any()
    assert (photo.rgb[0][hidden] == 255).all()
    same = (photo.pixels[0] == photo.pixels[0][hidden][0]).all(axis=1)
    assert np.array_equal(same, hidden)


def test_text_called_transparency_or_icc_profile_is_only_text() -> None:
    info = PngInfo()
    for key in ("transparency", "icc_profile", "exif"):
        info.add_text(key, "boo")
    photo = open_photo(file_of(Image.fromarray(picture()), pnginfo=info))
    assert photo.alpha is None
    assert photo.icc_profile is None
    assert np.array_equal(photo.pixels, picture())


def stored(pixels: Rgb, orientation: int) -> Image.Image:
    """The picture as a camera held another way stores it."""
    way = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(pixels)
    return image.transpose(way[orientation]) if orientation in way else image


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_case_9_every_orientation_gives_the_same_upright_photo(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = stored(picture(), orientation)
    data = file_of(image, kind, exif=exif, lossless=True, quality=100, subsampling=0)
    photo = open_photo(data)
    assert photo.size == (40, 24)
    assert np.abs(photo.rgb.astype(int) - picture()).max() <= (6 if kind == "JPEG" else 0)
    oracle = np.array(ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB"))
    assert np.array_equal(photo.pixels, oracle)


def test_case_9_alpha_turns_with_the_pixels() -> None:
    rgba = np.dstack([picture(), picture()[..., 0]])
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(rgba).transpose(Image.Transpose.ROTATE_90)
    photo = open_photo(file_of(image, exif=exif))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, rgba[..., 3])


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_case_11_an_animation_gives_its_first_frame_and_a_note(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "lime")]
    options = {"save_all": True, "append_images": frames[1:], "duration": 100, "lossless": True}
    photo = open_photo(file_of(frames[0], kind, **options))
    assert (photo.rgb == (255, 0, 0)).all()
    assert "first frame" in photo.notes[0]


def test_a_jpeg_with_a_second_picture_is_no_animation() -> None:
    images = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    photo = open_photo(file_of(images[0], "MPO", save_all=True, append_images=images[1:]))
    assert photo.notes == ()


def test_the_digest_tells_pixels_alpha_and_profile_apart() -> None:
    plain = Image.fromarray(picture())
    rgba = Image.fromarray(np.dstack([picture(), np.full((24, 40), 255, np.uint8)]))
    tall = Image.fromarray(picture().reshape(40, 24, 3))
    files = [file_of(plain), file_of(rgba), file_of(plain, icc_profile=P3), file_of(tall)]
    assert len({open_photo(data).digest for data in files}) == 4
    webp = file_of(plain, "WEBP", lossless=True)
    assert open_photo(webp, "other").digest == open_photo(files[0]).digest


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("holiday.jpg", "holiday"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\Sea 1.PNG", "Sea 1"),
        ("<img src=x onerror=1>.png", "img src_x onerror_1"),
        ("e\u0301te\u0301.webp", "\u00e9t\u00e9"),
        ("a\0b\n\u202ec.png", "a_b__c"),
        (".jpg", "jpg"),
        ("", "photo"),
        ("///", "photo"),
        ("x" * 500, "x" * 80),
    ],
)
def test_names_keep_no_folder_and_nothing_dangerous(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_other_pixels_keep_alpha_profile_and_name() -> None:
    rgba = np.dstack([picture(), picture()[..., 0]])
    photo = open_photo(file_of(Image.fromarray(rgba), icc_profile=P3), "sea.png")
    edited = with_pixels(photo, 255 - photo.pixels, ("Done.",))
    assert edited.digest != photo.digest
    assert edited.alpha is photo.alpha
    assert (edited.icc_profile, edited.name, edited.notes) == (P3, "sea", ("Done.",))
    assert (edited.rgb[photo.alpha == 0] == 255).all()
    assert with_pixels(photo, photo.pixels).digest == photo.digest


@pytest.mark.parametrize("wrong", [np.zeros((3, 3, 3), np.uint8), np.zeros((24, 40, 3))])
def test_pixels_of_another_shape_or_kind_are_a_mistake(wrong: Rgb) -> None:
    photo = open_photo(file_of(Image.fromarray(picture())))
    with pytest.raises(ValueError, match="pixels are"):
        with_pixels(photo, wrong)
