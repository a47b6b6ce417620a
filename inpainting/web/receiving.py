"""What is done with a file that was dropped on the page: a photo, a picture made here, a recipe."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from inpainting.errors import BadRequest
from inpainting.recipe import Recipe, differences
from inpainting.studio import Studio
from inpainting.types import ModelInfo, Photo, Region, Tool
from inpainting.web import editing, history
from inpainting.web.desk import Desk
from inpainting.web.finished import Sheet
from inpainting.web.kept import keep_display
from inpainting.web.lorafiles import with_loras_here
from inpainting.web.restoring import (
    ALL,
    CREATED,
    ELSEWHERE,
    NO_SELECTION,
    ORIGINAL,
    PLAIN,
    SAME,
    SAME_SELECTED,
    SAME_SETTINGS,
    Restored,
    bring_back,
    is_recipe,
    recipe_in,
    restore,
)
from inpainting.web.session import Session


def receive(studio: Studio, desk: Desk, path: Path, name: str) -> Restored | None:
    """Take a file in, and return what its recipe brings back to the form, None for a plain photo.

    Raises BadPhoto and BadRequest for a file that is none of the three; then nothing has changed.
    """
    if is_recipe(path):
        recipe = recipe_in(path, studio.settings)
        return None if recipe is None else _alone(studio, desk, recipe)
    return _picture(studio, desk, path, name)


def put(
    desk: Desk, photo: Photo, region: Region | None = None, recipe: Recipe | None = None
) -> None:
    """Put a photo on the desk, where nothing is painted any more; `recipe` came with it."""
    sheet = replace(_sheet(photo), recipe=recipe)
    note = " ".join(photo.notes)
    desk.stop()
    desk.open(photo, partial(editing.load, sheet=sheet, note=note, region=region))


def _sheet(photo: Photo) -> Sheet:
    return Sheet(photo.digest, photo.size, photo.name, keep_display(photo))


def _alone(studio: Studio, desk: Desk, recipe: Recipe) -> Restored:
    """A recipe without its picture is for the photo at hand."""
    sheet = desk.session.now.sheet
    if recipe.tool is Tool.CREATE:
        return _at_hand(studio, desk, recipe, CREATED)
    if sheet is None:
        raise BadRequest("Open the photo first that the recipe was made from.")
    note = SAME if sheet.digest == recipe.photo_digest else ELSEWHERE
    return _at_hand(studio, desk, recipe, note)


def _picture(studio: Studio, desk: Desk, path: Path, name: str) -> Restored | None:
    """A recipe that cannot be used leaves a plain photo."""
    sheet = desk.session.now.sheet
    try:
        recipe = recipe_in(path, studio.settings)
        if recipe is not None and sheet is not None and sheet.digest == recipe.photo_digest:
            return _at_hand(studio, desk, recipe, SAME)
    except BadRequest as error:
        _tell(desk, studio.open(path, name), f"{error} {PLAIN}")
        return None
    photo = studio.open(path, name)
    if sheet is not None and sheet.recipe is not None and sheet.is_made_from(photo.digest):
        _exchange(studio, desk, sheet.recipe, photo)
        return None
    if recipe is None:
        put(desk, photo)
        return None
    try:
        usable, told = _usable(studio, recipe)
        restored = restore(usable, photo.size, studio.painter.info)
    except BadRequest as error:
        _tell(desk, photo, f"{error} {PLAIN}")
        return None
    put(desk, photo, restored.region, recipe)
    note = " ".join((_opened_note(recipe, restored), *told, *photo.notes))
    desk.change(partial(_back, restored=restored, note=note))
    return restored


def _exchange(studio: Studio, desk: Desk, recipe: Recipe, photo: Photo) -> None:
    """Put the photo in the place of the picture on the desk, which was made from it.

    The form stays as it is: it holds the recipe, and what was changed of it since.
    """
    now, sheet = desk.session.now, _sheet(photo)
    fits = now.sheet is not None and now.sheet.size == photo.size
    selected = fits and not all(part.empty for part in now.parts)
    told = differences(recipe, _painter_for(studio, recipe))
    note = " ".join((SAME_SELECTED if selected else SAME_SETTINGS, *told, *photo.notes))
    desk.stop()
    desk.open(photo, partial(editing.exchange, sheet=sheet, note=note))


def _tell(desk: Desk, photo: Photo, note: str) -> None:
    put(desk, photo)
    desk.change(partial(history.remark, sentence=" ".join((note, *photo.notes))))


def _opened_note(recipe: Recipe, restored: Restored) -> str:
    if recipe.tool is Tool.CREATE:
        return f"{NO_SELECTION} {CREATED}"
    return f"{ALL if restored.parts else NO_SELECTION} {ORIGINAL}"


def _at_hand(studio: Studio, desk: Desk, recipe: Recipe, note: str) -> Restored:
    """Put a recipe in place; the selection of another photo is none of this one."""
    sheet, painter = desk.session.now.sheet, _painter_for(studio, recipe)
    fits = sheet is not None and sheet.digest == recipe.photo_digest
    size = sheet.size if sheet is not None and fits else (0, 0)
    usable, left_out = _usable(studio, recipe)
    restored = restore(usable, size, studio.painter.info)
    told = differences(recipe, painter) if fits or recipe.tool is Tool.CREATE else ()
    words = " ".join((note, *told, *left_out))
    desk.change(partial(_back, restored=restored, note=words))
    return restored


def _usable(studio: Studio, recipe: Recipe) -> tuple[Recipe, tuple[str, ...]]:
    return with_loras_here(recipe, studio.painter.info, studio.settings.loras)


def _painter_for(studio: Studio, recipe: Recipe) -> ModelInfo:
    return studio.fillers.get(recipe.method or "", studio.painter.info)


def _back(session: Session, restored: Restored, note: str) -> Session:
    """Put back what there is, and only then tell it: each change clears what was told before."""
    if session.now.sheet is None:
        back = editing.choose_tool(session, restored.tool)
    else:
        back = bring_back(session, restored)
    return history.remark(back, note)
