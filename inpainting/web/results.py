"""The finished pictures: what is shown of them, and the files that the download hands out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import gradio as gr

from inpainting.photo import encode_result
from inpainting.types import PaintResult, Size
from inpainting.web.canvas import keep, served
from inpainting.web.parts import component

EMPTY: dict[str, Any] = {"run": 0, "items": []}

MAX_WORDS = 40
"""Most characters of the prompt in a file's name."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished picture in a file: `path`, the `name` it is downloaded under, and its facts.

    The pixels are in the file alone: a page may hold many of these.
    """

    path: str
    name: str
    size: Size
    seed: int
    seconds: float
    notes: tuple[str, ...]


def result_panel() -> gr.HTML:
    """Return before and after, the seed used, and the download; sends `reuse` with a seed."""
    return component("result", EMPTY)


def finish(result: PaintResult) -> Finished:
    """Write the exact PNG, recipe included, where gradio serves it."""
    name = file_name(result)
    path = keep(encode_result(result), name)
    return Finished(path, name, result.photo.size, result.seed, result.seconds, result.notes)


def file_name(result: PaintResult) -> str:
    """Return a name made of photo, prompt and seed, such as astronaut-sunset-sea-17.png."""
    settings = result.recipe.settings
    words = f"{result.photo.name} {settings.prompt[:MAX_WORDS]} {result.seed}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") + ".png"


def panel(before: str, finished: list[Finished], run: int) -> dict[str, Any]:
    """Return the panel's value; `before` is the path of the photo's display copy."""
    items = list(map(_item, finished))
    return {"run": run, "before": served(before), "items": items} if items else EMPTY


def _item(finished: Finished) -> dict[str, Any]:
    width, height = finished.size
    return {
        "file": served(finished.path),
        "name": finished.name,
        "seed": finished.seed,
        "seconds": round(finished.seconds, 1),
        "width": width,
        "height": height,
        "notes": list(finished.notes),
    }
