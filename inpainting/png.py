"""PNG out: lossless, at the photo's own size, built from arrays so that no upload's data leaks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from enum import Enum
from io import BytesIO
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inpainting.deflating import deflated_rows
from inpainting.headers import PNG_SIGNATURE
from inpainting.types import Mask, Photo

MAX_TEXT = 16_000_000
"""Most characters of text read from a PNG file, all chunks together."""

COLOUR_TYPES: Mapping[int, int] = MappingProxyType({3: 2, 4: 6})
"""PNG's number for pictures with 3 samples a pixel (RGB) and 4 (RGB and alpha)."""

PROFILE_NAME = b"ICC Profile\0\0"
"""A name that says nothing, and the only way of compressing a profile."""

PARAMETERS_KEY = "parameters"
"""Keyword of the text that other programs read settings from."""


class SourceType(str, Enum):
    """Where a picture comes from, in the words of the IPTC's vocabulary Digital Source Type.

    `COMPOSITE` a photo with parts made by a trained model ("such as with inpainting or outpainting
    operations"); `GENERATED` all made by one; `EDITED` changed by a person "using non-generative
    tools".
    """

    COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
    GENERATED = "trainedAlgorithmicMedia"
    EDITED = "humanEdits"


SOFTWARE: Mapping[SourceType, str] = MappingProxyType(
    {
        SourceType.COMPOSITE: "Point & Paint (AI-edited photo)",
        SourceType.GENERATED: "Point & Paint (AI-made picture)",
        SourceType.EDITED: "Point & Paint (edited photo)",
    }
)

XMP_KEY = "XML:com.adobe.xmp"

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="Point &amp; Paint"
    Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{source}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
"""The mark of what was made here (IPTC Photo Metadata 2023.2, Digital Source Type)."""

NO_TEXT: Mapping[str, str] = MappingProxyType({})


def encode_png(
    photo: Photo,
    text: Mapping[str, str] = NO_TEXT,
    edited: bool = False,
    source: SourceType = SourceType.COMPOSITE,
) -> bytes:
    """Return a photo as a PNG file: its pixels, alpha and profile bit for bit, nothing else.

    `text` maps keywords (1-79 Latin-1 characters) to what is written as iTXt, under PARAMETERS_KEY
    as tEXt where Latin-1 will do; `edited` adds the machine-readable mark of where the picture
    comes from (XMP DigitalSourceType and Software).
    """
    marks = {"Software": SOFTWARE[source], XMP_KEY: XMP.format(source=source.value)}
    pixels = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    info = _text_chunks({**(marks if edited else {}), **text})
    return b"".join(_file_of(pixels, photo.icc_profile, info))


def _file_of(pixels: NDArray[np.uint8], profile: bytes | None, info: PngInfo) -> Iterator[bytes]:
    """Yield the parts of a PNG file of HxWx3 or HxWx4."""
    height, width, samples = pixels.shape
    yield PNG_SIGNATURE
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[samples], 0, 0, 0)
    yield from _chunk(b"IHDR", header)
    if profile:
        yield from _chunk(b"iCCP", PROFILE_NAME + zlib.compress(profile))
    for kind, body, *_ in info.chunks:
        yield from _chunk(kind, body)
    for rows in deflated_rows(pixels):
        yield from _chunk(b"IDAT", rows)
    yield from _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return length, kind, body and checksum."""
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)


def encode_mask(mask: Mask) -> bytes:
    """Return a mask as an 8-bit grey PNG file, 255 where it is True."""
    return _encode(Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)))


def encode_mask_bits(mask: Mask) -> bytes:
    """Return a mask as a 1-bit PNG file, white where it is True: a few kB for a browser."""
    return _encode(Image.fromarray(np.ascontiguousarray(mask)))


def _encode(image: Image.Image, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def _text_chunks(text: Mapping[str, str]) -> PngInfo:
    info = PngInfo()
    for key, value in text.items():
        if key == PARAMETERS_KEY:
            info.add_text(key, value)  # what other programs write and read: tEXt where it can be
        else:
            info.add_itxt(key, value)
    return info


def read_png_text(data: bytes, max_text: int = MAX_TEXT) -> dict[str, str]:
    """Return the texts of a PNG file by keyword: tEXt and uncompressed iTXt, the last of each.

    No pixel is decoded and nothing is decompressed. Texts over `max_text` characters together and
    damaged chunks are left out; a file of another format has none. What stands in them is the word
    of whoever made the file.
    """
    texts: dict[str, str] = {}
    left = max_text
    for kind, body in _chunks(data):
        if len(body) > left or kind not in (b"tEXt", b"iTXt"):
            continue
        left -= len(body)
        key, value = _text(kind, body)
        if key and value is not None:
            texts[key] = value
    return texts


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and body of each whole chunk whose checksum is right."""
    at = len(PNG_SIGNATURE) if data.startswith(PNG_SIGNATURE) else len(data)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, end = data[at + 4 : at + 8], at + 8 + length
        if end + 4 > len(data):
            return
        if kind in (b"tEXt", b"iTXt"):
            (checksum,) = struct.unpack_from(">I", data, end)
            if zlib.crc32(data[at + 4 : end]) == checksum:
                yield kind, data[at + 8 : end]
        at = end + 4


def _text(kind: bytes, body: bytes) -> tuple[str, str | None]:
    """Split a text chunk into keyword and text, None where it is compressed or no UTF-8."""
    key, _, rest = body.partition(b"\0")
    if kind == b"tEXt":
        return key.decode("latin-1"), rest.decode("latin-1")
    parts = rest[2:].split(b"\0", 2)
    if rest[:1] != b"\0" or len(parts) != 3:
        return key.decode("latin-1"), None
    try:
        return key.decode("latin-1"), parts[2].decode("utf-8")
    except UnicodeDecodeError:
        return key.decode("latin-1"), None
