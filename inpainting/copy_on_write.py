"""Pictures whose copies share their memory, page by page, until a page is written to.

A repaint changes a window of a photo. To copy all of a large one for that costs little arithmetic
but much memory, and systems, virtual ones above all, may take longer to hand that out than the
rest of the job takes. Linux can map the same pages twice and copy those that are written to.
"""

from __future__ import annotations

import mmap
import os
import weakref

import numpy as np

from inpainting.types import Rgb

LEAST_BYTES = 16_000_000
"""Smaller pictures are left as they are: their copies cost milliseconds, and shared memory costs
two file descriptors a picture, four where it has a profile, and one a copy."""


class _Pages(mmap.mmap):
    """Memory that can be mapped once more through its file descriptor."""

    descriptor: int = -1


def shareable(rgb: Rgb) -> Rgb:
    """Return a picture HxWx3 uint8 of the same values that `copy_of` copies page by page.

    It is read-only. Where the picture is small, and where the system has no such memory to give,
    it is `rgb` itself.
    """
    if rgb.nbytes < LEAST_BYTES:
        return rgb
    try:
        pages = _fresh(rgb.nbytes)
    except OSError:  # no more descriptors, or no such memory
        return rgb
    shared = _over(pages, rgb)
    np.copyto(shared, rgb)
    shared.flags.writeable = False
    return shared


def copy_of(rgb: Rgb) -> Rgb:
    """Return a copy, rows first, that may be written to; `rgb` never changes by that."""
    pages = rgb.base
    if not isinstance(pages, _Pages) or len(pages) != rgb.nbytes:
        return np.array(rgb, order="C")
    try:
        private = mmap.mmap(pages.descriptor, len(pages), access=mmap.ACCESS_COPY)
    except OSError:
        return np.array(rgb, order="C")
    return _over(private, rgb)


def _fresh(size: int) -> _Pages:
    """Return shared memory of `size` bytes, whose descriptor is closed when it goes."""
    create = getattr(os, "memfd_create", None)  # Linux alone, and not in every build of Python
    if create is None:
        raise OSError("there is no memory that can be mapped twice")
    descriptor: int = create("photo")
    try:
        os.ftruncate(descriptor, size)
        pages = _Pages(descriptor, size)
    except OSError:
        os.close(descriptor)
        raise
    pages.descriptor = descriptor
    weakref.finalize(pages, os.close, descriptor)
    return pages


def _over(pages: mmap.mmap, like: Rgb) -> Rgb:
    """Return the memory as a picture of the size of another."""
    picture: Rgb = np.ndarray(like.shape, np.uint8, buffer=pages)
    return picture
