"""The photos of one desk: their pixels in memory where they are in use, else in files."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from inpainting.errors import BadRequest, PointPaintError
from inpainting.photo import PhotoLimits, open_photo
from inpainting.types import Photo
from inpainting.web.finished import Sheet

OWN_FILES = PhotoLimits(max_pixels=170_000_000, max_bytes=1_000_000_000, min_side=1)
"""Our own files may be larger than an upload: a JPEG of 30 MB may take 150 MB as PNG."""

GONE = "This picture is not on the server any more; open the photo again."


class Shelf:
    """Holds the photo that was opened and at most one other, read again from its file when needed.

    Safe to use from several threads; each photo is read by one of them.
    """

    def __init__(self) -> None:
        self._opened: tuple[str, Photo] | None = None
        self._other: tuple[str, Photo] | None = None
        self._lock = Lock()

    def put(self, photo: Photo) -> None:
        """Hold the photo that was opened, and no other."""
        with self._lock:
            self._opened, self._other = (photo.digest, photo), None

    def get(self, sheet: Sheet) -> Photo:
        """Return a sheet's photo; raises BadRequest where neither memory nor file has it."""
        with self._lock:
            for held in (self._opened, self._other):
                if held is not None and held[0] == sheet.digest:
                    return held[1]
            photo = _read(sheet)
            self._other = (sheet.digest, photo)
            return photo


def _read(sheet: Sheet) -> Photo:
    if not sheet.path:
        raise BadRequest(GONE)
    try:
        return open_photo(Path(sheet.path), sheet.name, OWN_FILES)
    except (PointPaintError, OSError) as error:
        raise BadRequest(GONE) from error
