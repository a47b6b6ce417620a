"""The size of a picture from the first bytes of its file, without a decoder."""

from __future__ import annotations

import struct

from inpainting.types import Size

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

MAX_SEGMENTS = 5000
"""JPEG segments looked at; a real file has some dozens, a colour profile at most 255 more."""


def peek_size(data: bytes) -> Size | None:
    """Return (width, height) of a PNG, JPEG or WebP file as stored, or None for anything else."""
    try:
        if data.startswith(PNG_SIGNATURE):
            return _png_size(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg_size(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp_size(data)
    except (struct.error, IndexError):
        return None
    return None


def png_depth(data: bytes) -> int:
    """Return the bits of a sample of a PNG file (1, 2, 4, 8 or 16); 8 for any other file."""
    return data[24] if data.startswith(PNG_SIGNATURE) and len(data) > 24 else 8


def _png_size(data: bytes) -> Size | None:
    """Read the IHDR chunk (PNG specification, 11.2.1)."""
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _jpeg_size(data: bytes) -> Size | None:
    """Walk the segments up to the first frame header SOFn (ITU T.81, B.2.2)."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        if data[at] != 0xFF:
            return None
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 4)
            return width, height
        standalone = marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8
        at += 1 if standalone else 1 + struct.unpack_from(">H", data, at + 1)[0]
    return None


def _webp_size(data: bytes) -> Size | None:
    """Read the first chunk: extended, lossless or lossy (RFC 9649, 2.4-2.7)."""
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
