"""Recipe <-> JSON text: everything needed to make the same picture again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import NoReturn, Protocol

from inpainting.errors import BadRequest
from inpainting.packing import PackedMask, pack_mask, unpack_mask
from inpainting.reading import Fields
from inpainting.types import (
    Box,
    ModelInfo,
    PaintRequest,
    PaintSettings,
    Point,
    Prompts,
    Region,
    Size,
)

__all__ = [
    "RECIPE_KEY",
    "ModelUsed",
    "PackedMask",
    "Recipe",
    "library_versions",
    "pack_mask",
    "recipe_from_json",
    "recipe_of",
    "recipe_to_json",
    "unpack_mask",
]

APP_VERSION = "0.1.0"

SCHEMA = 1
"""Version of the JSON form; a reader refuses every other."""

RECIPE_KEY = "point-and-paint-recipe"
"""Keyword of the PNG text that holds a recipe."""

MAX_JSON = 12_000_000
"""Most characters of a recipe: a mask of 50 megapixels of pure noise takes 8.4 million."""

MAX_SIDE = 65_535
MAX_POINTS = 10_000
MAX_TEXT = 2_000

LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "opencv-python-headless", "pillow")


@dataclass(frozen=True, slots=True)
class ModelUsed:
    """The part of `ModelInfo` that decides what a model gives."""

    key: str
    source: str
    revision: str
    dtype: str
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that made a result.

    `photo_digest` and `photo_size` name the photo it was made from; `window` is the part of it that
    the painter saw, at `frame_size`; `feather` in pixels; `libraries` maps names to versions.
    """

    photo_digest: str
    photo_size: Size
    segmenter: ModelUsed
    painter: ModelUsed
    prompts: Prompts
    mask: PackedMask
    region: Region
    settings: PaintSettings
    feather: int
    window: Box
    frame_size: Size
    app_version: str = APP_VERSION
    libraries: Mapping[str, str] = field(default_factory=dict)


class Framed(Protocol):
    """What a recipe notes of a frame: the `window` of the photo and the `size` it is painted at."""

    @property
    def window(self) -> Box:
        """The part of the photo that the painter sees."""
        ...

    @property
    def size(self) -> Size:
        """(width, height) that the painter works at."""
        ...


def recipe_of(
    request: PaintRequest,
    settings: PaintSettings,
    segmenter: ModelInfo,
    painter: ModelInfo,
    frame: Framed,
    feather: int,
) -> Recipe:
    """Note what one variation of a request was made with; `settings` as they were run."""
    return Recipe(
        photo_digest=request.photo.digest,
        photo_size=request.photo.size,
        segmenter=_used(segmenter),
        painter=_used(painter),
        prompts=request.prompts,
        mask=pack_mask(request.mask),
        region=request.region,
        settings=settings,
        feather=feather,
        window=frame.window,
        frame_size=frame.size,
        libraries=library_versions(),
    )


def _used(info: ModelInfo) -> ModelUsed:
    return ModelUsed(info.key, info.source, info.revision, info.dtype, info.device)


def library_versions(names: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """Return the versions of the libraries that are installed, without importing any."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def recipe_to_json(recipe: Recipe) -> str:
    """Return a recipe as JSON text in ASCII, one line."""
    form = {
        "schema": SCHEMA,
        "app": recipe.app_version,
        "photo": {"digest": recipe.photo_digest, "size": recipe.photo_size},
        "segmenter": asdict(recipe.segmenter),
        "painter": asdict(recipe.painter),
        "points": [asdict(point) for point in recipe.prompts.points],
        "box": None if recipe.prompts.box is None else asdict(recipe.prompts.box),
        "mask": asdict(recipe.mask),
        "region": recipe.region.value,
        "settings": asdict(recipe.settings),
        "feather": recipe.feather,
        "window": asdict(recipe.window),
        "frame": recipe.frame_size,
        "libraries": dict(recipe.libraries),
    }
    return json.dumps(form, allow_nan=False)


def recipe_from_json(text: str) -> Recipe:
    """Read what `recipe_to_json` wrote; the text may come from anyone.

    Raises BadRequest naming the field for a missing, unknown or wrong one, and for text that is
    too long, is no JSON or is of another schema version. What the values mean together (points on
    the photo, steps in range) is checked where they are used.
    """
    fields = Fields("the recipe", _parse(text))
    schema = fields.whole("schema", 0, 2**31)
    if schema != SCHEMA:
        raise BadRequest(f"The recipe has version {schema}; this program reads {SCHEMA}.")
    photo = fields.inner("photo")
    recipe = Recipe(
        photo_digest=photo.text("digest", 64),
        photo_size=photo.size("size", MAX_SIDE),
        segmenter=_model(fields.inner("segmenter")),
        painter=_model(fields.inner("painter")),
        prompts=_prompts(fields),
        mask=_mask(fields.inner("mask")),
        region=_region(fields.text("region", 20)),
        settings=_settings(fields.inner("settings")),
        feather=fields.whole("feather", 0, MAX_SIDE),
        window=_box(fields.inner("window")),
        frame_size=fields.size("frame", MAX_SIDE),
        app_version=fields.text("app", 40),
        libraries=fields.inner("libraries").texts(100, 100),
    )
    photo.end()
    fields.end()
    return recipe


def _parse(text: str) -> object:
    if len(text) > MAX_JSON:
        raise BadRequest(f"The recipe has {len(text)} characters; at most {MAX_JSON} are read.")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The recipe is no valid JSON text.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(f"The recipe holds {name}; all its numbers must be finite.")


def _model(fields: Fields) -> ModelUsed:
    names = ("key", "source", "revision", "dtype", "device")
    model = ModelUsed(*(fields.text(name, 300) for name in names))
    fields.end()
    return model


def _prompts(fields: Fields) -> Prompts:
    points = tuple(_point(point) for point in fields.inners("points", MAX_POINTS))
    return Prompts(points, None if fields.is_null("box") else _box(fields.inner("box")))


def _point(fields: Fields) -> Point:
    point = Point(
        fields.whole("x", 0, MAX_SIDE), fields.whole("y", 0, MAX_SIDE), fields.flag("include")
    )
    fields.end()
    return point


def _box(fields: Fields) -> Box:
    box = Box(*(fields.whole(name, 0, MAX_SIDE) for name in ("x0", "y0", "x1", "y1")))
    fields.end()
    return box


def _mask(fields: Fields) -> PackedMask:
    mask = PackedMask(fields.size("size", MAX_SIDE), fields.text("data", MAX_JSON))
    fields.end()
    return mask


def _region(name: str) -> Region:
    try:
        return Region(name)
    except ValueError as error:
        raise BadRequest("The region of the recipe must be subject or background.") from error


def _settings(fields: Fields) -> PaintSettings:
    settings = PaintSettings(
        prompt=fields.text("prompt", MAX_TEXT),
        negative_prompt=fields.text("negative_prompt", MAX_TEXT),
        seed=fields.whole("seed", 0, 2**32 - 1),
        steps=fields.whole("steps", 1, 10_000),
        guidance=fields.number("guidance"),
        strength=fields.number("strength"),
        scheduler=fields.text("scheduler", 100),
    )
    fields.end()
    return settings
