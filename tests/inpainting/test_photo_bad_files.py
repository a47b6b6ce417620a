"""Every bad file ends in one sentence: truncated, hostile, huge, tiny or simply something else."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inpainting.errors import BadPhoto
from inpainting.headers import peek_size
from inpainting.photo import PhotoLimits, open_photo, read_recipe
from tests.support.pictures import file_of

ROOT = Path(__file__).resolve().parents[2]


def photo_like(width: int = 160, height: int = 120) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def one_bit_png(width: int, height: int) -> bytes:
    """A whole black picture of any size in a few kB."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def header_only_png(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def refused(data: bytes | Path, limits: PhotoLimits | None = None) -> str:
    """Return the sentence that a file is refused with."""
    with pytest.raises(BadPhoto) as caught:
        open_photo(data, "a", limits or PhotoLimits())
    sentence = str(caught.value)
    assert "PNG, JPEG or WebP" in sentence
    assert " megapixels and " in sentence
    assert "\n" not in sentence
    return sentence


MEMORY_PROBE = """
import resource, sys
from io import BytesIO
from inpainting.errors import BadPhoto
from inpainting.photo import open_photo, encode_mask
import numpy as np
data = sys.stdin.buffer.read()
open_photo(encode_mask(np.eye(16, dtype=bool)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    open_photo(data)
except BadPhoto as error:
    sys.stdout.write(str(error) + "|")
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
sys.stdout.write(str(grown))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource is of Unix")
def test_case_1_a_small_file_of_169_megapixels_costs_no_memory() -> None:
    data = one_bit_png(13_000, 13_000)
    assert len(data) < 40_000
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MEMORY_PROBE],
        input=data,
        capture_output=True,
        cwd=ROOT,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    sentence, grown = done.stdout.decode().split("|")
    assert "it has 169.0 megapixels" in sentence
    assert "at most 50 megapixels" in sentence
    assert float(grown) < 50
    assert done.stderr == b""


@pytest.mark.parametrize("side", [20_000, 60_000, 2**31 - 1])
def test_case_2_400_megapixels_and_more(side: int) -> None:
    assert "at most 50 megapixels" in refused(header_only_png(side, side))


def test_case_2_huge_webp_and_jpeg_are_refused_by_their_headers() -> None:
    webp = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff\x3f\0" * 2
    jpeg = b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 20_000, 20_000) + bytes(20)
    for data in (webp, jpeg):
        assert "megapixels" in refused(data).split("Please")[0]


FORMATS: list[tuple[str, dict[str, object]]] = [
    ("JPEG", {"quality": 90}),
    ("JPEG", {"quality": 90, "progressive": True}),
    ("PNG", {}),
    ("WEBP", {"quality": 90}),
    ("WEBP", {"lossless": True}),
]


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize(("kind", "options"), FORMATS)
def test_case_3_a_truncated_file_is_refused(
    kind: str, options: dict[str, object], tenth: int
) -> None:
    data = file_of(photo_like(), kind, **options)
    refused(data[: len(data) * tenth // 10])


def test_case_3_a_truncated_animation_is_refused() -> None:
    frames = [photo_like(), photo_like().rotate(180)]
    data = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    refused(data[: len(data) // 3])


OTHERS = {
    "empty": b"",
    "random": bytes(np.random.default_rng(1).integers(0, 256, 2000, np.uint8)),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    "html": b"<!doctype html><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\nshowpage\n",
    "tiff": file_of(photo_like(), "TIFF"),
    "gif": file_of(photo_like(), "GIF"),
    "bmp": file_of(photo_like(), "BMP"),
    "ico": file_of(photo_like(), "ICO"),
    "ppm": file_of(photo_like(), "PPM"),
    "png signature": b"\x89PNG\r\n\x1a\n",
    "png of zero size": header_only_png(0, 0),
    "png without pixels": header_only_png(100, 100),
    "png without header": b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b"") * 3,
    "jpeg of fill": b"\xff" * 4000,
    "jpeg start": b"\xff\xd8\xff\xe0",
    "jpeg of tiny segments": b"\xff\xd8" + b"\xff\xe0\x00\x02" * 200_000,
    "jpeg restart markers": b"\xff\xd8" + b"\xff\xd0" * 1000 + b"xx",
    "jpeg garbage": b"\xff\xd8\xff\xe0\x00\x02zz" + bytes(100),
    "webp start": b"RIFF\x00\x00\x00\x00WEBPVP8L",
    "webp of nothing": b"RIFF\x0c\x00\x00\x00WEBPxxxx" + bytes(40),
    "webp bad lossy": b"RIFF\x40\x00\x00\x00WEBPVP8 " + bytes([40, 0, 0, 0]) + b"\x40" * 40,
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS.keys())
def test_case_4_what_is_no_photo_is_refused(data: bytes, tmp_path: Path) -> None:
    refused(data)
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    refused(path)


def test_case_4_missing_files_folders_and_odd_paths(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none.png")
    assert "no such file" in refused(tmp_path)
    refused(Path("a\0b.png"))


@settings(max_examples=150, deadline=None)
@given(
    head=st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\x00\x00\x00WEBPVP8X"]
    ),
    body=st.binary(max_size=64_000),
)
@example(head=b"", body=bytes(64_000))
def test_case_5_any_bytes_give_a_photo_or_a_sentence(head: bytes, body: bytes) -> None:
    try:
        photo = open_photo(head + body)
    except BadPhoto:
        return
    assert photo.rgb.dtype == np.uint8


GOOD = [
    file_of(photo_like(24, 20), kind, **options)
    for kind, options in (
        ("JPEG", {"icc_profile": bytes(300), "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
        ("PNG", {"icc_profile": b"x" * 200, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
        ("WEBP", {"lossless": True, "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}),
    )
] + [file_of(photo_like(24, 20).convert("P"), transparency=b"\0\1\2")]


@settings(max_examples=200, deadline=None)
@given(
    data=st.sampled_from(GOOD),
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=6),
)
def test_case_5_damaged_files_give_a_photo_or_a_sentence(
    data: bytes, changes: list[tuple[int, int]]
) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    try:
        photo = open_photo(bytes(damaged))
    except BadPhoto:
        return
    assert photo.pixels.shape[2] == 3


def test_a_broken_exif_block_does_not_cost_the_photo() -> None:
    data = file_of(photo_like(), exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff garbage")
    assert open_photo(data).size == (160, 120)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (15, 400), (65_535, 1)])
def test_case_12_sides_out_of_range_are_told_with_the_range(size: tuple[int, int]) -> None:
    sentence = refused(one_bit_png(*size))
    assert f"{size[0]} x {size[1]} pixels" in sentence
    assert "from 16 to 30000 pixels" in sentence


def test_case_12_the_longest_side() -> None:
    assert "30001 x 16" in refused(one_bit_png(30_001, 16))
    assert open_photo(one_bit_png(30_000, 16)).size == (30_000, 16)


@pytest.mark.parametrize("count", [1, 80])
@pytest.mark.parametrize("late", [False, True])
def test_case_13_compressed_text_bombs_are_refused(count: int, late: bool) -> None:
    info = PngInfo()
    body = b"Comment\0\0" + zlib.compress(bytes(5_000_000 if count == 1 else 1_048_000), 9)
    for _ in range(count):
        info.add(b"zTXt", body, late)
    data = file_of(Image.new("RGB", (16, 16)), pnginfo=info)
    assert len(data) < 100_000
    assert "damaged" in refused(data)


def test_case_13_a_profile_bomb_is_refused() -> None:
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(20_000_000), 9))
    data = one_bit_png(64, 64)
    refused(data[:33] + bomb + data[33:])


def test_limits_are_those_that_were_given(tmp_path: Path) -> None:
    data = file_of(photo_like())
    assert "at most 0.01 megapixels" in refused(data, PhotoLimits(max_pixels=10_000))
    small = PhotoLimits(max_bytes=1000)
    assert "larger than 0.001 MB" in refused(data, small)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert "larger than 0.001 MB" in refused(path, small)
    assert "160 x 120" in refused(data, PhotoLimits(max_side=150))
    with pytest.raises(BadPhoto):
        read_recipe(path, small)


def test_no_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    data = file_of(photo_like())
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", full)
    assert "more memory than there is" in refused(data)


def test_a_picture_that_fails_after_decoding_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("inside")

    data = file_of(photo_like())
    monkeypatch.setattr(Image.Image, "convert", fail)
    assert "damaged" in refused(data)


@pytest.mark.parametrize(
    ("kind", "options"), [*FORMATS, ("WEBP", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"})]
)
def test_the_size_is_known_without_decoding(kind: str, options: dict[str, object]) -> None:
    data = file_of(photo_like(), kind, **options)
    assert peek_size(data) == (160, 120)
    assert all(peek_size(data[:n]) in (None, (160, 120)) for n in range(40))
