"""Recipes: noted from a job, and turned into the request that does it again."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from typing import Protocol

from inpainting.errors import BadRequest
from inpainting.packing import PackedMask, pack_mask, unpack_mask
from inpainting.recipe_form import (
    MAX_FRAMES,
    SCHEMA,
    recipe_from_json,
    recipe_to_json,
    selection_fits,
)
from inpainting.records import (
    APP_VERSION,
    FrameUsed,
    ModelUsed,
    PartUsed,
    Recipe,
    SelectionUsed,
)
from inpainting.sets import escaped
from inpainting.types import (
    Box,
    ModelInfo,
    PaintRequest,
    PaintSettings,
    Photo,
    Prompts,
    Sides,
    Size,
    Tool,
)

__all__ = [
    "APP_VERSION",
    "RECIPE_KEY",
    "SCHEMA",
    "FrameUsed",
    "ModelUsed",
    "PackedMask",
    "PartUsed",
    "Recipe",
    "SelectionUsed",
    "differences",
    "library_versions",
    "other_loras",
    "pack_mask",
    "recipe_from_json",
    "recipe_of",
    "recipe_to_json",
    "request_of",
    "unpack_mask",
]

RECIPE_KEY = "point-and-paint-recipe"
"""Keyword of the PNG text that holds a recipe."""

LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "opencv-python-headless", "pillow")


class Framed(Protocol):
    """The `window` of a picture and the `size` it is painted at."""

    @property
    def window(self) -> Box:
        """The part of the picture that the painter sees."""
        ...

    @property
    def size(self) -> Size:
        """(width, height) that the painter works at."""
        ...


class Piece(Protocol):
    """What a recipe notes of a piece that is painted on its own."""

    @property
    def frame(self) -> Framed:
        """What the painter sees."""
        ...

    @property
    def feather(self) -> int:
        """Its feather in photo pixels."""
        ...


def recipe_of(
    request: PaintRequest,
    settings: PaintSettings,
    segmenter: ModelInfo,
    painter: ModelInfo,
    pieces: Sequence[Piece],
    prefill: str,
    match_colour: bool,
) -> Recipe:
    """Note what one variation of a request was made with; `settings` as they were run.

    `pieces` has one to MAX_FRAMES; `prefill` and `match_colour` are what was decided. What a tool
    does not look at is left out. So is how the mask was made, where that is very long to tell.
    """
    selects = request.mask is not None and request.tool not in (Tool.CREATE, Tool.EXTEND)
    created = request.tool is Tool.CREATE
    chosen = request.selection if selects else None
    return Recipe(
        photo_digest="" if created else request.photo.digest,
        photo_size=(request.size if created else None) or request.photo.size,
        segmenter=_used(segmenter),
        painter=_used(painter),
        prompts=request.prompts if selects else Prompts(),
        mask=pack_mask(request.mask) if selects and request.mask is not None else None,
        region=request.region,
        settings=settings,
        feather=_feather(pieces),
        frames=tuple(FrameUsed(p.frame.window, p.frame.size) for p in pieces[:MAX_FRAMES]),
        tool=request.tool,
        sides=request.sides if request.tool is Tool.EXTEND else Sides(),
        size=request.size if created else None,
        context=request.context,
        separate=request.separate,
        prefill=prefill,
        match_colour=match_colour,
        selection=chosen if chosen is not None and selection_fits(chosen) else None,
        libraries=library_versions(),
    )


def _feather(pieces: Sequence[Piece]) -> int | None:
    """Return the one feather of all pieces, None where they differ: each then has its default."""
    feathers = {piece.feather for piece in pieces}
    return feathers.pop() if len(feathers) == 1 else None


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


def request_of(recipe: Recipe, photo: Photo) -> PaintRequest:
    """Return the request that makes the recipe's picture again from the photo it was made from.

    With the recipe's painter (see `differences`) on the same machine the same bytes come out. For
    CREATE `photo` may be any. Raises BadRequest for another photo, naming both, and for a mask that
    is not of its size. What else is wrong is refused when it is painted.
    """
    if recipe.tool is not Tool.CREATE:
        _require_photo(recipe, photo)
    settings = recipe.settings
    return PaintRequest(
        photo,
        None if recipe.mask is None else unpack_mask(recipe.mask, photo.size),
        region=recipe.region,
        prompt=escaped(settings.prompt),
        negative_prompt=escaped(settings.negative_prompt),
        seed=settings.seed,
        steps=settings.steps,
        guidance=settings.guidance,
        strength=settings.strength,
        scheduler=settings.scheduler,
        feather=recipe.feather,
        prompts=recipe.prompts,
        tool=recipe.tool,
        sides=recipe.sides,
        size=recipe.size,
        method=recipe.method,
        context=recipe.context,
        separate=recipe.separate,
        prefill=recipe.prefill,
        match_colour=recipe.match_colour,
        softness=settings.softness,
        guidance_until=settings.guidance_until,
        reuse=settings.reuse,
        loras=settings.loras,
        selection=recipe.selection,
    )


def _require_photo(recipe: Recipe, photo: Photo) -> None:
    if recipe.photo_digest != photo.digest:
        width, height = recipe.photo_size
        raise BadRequest(
            f"The recipe is for another photo: one of {width} x {height} pixels with the digest "
            f"{recipe.photo_digest[:12]!r}; {photo.name!r} has {photo.size[0]} x {photo.size[1]} "
            f"and {photo.digest[:12]!r}. Open the photo that it was made from."
        )


def differences(recipe: Recipe, painter: ModelInfo) -> tuple[str, ...]:
    """Return a sentence for each thing that may give other pixels than the recipe's picture has."""
    told = [
        f"The {name} was {was!r} and is {now!r}; the picture may differ."
        for name, was, now in _compared(recipe.painter, _used(painter))
        if was != now
    ]
    versions = library_versions()
    return (*told, *(_other_version(name, was, versions) for name, was in _old(recipe, versions)))


def other_loras(was: Recipe, now: Recipe) -> tuple[str, ...]:
    """Return a sentence for each LoRA file that has another content than the recipe's had."""
    return tuple(
        f"The LoRA file {name!r} is not the one that was used; the picture may differ."
        for name, digest in was.lora_digests.items()
        if now.lora_digests.get(name, digest) != digest
    )


def _compared(was: ModelUsed, now: ModelUsed) -> list[tuple[str, str, str]]:
    return [
        ("painter", was.key, now.key),
        ("painter's source", was.source, now.source),
        ("painter's revision", was.revision, now.revision),
        ("painter's precision", was.dtype, now.dtype),
        ("painter's device", was.device, now.device),
    ]


def _old(recipe: Recipe, versions: dict[str, str]) -> list[tuple[str, str]]:
    return [(n, was) for n, was in recipe.libraries.items() if versions.get(n) not in (was, None)]


def _other_version(name: str, was: str, versions: dict[str, str]) -> str:
    return f"It was made with {name} {was}, this is {versions[name]}; the picture may differ."
