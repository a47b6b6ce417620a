"""Small pictures, files and colour profiles made for tests."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.types import Rgb

P3_TO_XYZ = np.array(
    [[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]]
)


SRGB_TO_XYZ = np.array(
    [[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]]
)
"""Columns: red, green, blue, adapted to D50 (the profile connection space)."""


def fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def matrix_profile(matrix: NDArray[np.float64]) -> bytes:
    """A display profile (ICC version 2) with these primaries and the sRGB tone curve."""
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0)
    curve += b"".join(map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    tags = {
        f"{name}XYZ".encode(): b"XYZ " + bytes(4) + b"".join(map(fixed, matrix[:, n]))
        for n, name in enumerate("rgb")
    }
    tags[b"wtpt"] = b"XYZ " + bytes(4) + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    tags |= {f"{name}TRC".encode(): curve for name in "rgb"}
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4s4s4s4s4s", size, bytes(4), b"\x04\x20\0\0", b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28)
    header += b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    return header.ljust(128, b"\0") + table + body


def lut_profile(space: bytes, channels: int) -> bytes:
    """An input profile with A2B0 alone: two grid points a channel, L = 100 - mean of the inks."""
    grid = np.indices((2,) * channels).reshape(channels, -1).mean(axis=0)
    table = np.stack([(1 - grid) * 255, np.full_like(grid, 128), np.full_like(grid, 128)], axis=1)
    lut = b"mft1" + bytes(4) + bytes([channels, 3, 2, 0])
    lut += b"".join(map(fixed, np.eye(3).ravel()))
    ramp = bytes(range(256))
    lut += ramp * channels + table.round().astype(np.uint8).tobytes() + ramp * 3
    tags = {b"A2B0": lut, b"wtpt": b"XYZ " + bytes(4) + b"".join(map(fixed, (0.9642, 1, 0.8249)))}
    directory, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        start = 132 + 12 * len(tags) + len(body)
        directory += name + struct.pack(">II", start, len(data))
        body += data + bytes(-len(data) % 4)
    size = 128 + len(directory) + len(body)
    header = struct.pack(">I4s4s4s4s4s", size, bytes(4), b"\x02\x20\0\0", b"scnr", space, b"Lab ")
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    return header.ljust(128, b"\0") + directory + body


P3 = matrix_profile(P3_TO_XYZ)


def picture(width: int = 40, height: int = 24) -> Rgb:
    """An asymmetric picture: red grows to the right, green downwards, blue with both."""
    y, x = np.mgrid[:height, :width]
    red, green = x * 255 // (width - 1), y * 255 // (height - 1)
    return np.stack([red, green, (red + green) // 2], axis=2).astype(np.uint8)


def file_of(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
