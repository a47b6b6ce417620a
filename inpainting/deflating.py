"""The rows of a picture as the compressed data of a PNG file, for photos: quickly, bit for bit.

Pillow tries every filter on each row and searches for repeats, of which photos have none: it takes
three times as long for a file that is no smaller. Here each row is less the one above it, and
repeats are looked for only where a try says that there are some, as in drawings.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

STRIP = 1 << 20
"""About so many bytes are filtered and compressed at a time, each strip by what suits it."""

TRY = 1 << 16
"""Bytes from the middle of a strip on which the ways are tried."""

WORTH = 1.08
"""How much smaller repeats must make a strip for the search to be worth its time."""

MOST_THREADS = 4
"""More would gain little, and take the processor from who clicks meanwhile."""

MEMORY = 9
"""What zlib may use, the most: a quarter of a megabyte."""

ZLIB_HEADER = b"\x78\x01"
UP = 2
"""The PNG filter that takes away the row above (PNG 3rd edition, 9.2)."""


def deflated_rows(pixels: Bytes) -> Iterator[bytes]:
    """Yield what the IDAT chunks of a picture HxWxC hold: together one zlib stream.

    Strips are filtered and compressed by several threads at a time, and come in their order.
    """
    rows = pixels.reshape(pixels.shape[0], -1)
    checksum = zlib.adler32(b"")
    yield ZLIB_HEADER
    for data, packed in _in_order(partial(_strip, rows), _strips_of(rows)):
        checksum = zlib.adler32(data, checksum)
        yield packed
    yield struct.pack(">I", checksum)


def _strips_of(rows: Bytes) -> Iterator[slice]:
    """Yield the strips of a picture from its top to its bottom."""
    height, count = rows.shape[0], max(1, STRIP // (rows.shape[1] + 1))
    for top in range(0, height, count):
        yield slice(top, min(top + count, height))


def _in_order(
    work: Callable[[slice], tuple[bytes, bytes]], parts: Iterable[slice]
) -> Iterator[tuple[bytes, bytes]]:
    """Yield what `work` makes of each part, with no more of it ahead than the threads need."""
    threads = min(MOST_THREADS, os.cpu_count() or 1)
    waiting: deque[Future[tuple[bytes, bytes]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _strip(rows: Bytes, part: slice) -> tuple[bytes, bytes]:
    """Return some rows with their filter, and the same compressed."""
    data = _filtered(rows, part)
    return data, _deflated(data, last=part.stop == rows.shape[0])


def _filtered(rows: Bytes, part: slice) -> bytes:
    """Return some rows with their filter's number, each less the one above it modulo 256."""
    filtered = np.empty((part.stop - part.start, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = UP
    filtered[0, 1:] = rows[0] if part.start == 0 else rows[part.start] - rows[part.start - 1]
    below, above = rows[part.start + 1 : part.stop], rows[part.start : part.stop - 1]
    np.subtract(below, above, out=filtered[1:, 1:])
    return filtered.tobytes()


def _deflated(data: bytes, last: bool) -> bytes:
    """Return raw deflate blocks that end on a byte, so that others can follow."""
    start = max(0, (len(data) - TRY) // 2)
    middle = data[start : start + TRY]
    runs = len(_compressed(middle, zlib.Z_RLE, zlib.Z_FINISH))
    repeats = len(_compressed(middle, zlib.Z_DEFAULT_STRATEGY, zlib.Z_FINISH))
    strategy = zlib.Z_RLE if runs <= WORTH * repeats else zlib.Z_DEFAULT_STRATEGY
    return _compressed(data, strategy, zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


def _compressed(data: bytes, strategy: int, end: int) -> bytes:
    stream = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, MEMORY, strategy)
    return stream.compress(data) + stream.flush(end)
