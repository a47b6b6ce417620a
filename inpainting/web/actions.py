"""What the canvas sends, checked field by field: an event's data is whatever the client made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inpainting.errors import BadRequest
from inpainting.types import Box
from inpainting.web import session as sessions
from inpainting.web.session import Session

Reducer = Callable[[Session], Session]
Data = Mapping[str, object]

MAX_NUMBER = 1_000_000

KEPT = "kept"
"""The folder, in that of the uploads, of files that the page made: none of them is an upload."""


def reducer_of(data: object) -> Reducer:
    """Return the change that an event asks for.

    `data` is a mapping with "action", "photo" (the serial of the photo that the user saw) and the
    numbers of the action. The reducer raises BadRequest for a place off the photo, and changes
    nothing where another photo lies on the desk by now. Raises BadRequest for anything else.
    """
    fields = _mapping(data)
    action = fields.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise BadRequest("The page sent an action that is not known; please reload it.")
    return partial(_for_photo, ACTIONS[action](fields), number(fields, "photo"))


def _for_photo(reduce: Reducer, serial: int, session: Session) -> Session:
    return reduce(session) if serial == session.serial else session


def _mapping(data: object) -> Data:
    if not isinstance(data, Mapping):
        raise BadRequest("The page sent something that is no action; please reload it.")
    return data


def number(fields: Data, name: str) -> int:
    """Return a whole number that a client sent, 0 to 1,000,000; raises BadRequest."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMBER:
        raise BadRequest(f"The page sent no proper number for {name}; please reload it.")
    return value


def _include(fields: Data) -> Reducer:
    return partial(sessions.click, x=number(fields, "x"), y=number(fields, "y"))


def _exclude(fields: Data) -> Reducer:
    return partial(sessions.exclude, x=number(fields, "x"), y=number(fields, "y"))


def _box(fields: Data) -> Reducer:
    corners = Box(*(number(fields, name) for name in ("x0", "y0", "x1", "y1")))
    return partial(sessions.box, corners=corners)


def _choose(fields: Data) -> Reducer:
    return partial(sessions.choose, index=number(fields, "index"))


ACTIONS: Mapping[str, Callable[[Data], Reducer]] = MappingProxyType(
    {
        "include": _include,
        "exclude": _exclude,
        "box": _box,
        "choose": _choose,
        "undo": lambda _: sessions.undo,
        "redo": lambda _: sessions.redo,
        "clear": lambda _: sessions.clear,
        "close": lambda _: sessions.reset,
    }
)


def uploaded_file(data: object, folder: Path) -> tuple[Path, str]:
    """Return the path and the name of a file that the client says it has uploaded.

    The path must be a file inside `folder`, where uploads are put, and not in its folder KEPT;
    raises BadRequest.
    """
    fields: Mapping[str, Any] = _mapping(data)
    path, name = fields.get("path"), fields.get("name")
    if not isinstance(path, str) or not isinstance(name, str) or "\0" in path:
        raise BadRequest("The page sent no file; please choose it again.")
    file, uploads = Path(path).resolve(), folder.resolve()
    inside = uploads in file.parents and uploads / KEPT not in file.parents
    if not inside or not file.is_file():
        raise BadRequest("The file did not arrive; please choose it again.")
    return file, name[:200]
