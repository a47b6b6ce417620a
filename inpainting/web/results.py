"""The finished pictures: what is shown of them, and the files that belong to each."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import gradio as gr

from inpainting.photo import encode_result
from inpainting.types import PaintResult
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
    width, height = finished.sheet.size
    return {
        "id": finished.id,
        "file": served(finished.sheet.path),
        "thumb": served(finished.thumb),
        "before": served(finished.before),
        "name": finished.file_name,
        "seed": finished.seed,
        "seconds": round(finished.seconds, 1),
        "width": width,
        "height": height,
        "notes": list(finished.notes),
    }


def finish(result: PaintResult, before: str) -> Finished:
    """Write the exact PNG, recipe included, and its small copies where gradio serves them.

    `before` is the path of what was shown of the photo. The id is 0 until `add` gives one.
    """
    photo, name = result.photo, file_name(result)
    thumb = keep(encode_jpeg(reduced(photo.rgb, EXAMPLE_SIDE), 80), "thumb.jpg")
    path = keep(encode_result(result), name)
    sheet = Sheet(photo.digest, photo.size, photo.name, keep_display(photo), path)
    notes = result.notes if result.recipe.settings.prompt else (*result.notes, NO_PROMPT)
    return Finished(0, sheet, before, thumb, name, result.seed, result.seconds, notes)


def add(session: Session, item: Finished, more: bool = False) -> Session:
    """Add a finished picture with the next id, and show it; `more` as for `editing.finished`."""
    newest = session.results[-1].id if session.results else 0
    return editing.finished(session, replace(item, id=newest + 1), more)


def file_name(result: PaintResult) -> str:
    """Return a name made of photo, prompt and seed, such as astronaut-sunset-sea-17.png."""
    settings = result.recipe.settings
    words = f"{result.photo.name} {settings.prompt[:MAX_WORDS]} {result.seed}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") + ".png"
