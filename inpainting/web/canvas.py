"""PointCanvas: the photo, the clicks and the overlay, drawn by the browser."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from inpainting.files import save_atomically
from inpainting.settings import Settings
from inpainting.types import Box, Photo
from inpainting.web.actions import KEPT
from inpainting.web.display import display_copy
from inpainting.web.parts import component
from inpainting.web.session import Session

View = dict[str, Any]

OPEN_SECONDS = 60
"""How long the page waits for a photo that has arrived to be opened."""


def point_canvas(settings: Settings) -> gr.HTML:
    """Return the canvas with its tools and candidates.

    Its value is a `view`; it sends the events `act` (see `actions.reducer_of`) and `open` (see
    `actions.uploaded_file`), and holds no state of its own that would be lost with it.
    """
    return component(
        "canvas", view(Session()), max_file_mb=settings.max_file_mb, open_seconds=OPEN_SECONDS
    )


def view(session: Session, echo: object = 0, desk: str = "") -> View:
    """Return what the browser needs to draw a session.

    `echo` names the event that is answered, `desk` the desk that the session lies on.
    """
    now, answer = session.now, session.now.answer
    return {
        "echo": echo if isinstance(echo, int) else 0,
        "desk": desk,
        "serial": session.serial,
        "version": session.version,
        "photo": None if session.photo is None else _photo(session.photo, session.display),
        "region": session.region.value,
        "points": [[point.x, point.y, int(point.include)] for point in now.prompts.points],
        "box": _corners(now.prompts.box),
        "mask": "" if answer is None else answer.pictures[now.chosen],
        "thumbs": [] if answer is None else list(answer.thumbs),
        "scores": [] if answer is None else [round(score, 3) for score in answer.scores],
        "chosen": now.chosen,
        "pending": session.unanswered,
        "undo": bool(session.past),
        "redo": bool(session.future),
        "message": session.message,
        "note": session.note,
    }


def _photo(photo: Photo, display: str) -> View:
    width, height = photo.size
    return {"file": served(display), "width": width, "height": height, "name": photo.name}


def _corners(box: Box | None) -> list[int] | None:
    return None if box is None else [box.x0, box.y0, box.x1, box.y1]


def served(path: str) -> View:
    """Return the form of a file in which gradio gives it a URL; an empty path stays unserved."""
    return gr.FileData(path=path).model_dump() if path else {}


def keep(data: bytes, name: str) -> str:
    """Write a file where gradio serves and clears it, apart from uploads; return its path.

    The path is that of its content, and the same file may be on its way to a browser: it is put in
    place whole.
    """
    folder = Path(get_upload_folder()).resolve() / KEPT / hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    save_atomically({folder / name: data})
    return str(folder / name)


def keep_display(photo: Photo) -> str:
    """Write the copy of a photo that the browser shows; return its path."""
    return keep(display_copy(photo.rgb), "photo.jpg")
