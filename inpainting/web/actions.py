"""What the canvas sends, checked field by field: an event's data is whatever the client made it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inpainting.errors import BadRequest
from inpainting.types import Box, Combine, Edges, Stroke
from inpainting.web import editing, history
from inpainting.web.session import Session

Reducer = Callable[[Session], Session]
Data = Mapping[str, object]

MAX_NUMBER = 1_000_000
MAX_LINE = 10_000
"""Numbers of a stroke's line: two a corner."""

KEPT = "kept"
"""The folder, in that of the uploads, of files that the page made: none of them is an upload."""


def reducer_of(data: object) -> Reducer:
    """Return the change that an event asks for.

    `data` is a mapping with "action", "photo" (the serial of the photo that the user saw) and the
    fields of the action. The reducer raises BadRequest for what does not suit the session, and
    changes nothing where another photo lies on the desk by now. Raises BadRequest for all else.
    """
    fields = mapping(data)
    action = fields.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise BadRequest("The page sent an action that is not known; please reload it.")
    return partial(for_photo, ACTIONS[action](fields), number(fields, "photo"))


def for_photo(reduce: Reducer, serial: int, session: Session) -> Session:
    """Apply a reducer where the photo with that serial still lies on the desk."""
    return reduce(session) if serial == session.serial else session


def mapping(data: object) -> Data:
    """Return an event's data as a mapping; raises BadRequest."""
    if not isinstance(data, Mapping):
        raise BadRequest("The page sent something that is no action; please reload it.")
    return data


def number(fields: Data, name: str, low: int = 0, high: int = MAX_NUMBER) -> int:
    """Return a whole number that a client sent, `low` to `high`; raises BadRequest."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _no_proper("number", name)
    return value


def _real(value: object, name: str) -> float:
    """A number of JSON may be whole, and as long as its text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _no_proper("number", name)
    if not -MAX_NUMBER <= value <= MAX_NUMBER or not math.isfinite(value):
        raise _no_proper("number", name)
    return float(value)


def _flag(fields: Data, name: str) -> bool:
    value = fields.get(name)
    if not isinstance(value, bool):
        raise _no_proper("yes or no", name)
    return value


def _op(fields: Data) -> Combine:
    value = fields.get("op")
    if not isinstance(value, str) or value not in tuple(Combine):
        raise _no_proper("way to combine", "op")
    return Combine(value)


def _no_proper(kind: str, name: str) -> BadRequest:
    return BadRequest(f"The page sent no proper {kind} for {name}; please reload it.")


def _at_place(reduce: Callable[..., Session]) -> Callable[[Data], Reducer]:
    return lambda fields: partial(reduce, x=number(fields, "x"), y=number(fields, "y"))


def _move(fields: Data) -> Reducer:
    index = number(fields, "index")
    return partial(editing.move, index=index, x=number(fields, "x"), y=number(fields, "y"))


def _box(fields: Data) -> Reducer:
    corners = Box(*(number(fields, name) for name in ("x0", "y0", "x1", "y1")))
    return partial(editing.box, corners=corners)


def _stroke(fields: Data) -> Reducer:
    line, size = fields.get("line"), _real(fields.get("size"), "size")
    if not isinstance(line, list) or len(line) % 2 or not 2 <= len(line) <= MAX_LINE:
        raise _no_proper("line", "line")
    numbers = [_real(value, "line") for value in line]
    corners = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return partial(editing.stroke, drawn=Stroke(corners, size, _flag(fields, "erase")))


def _edges(fields: Data) -> Reducer:
    grow = number(fields, "grow", low=-MAX_NUMBER)
    smooth, fill, specks = (number(fields, name) for name in ("smooth", "fill", "specks"))
    feather = None if fields.get("feather") is None else number(fields, "feather")
    return partial(editing.set_edges, edges=Edges(grow, smooth, fill, specks, feather))


def _with_key(reduce: Callable[..., Session]) -> Callable[[Data], Reducer]:
    return lambda fields: partial(reduce, key=number(fields, "key"))


def _with_index(reduce: Callable[..., Session]) -> Callable[[Data], Reducer]:
    return lambda fields: partial(reduce, index=number(fields, "index"))


def _part_op(fields: Data) -> Reducer:
    return partial(editing.set_op, key=number(fields, "key"), op=_op(fields))


def _part_show(fields: Data) -> Reducer:
    return partial(editing.show_part, key=number(fields, "key"), shown=_flag(fields, "shown"))


ACTIONS: Mapping[str, Callable[[Data], Reducer]] = MappingProxyType(
    {
        "include": _at_place(editing.click),
        "exclude": _at_place(editing.exclude),
        "remove": _with_index(editing.remove),
        "move": _move,
        "box": _box,
        "choose": _with_index(editing.choose),
        "stroke": _stroke,
        "edges": _edges,
        "part-new": lambda fields: partial(editing.new_part, op=_op(fields)),
        "part-pick": _with_key(editing.pick_part),
        "part-op": _part_op,
        "part-show": _part_show,
        "part-delete": _with_key(editing.delete_part),
        "show": lambda fields: partial(editing.show_result, number=number(fields, "result")),
        "undo": lambda _: history.undo,
        "redo": lambda _: history.redo,
        "clear": lambda _: editing.clear,
        "close": lambda _: editing.reset,
    }
)
"""The actions that need nothing but the session; `handlers` has those that ask the studio."""


def uploaded_file(data: object, folder: Path) -> tuple[Path, str]:
    """Return the path and the name of a file that the client says it has uploaded.

    The path must be a file inside `folder`, where uploads are put, and not in its folder KEPT;
    raises BadRequest.
    """
    fields: Mapping[str, Any] = mapping(data)
    path, name = fields.get("path"), fields.get("name")
    if not isinstance(path, str) or not isinstance(name, str) or "\0" in path:
        raise BadRequest("The page sent no file; please choose it again.")
    file, uploads = Path(path).resolve(), folder.resolve()
    inside = uploads in file.parents and uploads / KEPT not in file.parents
    if not inside or not file.is_file():
        raise BadRequest("The file did not arrive; please choose it again.")
    return file, name[:200]
