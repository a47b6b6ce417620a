"""The command `repeat`: from a photo and a recipe to the same picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from inpainting.cli_paint import NO_PHOTO, paint_all
from inpainting.console import Run, opened
from inpainting.errors import BadRequest, ModelUnavailable
from inpainting.files import save_atomically
from inpainting.headers import PNG_SIGNATURE
from inpainting.outputs import picture_files
from inpainting.photo import read_png_text
from inpainting.ranges import shown
from inpainting.recipe import (
    RECIPE_KEY,
    Recipe,
    differences,
    other_loras,
    recipe_from_json,
    request_of,
)
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.tools import blank_photo
from inpainting.types import ModelInfo, Photo, Tool


def run_repeat(run: Run) -> None:
    """Paint what a recipe says of its photo, and say what may come out differently."""
    options = run.options
    recipe = recipe_in(options.source, run.settings)
    request = request_of(recipe, _photo(run, recipe))
    studio = _studio(run, recipe)
    for sentence in differences(recipe, _painter(studio, recipe)):
        run.say.line(sentence)
    (made,) = paint_all(studio, [request], run.say)
    for sentence in other_loras(recipe, made.result.recipe):
        run.say.line(sentence)
    save_atomically(picture_files(options.output, [made]))
    run.out.write(f"{options.output}\nseed {made.result.seed}\n")


def recipe_in(path: Path, settings: Settings) -> Recipe:
    """Return the recipe in a PNG file that was made here, or in a JSON file.

    Raises OSError for a file that cannot be read, BadRequest for one without a valid recipe.
    """
    most = settings.max_file_mb * 1_000_000
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise BadRequest(f"{path.name!r} is larger than {settings.max_file_mb} MB.")
    if data.startswith(PNG_SIGNATURE):
        text = read_png_text(data).get(RECIPE_KEY)
        if text is None:
            raise BadRequest(f"{path.name!r} carries no recipe; take a picture made here.")
        return recipe_from_json(text)
    try:
        return recipe_from_json(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadRequest(f"{path.name!r} is neither a PNG nor a JSON file.") from error


def _photo(run: Run, recipe: Recipe) -> Photo:
    path = run.options.photo
    if path is not None:
        return opened(run, path)
    if recipe.tool is Tool.CREATE:
        return blank_photo(NO_PHOTO)
    raise BadRequest("Name the photo that the recipe was made from: repeat PHOTO RECIPE -o OUT.png")


def _studio(run: Run, recipe: Recipe) -> Studio:
    """Return a Studio with the recipe's painter, unless another was named.

    A recipe may come from anyone: what it names is used, but not downloaded.
    """
    paints = recipe.tool is not Tool.REMOVE
    if run.options.painter or run.options.preset or not paints:
        return run.make_studio(run.settings, run.say.line, segment=False, paint=paints)
    key = recipe.painter.key
    settings = replace(run.settings, painter=key, offline=1)
    try:
        return run.make_studio(settings, run.say.line, segment=False, paint=True)
    except ModelUnavailable as error:
        raise ModelUnavailable(
            f"This picture was made with {shown(key)}, which is not ready here: {error} Name it "
            "with --painter to have it downloaded."
        ) from error


def _painter(studio: Studio, recipe: Recipe) -> ModelInfo:
    """Return what will paint; where it is not there, painting refuses with the names it has."""
    return studio.fillers.get(recipe.method or "", studio.painter.info)
