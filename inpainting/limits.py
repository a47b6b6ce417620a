"""What may be opened as a photo, and the one sentence that refuses everything else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inpainting.errors import BadPhoto
from inpainting.types import Size


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """Bounds that are checked before a file is decoded; sides in pixels, `max_bytes` of the file.

    The longest side stays below 32,767, where OpenCV stops to remap and warp. Pillow warns on
    stderr above 89 megapixels and refuses above 178, whatever `max_pixels` says.
    """

    max_pixels: int = 50_000_000
    max_bytes: int = 200_000_000
    min_side: int = 16
    max_side: int = 30_000


def bad_photo(reason: str, limits: PhotoLimits) -> BadPhoto:
    """Return the refusal: the reason ("it is empty"), the accepted formats and the limits."""
    return BadPhoto(
        f"This file cannot be used as a photo: {reason}. Please give a PNG, JPEG or WebP file of "
        f"at most {limits.max_pixels / 1e6:g} megapixels and {limits.max_bytes / 1e6:g} MB, "
        f"with sides from {limits.min_side} to {limits.max_side} pixels."
    )


def check_size(size: Size, limits: PhotoLimits) -> None:
    """Raise BadPhoto when (width, height) passes a limit."""
    width, height = size
    if width * height > limits.max_pixels:
        raise bad_photo(f"it has {width * height / 1e6:.1f} megapixels", limits)
    if min(size) < limits.min_side or max(size) > limits.max_side:
        raise bad_photo(f"it is {width} x {height} pixels", limits)


def read_source(source: bytes | Path, limits: PhotoLimits) -> bytes:
    """Return the bytes of a file, read no further than the limit; raises BadPhoto."""
    data = _read_file(source, limits) if isinstance(source, Path) else source
    if not data:
        raise bad_photo("it is empty", limits)
    if len(data) > limits.max_bytes:
        raise bad_photo(f"it is larger than {limits.max_bytes / 1e6:g} MB", limits)
    return data


def _read_file(path: Path, limits: PhotoLimits) -> bytes:
    try:
        # A pipe or a device would block or never end.
        if not path.is_file():
            raise bad_photo("there is no such file", limits)
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except (OSError, ValueError) as error:
        raise bad_photo("it cannot be read", limits) from error
