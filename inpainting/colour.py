"""Colour profiles: from the file's own colours to the sRGB that models see, and back."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from inpainting.types import Rgb

UNREADABLE = "The colour profile of the file cannot be used; its colours are taken as sRGB."
ONE_WAY = "The colour profile of the file works one way only; the photo is edited in sRGB."
CMYK = "The photo is in CMYK; it is edited and saved in sRGB."

SPACES = {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}
"""Pillow mode to the colour space that bytes 16-19 of a profile name (ICC.1:2022, 7.2.8)."""


@dataclass(frozen=True, slots=True, eq=False)
class Developed:
    """A picture HxWx3 uint8 in the colours of `profile` (None: sRGB), and sentences about it."""

    pixels: Rgb
    profile: bytes | None
    notes: tuple[str, ...] = ()


def develop(image: Image.Image, profile: object) -> Developed:
    """Make RGB pixels of a picture in mode L, RGB or CMYK with the profile found in its file.

    An RGB profile is kept, and so are the pixels' own values. A grey or CMYK profile is used up by
    the way to sRGB. One that cannot be used, or belongs to another colour space, is dropped.
    """
    notes = (CMYK,) if image.mode == "CMYK" else ()
    if profile is None or profile == b"":
        return Developed(_rgb(image), None, notes)
    if not isinstance(profile, bytes):
        return Developed(_rgb(image), None, (*notes, UNREADABLE))
    try:
        return _developed(image, profile, notes)
    except Exception:  # littlecms and Pillow raise many kinds; none may cost the photo
        return Developed(_rgb(image), None, (*notes, UNREADABLE))


def _developed(image: Image.Image, profile: bytes, notes: tuple[str, ...]) -> Developed:
    space = profile[16:20]
    if space == b"RGB " and image.mode != "CMYK":
        return _keep(_rgb(image), profile)
    if space != SPACES[image.mode]:
        return Developed(_rgb(image), None, (*notes, UNREADABLE))
    return Developed(np.array(_apply(image, profile, None)), None, notes)


def _keep(pixels: Rgb, profile: bytes) -> Developed:
    """Keep an RGB profile that works both ways; of another one make use now and drop it."""
    probe = pixels[:1, :1]
    from_profile(probe, profile)
    try:
        into_profile(probe, profile)
    except Exception:  # as in develop
        return Developed(from_profile(pixels, profile), None, (ONE_WAY,))
    return Developed(pixels, profile)


def from_profile(pixels: Rgb, profile: bytes | None) -> Rgb:
    """Convert HxWx3 uint8 from an RGB profile to sRGB; the same array where there is none."""
    return pixels if profile is None else np.array(_apply(Image.fromarray(pixels), profile, None))


def into_profile(rgb: Rgb, profile: bytes | None) -> Rgb:
    """Convert HxWx3 uint8 from sRGB to an RGB profile; the same array where there is none."""
    return rgb if profile is None else np.array(_apply(Image.fromarray(rgb), None, profile))


def on_white(rgb: Rgb, alpha: NDArray[np.uint8] | None) -> Rgb:
    """Lay a picture on white by its alpha, so that what is transparent shows nothing hidden."""
    if alpha is None:
        return rgb
    white = Image.new("RGB", (rgb.shape[1], rgb.shape[0]), "white")
    return np.array(Image.composite(Image.fromarray(rgb), white, Image.fromarray(alpha)))


def _rgb(image: Image.Image) -> Rgb:
    return np.array(image.convert("RGB"))


def _apply(image: Image.Image, source: bytes | None, target: bytes | None) -> Image.Image:
    """Convert a picture between two profiles, None standing for sRGB; the result is RGB."""
    transform = ImageCms.buildTransform(
        _profile(source),
        _profile(target),
        image.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return transform.apply(image)


def _profile(profile: bytes | None) -> ImageCms.ImageCmsProfile:
    if profile is None:
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.ImageCmsProfile(BytesIO(profile))
