"""PointCanvas: the photo, the clicks and the overlay, drawn by the browser."""

from __future__ import annotations

from typing import Any

import gradio as gr

from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.web import handlers, queries
from inpainting.web.desk import Desks
from inpainting.web.kept import keep, keep_display, kept_folder, served
from inpainting.web.parts import component
from inpainting.web.session import Session
from inpainting.web.views import View, view

__all__ = ["View", "keep", "keep_display", "kept_folder", "point_canvas", "served", "view"]

OPEN_SECONDS = 60
"""How long the page waits for a photo that has arrived to be opened."""


def point_canvas(settings: Settings, studio: Studio, desks: Desks, **props: Any) -> gr.HTML:
    """Return the canvas with its tools and candidates.

    Its value is a `view`; it sends the events `act` (see `actions.reducer_of`), `open` and `mask`
    (see `actions.uploaded_file`) and `resume`. Between them it calls the server's `follow`
    (`handlers.act_alone`, quicker than the event) and the functions of `queries`, and it holds no
    state of its own that would be lost with it. `props` are those of `parts.component`.
    """

    def follow(data: object) -> View | None:
        return handlers.act_alone(studio, desks, data)

    def hover(data: object) -> View:
        return queries.hover(studio, desks, data)

    def everything(data: object) -> View:
        return queries.everything(studio, desks, data)

    def fetch(data: object) -> View:
        answer = queries.fetch(studio, desks, data)
        canvas.temp_files.update({answer["path"]} if "path" in answer else ())  # cleared in time
        return answer

    canvas = component(
        "canvas",
        view(Session()),
        max_file_mb=settings.max_file_mb,
        open_seconds=OPEN_SECONDS,
        server_functions=[follow, hover, everything, fetch],
        **props,
    )
    return canvas
