"""From a file to a `Photo` and back. The only place that opens pictures."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.colour import develop, from_profile, into_profile, on_white
from inpainting.copy_on_write import copy_of, shareable
from inpainting.errors import BadPhoto, BadRequest
from inpainting.headers import peek_size, png_depth
from inpainting.limits import PhotoLimits, bad_photo, check_size, read_source
from inpainting.modes import orientation_of, split_alpha, to_eight_bits, upright
from inpainting.parameters import parameters_of
from inpainting.png import (
    PARAMETERS_KEY,
    SourceType,
    encode_mask,
    encode_mask_bits,
    encode_png,
    read_png_text,
)
from inpainting.recipe import RECIPE_KEY, Recipe, recipe_from_json, recipe_to_json
from inpainting.types import Box, Mask, PaintResult, Photo, Rgb, Size, Tool

__all__ = [
    "PhotoLimits",
    "clean_name",
    "encode_mask",
    "encode_mask_bits",
    "encode_png",
    "encode_result",
    "open_mask",
    "open_photo",
    "read_png_text",
    "read_recipe",
    "to_profile",
    "with_pixels",
    "with_window",
]

FORMATS = ("PNG", "JPEG", "WEBP")

LIMITS = PhotoLimits()

ANIMATED = "The file is animated; its first frame is used."

UNTRAINED = ("patchmatch", "telea", "navier-stokes")
"""Fillers that learnt nothing from pictures."""

MAX_NAME = 80
"""Most characters of a photo's name."""


def open_photo(source: bytes | Path, name: str = "photo", limits: PhotoLimits = LIMITS) -> Photo:
    """Open a PNG, JPEG or WebP file as an upright photo with 8 bits a sample.

    `source` is the file's content or its path. Size limits are checked on the file's header. Raises
    BadPhoto with one sentence for every file that is not a whole photo inside the limits.
    """
    data = read_source(source, limits)
    image = _load(data, limits)
    turn = orientation_of(image)
    notes = (ANIMATED,) if _is_animated(image) else ()
    try:
        picture, alpha = split_alpha(image, png_depth(data))
        developed = develop(picture, image.info.get("icc_profile"))
    except Exception as error:  # as in _load
        raise bad_photo("it is damaged", limits) from error
    photo = make_photo(
        upright(developed.pixels, turn),
        None if alpha is None else upright(alpha, turn),
        developed.profile,
        clean_name(name),
        (*notes, *developed.notes),
    )
    pixels = shareable(photo.pixels)
    rgb = pixels if photo.rgb is photo.pixels else shareable(photo.rgb)
    return replace(photo, pixels=pixels, rgb=rgb, ai=_is_marked(image))


def to_profile(photo: Photo, rgb: Rgb) -> Rgb:
    """Convert an sRGB picture HxWx3 uint8 of any size to the colours that `photo.pixels` are in."""
    return into_profile(rgb, photo.icc_profile)


def with_pixels(photo: Photo, pixels: Rgb, notes: tuple[str, ...] = ()) -> Photo:
    """Return the photo with other pixels (HxWx3 uint8 in its own profile) and a digest of its own.

    Alpha, profile, name and `ai` stay as they are; `notes` take the place of the old ones.
    """
    _require_alike(photo, pixels)
    changed = make_photo(pixels, photo.alpha, photo.icc_profile, photo.name, notes)
    return replace(changed, ai=photo.ai)


def with_window(photo: Photo, pixels: Rgb, window: Box) -> Photo:
    """Return `with_pixels(photo, pixels)` where these are the photo's own outside of `window`.

    Colours are converted in the window alone.
    """
    _require_alike(photo, pixels)
    if photo.rgb is photo.pixels:
        return replace(photo, pixels=pixels, rgb=pixels, notes=())
    part = slice(window.y0, window.y1), slice(window.x0, window.x1)
    alpha = None if photo.alpha is None else photo.alpha[part]
    rgb = copy_of(photo.rgb)
    rgb[part] = _seen(pixels[part], alpha, photo.icc_profile)
    return replace(photo, pixels=pixels, rgb=rgb, notes=())


def _require_alike(photo: Photo, pixels: Rgb) -> None:
    if pixels.shape != photo.pixels.shape or pixels.dtype != np.uint8:
        raise ValueError(f"pixels are {pixels.shape} {pixels.dtype}, not {photo.pixels.shape}")


def _seen(pixels: Rgb, alpha: NDArray[np.uint8] | None, profile: bytes | None) -> Rgb:
    """Return pixels in the colours of `profile` as sRGB on white; the same array where they are."""
    return on_white(from_profile(pixels, profile), alpha)


def open_mask(source: bytes | Path, size: Size, limits: PhotoLimits = LIMITS) -> Mask:
    """Open a mask for a photo of `size` (width, height): HxW, True = subject.

    Light (from half of the file's range up) is True; of colours the strongest channel counts; where
    only alpha tells something, opaque is True; samples 0 and 1 are False and True. Raises
    BadRequest for another size, for a file that cannot be read, and for a picture that is not black
    but has nothing light in it.
    """
    try:
        data = read_source(source, limits)
        image = _load(data, limits)
        values = upright(_mask_values(image, png_depth(data)), orientation_of(image))
    except BadPhoto as error:
        raise BadRequest(str(error).replace("as a photo", "as a mask", 1)) from error
    width, height = values.shape[1], values.shape[0]
    if (width, height) != size:
        raise BadRequest(
            f"The mask is {width} x {height} pixels and the photo {size[0]} x {size[1]}; "
            "both must have the same size."
        )
    return _threshold(values)


def encode_result(result: PaintResult, with_recipe: bool = True) -> bytes:
    """Return a result as a PNG file marked with where it comes from, with the recipe inside.

    The recipe holds the prompt, the clicks and the mask; beside it stand the settings in the form
    that other programs read. Without it the mark alone is written.
    """
    text = _texts(result.recipe) if with_recipe else {}
    return encode_png(result.photo, text, edited=True, source=source_of(result))


def source_of(result: PaintResult) -> SourceType:
    """Return where a result comes from; what a filler of UNTRAINED did is no AI."""
    if result.recipe.is_whole:
        return SourceType.GENERATED
    before = result.before is not None and result.before.ai
    return SourceType.COMPOSITE if before or is_trained(result.recipe) else SourceType.EDITED


def is_trained(recipe: Recipe) -> bool:
    """Tell whether a trained model painted."""
    return recipe.tool is not Tool.REMOVE or recipe.painter.key not in UNTRAINED


def _texts(recipe: Recipe) -> dict[str, str]:
    parameters = parameters_of(recipe)
    other = {PARAMETERS_KEY: parameters} if parameters else {}
    return {RECIPE_KEY: recipe_to_json(recipe), **other}


def read_recipe(source: bytes | Path, limits: PhotoLimits = LIMITS) -> Recipe | None:
    """Return the recipe in a PNG file that `encode_result` made, None where there is none.

    Raises BadPhoto for a file that cannot be read and BadRequest for a recipe that is not valid.
    """
    text = read_png_text(read_source(source, limits)).get(RECIPE_KEY)
    return None if text is None else recipe_from_json(text)


def clean_name(name: str) -> str:
    """Return a file's base name without folder and ending, safe in file names and in HTML."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    base = re.sub(r"(?<=.)\.\w{1,5}$", "", base)
    kept = (c if unicodedata.category(c)[0] in "LMN" or c in " -_().," else "_" for c in base)
    return "".join(kept)[:MAX_NAME].strip(" ._") or "photo"


def _load(data: bytes, limits: PhotoLimits) -> Image.Image:
    """Decode the first frame; the size is checked before Pillow sees the file, and once more."""
    size = peek_size(data)
    if size is None:
        raise bad_photo("it is not a PNG, JPEG or WebP picture", limits)
    check_size(size, limits)
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
        check_size(image.size, limits)
        image.load()
    except BadPhoto:
        raise
    except MemoryError as error:
        raise bad_photo("it needs more memory than there is", limits) from error
    except Exception as error:  # Pillow's decoders raise some ten kinds, from OSError to KeyError
        raise bad_photo("it is damaged or incomplete", limits) from error
    return image


def _is_marked(image: Image.Image) -> bool:
    """Tell whether a file says that AI made it, or part of it (IPTC Digital Source Type in XMP)."""
    mark = image.info.get("xmp", b"")
    data = mark.encode("utf-8", "ignore") if isinstance(mark, str) else mark
    return isinstance(data, bytes) and b"rainedAlgorithmicMedia" in data


def _is_animated(image: Image.Image) -> bool:
    """A JPEG with a second picture, such as a phone's gain map, is not animated."""
    return image.format in ("PNG", "WEBP") and bool(getattr(image, "is_animated", False))


def make_photo(
    pixels: Rgb,
    alpha: NDArray[np.uint8] | None,
    profile: bytes | None,
    name: str,
    notes: tuple[str, ...] = (),
) -> Photo:
    """Return a photo of upright `pixels` HxWx3 in the colours of `profile`, None for sRGB."""
    rgb = _seen(pixels, alpha, profile)
    return Photo(pixels, rgb, alpha, profile, name, notes)


def _mask_values(image: Image.Image, depth: int) -> NDArray[np.uint8]:
    """Return how much each pixel belongs to the subject, 0-255, or 0 and 1 as the file has it."""
    if image.mode.startswith("I"):
        samples = np.array(image)
        return samples.astype(np.uint8) if samples.max() <= 1 else to_eight_bits(samples)
    picture, alpha = split_alpha(image, depth)
    colours = np.array(picture.convert("RGB") if picture.mode == "CMYK" else picture)
    values = colours.max(axis=2) if colours.ndim == 3 else colours
    if alpha is None or alpha.min() == alpha.max():
        return values
    return alpha if values.min() == values.max() else np.minimum(values, alpha)


def _threshold(values: NDArray[np.uint8]) -> Mask:
    brightest = int(values.max())
    if 1 < brightest < 128:
        raise BadRequest(
            f"Nothing in the mask is light: its brightest value is {brightest} of 255. "
            "White (255) must mark the subject and black (0) the rest."
        )
    return values == 1 if brightest == 1 else values >= 128
