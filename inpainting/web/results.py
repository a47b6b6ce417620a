"""The finished pictures: what is shown of them, and the files that belong to each."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from inpainting.photo import encode_png, encode_result, make_photo
from inpainting.preview import small_of
from inpainting.recipe import recipe_to_json
from inpainting.tiles import filmstrip
from inpainting.types import PaintResult, Photo, Rgb, Tool
from inpainting.web import editing
from inpainting.web.display import EXAMPLE_SIDE, encode_jpeg, reduced
from inpainting.web.finished import Finished, Sheet
from inpainting.web.kept import keep, keep_display, served
from inpainting.web.parts import component
from inpainting.web.session import Session

View = dict[str, Any]

EMPTY: View = {"desk": "", "current": 0, "items": []}

MAX_WORDS = 40
"""Most characters of the prompt in a file's name."""

NO_PROMPT = "The prompt was empty, so the painter chose what to paint."
ALL_CELLS = "All pictures of the grid on one sheet; each of them is in the list as well."


def result_panel() -> gr.HTML:
    """Return the strip of results with their facts, downloads and buttons.

    Sends `show` and `further` with a result's id, and `reuse` with a seed; the canvas fetches the
    zip of all.
    """
    return component("result", EMPTY)


def panel(session: Session, desk: str) -> View:
    """Return the panel's value for a session on the desk with that key, the newest last."""
    items = list(map(_item, session.results))
    return {"desk": desk, "current": session.now.result, "items": items}


def _item(finished: Finished) -> View:
    """`links` are in the order of the panel's links: picture, recipe, filmstrip."""
    width, height = finished.sheet.size
    return {
        "id": finished.id,
        "file": served(finished.sheet.path),
        "links": [served(path) for path in (finished.sheet.path, finished.recipe, finished.film)],
        "thumb": served(finished.thumb),
        "before": served(finished.before),
        "seed": finished.seed,
        "seconds": round(finished.seconds, 1),
        "width": width,
        "height": height,
        "notes": list(finished.notes),
    }


def finish(result: PaintResult, photo: Photo | None, source: str) -> Finished:
    """Write the exact PNG, recipe included, and what goes with it where gradio serves them.

    `photo` lay on the desk, and `source` is the path of what was shown of it; None and empty for
    nothing. The id is 0 until `add` gives one.
    """
    name = file_name(result)
    item = _filed(result.photo, partial(encode_result, result), name)
    stem, recipe = name.removesuffix(".png"), recipe_to_json(result.recipe)
    return replace(
        item,
        before=_before(result, photo, source),
        seed=result.seed,
        seconds=result.seconds,
        notes=_notes(result),
        source=source,
        recipe=keep(recipe.encode(), f"{stem}.json"),
        film=keep(_film(result), f"{stem}-steps.png") if result.film else "",
        created=result.recipe.tool is Tool.CREATE,
    )


def sheet_of_all(rgb: Rgb, seed: int, source: str) -> Finished:
    """Write the labelled picture of a grid, HxWx3, whose first picture has that seed.

    `source` as for `finish`.
    """
    photo = make_photo(rgb, None, None, "grid")
    item = _filed(photo, partial(encode_png, photo, edited=True), f"grid-{seed}.png")
    return replace(item, seed=seed, notes=(ALL_CELLS,), source=source)


def _filed(photo: Photo, encode: Callable[[], bytes], name: str) -> Finished:
    """Write a picture's file and its small copies; there is nothing before it until told."""
    with ThreadPoolExecutor(2) as pool:
        display, digest = pool.submit(keep_display, photo), pool.submit(lambda: photo.digest)
        path = keep(encode(), name)
        thumb = keep(encode_jpeg(reduced(small_of(photo.rgb), EXAMPLE_SIDE), 80), "thumb.jpg")
    sheet = Sheet(digest.result(), photo.size, photo.name, display.result(), path)
    return Finished(0, sheet, "", thumb, name, 0, 0.0)


def _before(result: PaintResult, photo: Photo | None, source: str) -> str:
    """Return the path of what was painted on; empty where that was nothing to look at."""
    before = result.before
    if result.recipe.tool is Tool.CREATE:
        return ""
    if before is None or (photo is not None and before.digest == photo.digest):
        return source
    return keep_display(before)


def _film(result: PaintResult) -> bytes:
    strip = filmstrip(result.film, result.recipe.settings.steps)
    return encode_png(make_photo(strip, None, None, "film"), edited=True)


def _notes(result: PaintResult) -> tuple[str, ...]:
    chosen = result.recipe.tool is Tool.REMOVE or result.recipe.settings.prompt
    return result.notes if chosen else (*result.notes, NO_PROMPT)


def add(session: Session, item: Finished, more: bool = False) -> Session:
    """Add a finished picture with the next id, and show it; `more` as for `editing.finished`."""
    newest = session.results[-1].id if session.results else 0
    return editing.finished(session, replace(item, id=newest + 1), more)


def file_name(result: PaintResult) -> str:
    """Return a name made of photo, prompt and seed, such as astronaut-sunset-sea-17.png."""
    tool, settings = result.recipe.tool, result.recipe.settings
    words = "removed" if tool is Tool.REMOVE else settings.prompt[:MAX_WORDS]
    words = f"{result.photo.name} {words} {result.seed}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") + ".png"
