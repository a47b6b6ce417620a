"""What a picture that was made here brings back: its selection and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inpainting.errors import BadRequest
from inpainting.packing import unpack_mask
from inpainting.photo import PhotoLimits, read_recipe
from inpainting.recipe import Recipe
from inpainting.requests import check_edges, check_prompts, resolve
from inpainting.settings import Settings
from inpainting.types import (
    Edges,
    ModelInfo,
    PaintRequest,
    PaintSettings,
    Photo,
    Prompts,
    Region,
)
from inpainting.web.answer import Answer, pack_one

ALL = "This picture was made here: its prompt, settings and selection are back."
NO_SELECTION = "This picture was made here: its prompt and settings are back."
PLAIN = "The picture was opened as a plain photo."


@dataclass(frozen=True, slots=True)
class Restored:
    """What is put in place with a photo; without an `answer` nothing is selected.

    `edges` leave the mask as it is, for it is the one that was painted with.
    """

    region: Region
    settings: PaintSettings
    prompts: Prompts
    answer: Answer | None
    edges: Edges


def restored_from(
    path: Path, photo: Photo, settings: Settings, painter: ModelInfo
) -> tuple[Restored | None, str]:
    """Return what the recipe in a photo's file brings back, and a note about it.

    Without a recipe there is neither; one that is not valid is told and left alone.
    """
    try:
        recipe = read_recipe(path, PhotoLimits(max_bytes=settings.max_file_mb * 1_000_000))
        if recipe is None:
            return None, ""
        restored = restore(recipe, photo, painter)
    except BadRequest as error:
        return None, f"{error} {PLAIN}"
    return restored, NO_SELECTION if restored.answer is None else ALL


def restore(recipe: Recipe, photo: Photo, painter: ModelInfo) -> Restored:
    """Return what a recipe says of a photo, whose pixels the recipe itself has changed.

    A selection for another size is left out, and the painter's own scheduler stands in for one that
    it does not have. Raises BadRequest for settings that no painter takes.
    """
    prompts, answer = _selection(recipe, photo)
    settings = _settings(recipe.settings, photo, painter)
    return Restored(
        recipe.region, settings, prompts, answer, check_edges(Edges(feather=recipe.feather))
    )


def _selection(recipe: Recipe, photo: Photo) -> tuple[Prompts, Answer | None]:
    try:
        mask = unpack_mask(recipe.mask, photo.size)
        prompts = check_prompts(recipe.prompts, photo.size)
    except BadRequest:
        return Prompts(), None
    return prompts, pack_one(mask)


def _settings(used: PaintSettings, photo: Photo, painter: ModelInfo) -> PaintSettings:
    request = PaintRequest(
        photo,
        np.zeros((1, 1), np.bool_),  # the settings do without it
        prompt=used.prompt,
        negative_prompt=used.negative_prompt,
        seed=used.seed,
        steps=used.steps,
        guidance=used.guidance,
        strength=used.strength,
        scheduler=used.scheduler if used.scheduler in painter.schedulers else None,
    )
    return resolve(request, painter)[0]
