"""What the browser needs to draw a session: the value of the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from inpainting.cropped import CroppedMask
from inpainting.studio import Studio
from inpainting.types import Box, Tool
from inpainting.web.answer import Composed
from inpainting.web.finished import Sheet
from inpainting.web.history import ahead, behind
from inpainting.web.kept import served
from inpainting.web.session import Part, Session
from inpainting.web.tooling import NOTES

View = dict[str, Any]

NOTHING: Mapping[str, bool] = MappingProxyType(
    {"hover": False, "subject": False, "everything": False}
)


def abilities(studio: Studio) -> Mapping[str, bool]:
    """Return what the segmenter in use can do beside answering clicks."""
    return {
        "hover": studio.quick,
        "subject": studio.can_propose,
        "everything": studio.can_segment,
    }


def view(
    session: Session, echo: object = 0, desk: str = "", can: Mapping[str, bool] = NOTHING
) -> View:
    """Return what the browser needs to draw a session.

    `echo` names the event that is answered, `desk` the desk that the session lies on; `can` are
    the `abilities`.
    """
    now = session.now
    return {
        "echo": echo if isinstance(echo, int) else 0,
        "desk": desk,
        "serial": session.serial,
        "version": session.version,
        "photo": None if now.sheet is None else _photo(now.sheet),
        "region": session.side.value,
        "parts": list(map(_part, now.parts)),
        "active": now.active,
        **_pointed(now.part),
        **_selected(now.composed if session.on_mask else None),
        "edges": asdict(now.edges),
        "pending": session.unsettled,
        "undo": bool(behind(session)),
        "redo": bool(ahead(session)),
        "message": session.message,
        "note": _note(session),
        "can": dict(can),
        "result": now.result if session.result(now.result) else 0,
    }


def _photo(sheet: Sheet) -> View:
    width, height = sheet.size
    return {
        "file": served(sheet.display),
        "width": width,
        "height": height,
        "name": sheet.name,
        "digest": sheet.digest,
    }


def _part(part: Part) -> View:
    return {
        "key": part.key,
        "op": part.op.value,
        "shown": part.shown,
        "given": part.given,
        "points": len(part.prompts.points),
        "strokes": len(part.strokes),
        "box": part.prompts.box is not None,
        "pending": part.unanswered,
    }


def _pointed(part: Part) -> View:
    """What was pointed at in the active part, and the candidates for it."""
    answer = part.answer
    return {
        "points": [[point.x, point.y, int(point.include)] for point in part.prompts.points],
        "box": _corners(part.prompts.box),
        "thumbs": [] if answer is None else list(answer.thumbs),
        "scores": [] if answer is None else [round(score, 3) for score in answer.scores],
        "chosen": part.chosen,
    }


def _note(session: Session) -> str:
    """Return what is said below the photo; of Extend all the time, which takes no selection."""
    if session.note or session.tool is not Tool.EXTEND:
        return session.note
    now = session.now
    return NOTES[Tool.EXTEND] if now.sheet is not None and not now.result else ""


def _selected(composed: Composed | None) -> View:
    if composed is None or not composed.area:
        return {"mask": None, "feather": 0}
    return {"mask": mask_view(composed.mask), "feather": composed.feather}


def mask_view(mask: CroppedMask) -> View:
    """Return a mask for the browser: bits row by row, compressed, as text.

    The bits are those of its `box` alone: x, y, width and height.
    """
    width, height = mask.size
    box, part = mask.box, mask.part
    return {
        "width": width,
        "height": height,
        "box": [box.x0, box.y0, *part.size],
        "data": part.data,
    }


def _corners(box: Box | None) -> list[int] | None:
    return None if box is None else [box.x0, box.y0, box.x1, box.y1]
