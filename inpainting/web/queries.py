"""What the canvas asks between its events; none of it changes the session.

Each takes what the client sent, with the key of its desk and the serial of its photo, and returns
what the canvas wants or {"error": a sentence}.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType

from inpainting.cropped import crop_mask
from inpainting.cutout import cutout
from inpainting.errors import BadRequest, NothingSelected, PointPaintError
from inpainting.photo import encode_mask, encode_png
from inpainting.studio import Studio
from inpainting.types import Mask, Photo
from inpainting.web import editing
from inpainting.web.actions import Data, mapping, number
from inpainting.web.archive import zip_results
from inpainting.web.desk import Desk, Desks, one_at_a_time
from inpainting.web.display import small_mask
from inpainting.web.kept import keep
from inpainting.web.proposing import photo_on, segments_on
from inpainting.web.selecting import UNEXPECTED, hint_for, settle_wholly
from inpainting.web.session import Session
from inpainting.web.views import View, mask_view

HOVER_SIDE = 512
"""Longer side in pixels of the mask under the pointer."""

ENDED = "This session has ended; open the photo again."
MOVED = "Another photo lies on the desk by now."
BUSY = "The segmenter is busy."
NOT_SELECTED = "Nothing is selected yet: click the subject of the photo first."

_LOG = logging.getLogger(__name__)

Query = Callable[[Studio, Desks, object], View]


def _worded(query: Query) -> Query:
    """Turn what a query raises into its sentence."""

    @wraps(query)
    def safe(studio: Studio, desks: Desks, data: object) -> View:
        try:
            return query(studio, desks, data)
        except PointPaintError as error:
            return {"error": str(error)}
        except Exception:
            _LOG.exception("a query failed")
            return {"error": UNEXPECTED}

    return safe


@_worded
def hover(studio: Studio, desks: Desks, data: object) -> View:
    """Return the subject, small, as a click at x, y would give it for the active part alone.

    Answers at once or not at all: never while a click is worked on, nor with a slow segmenter, nor
    before the photo's embedding is there.
    """
    desk, session, fields = _found(desks, data)
    if not studio.quick or desk.selecting.locked():
        raise BadRequest(BUSY)
    clicked = editing.click(session, number(fields, "x"), number(fields, "y")).now.part
    photo = photo_on(desk, session)
    if not studio.is_embedded(photo):
        raise BadRequest(BUSY)
    with one_at_a_time(desk.hovering, BUSY):
        hint = hint_for(clicked, studio.segmenter.info.key)
        found = studio.select(photo, clicked.prompts, hint)
    return {"mask": mask_view(crop_mask(small_mask(found.masks[0], HOVER_SIDE)))}


@_worded
def everything(studio: Studio, desks: Desks, data: object) -> View:
    """Return which segment is where: the data URL `labels` (`Segments.labels`) and their `count`.

    They are found once a photo and segmenter.
    """
    desk, session, _ = _found(desks, data)
    segments = segments_on(studio, desk, photo_on(desk, session))
    return {"labels": segments.labels, "count": len(segments.masks)}


@_worded
def fetch(studio: Studio, desks: Desks, data: object) -> View:
    """Return `path` and `name` of a PNG file of mask or cut-out, or of a zip of all results."""
    desk, session, fields = _found(desks, data)
    what = fields.get("what")
    if what == "zip":
        archive = zip_results(session.results)
        return {"path": str(archive), "name": archive.name}
    if not isinstance(what, str) or what not in FILES:
        raise BadRequest("The page asked for a file that is not known; please reload it.")
    photo, after = photo_on(desk, session), settle_wholly(studio, desk)
    mask = after.mask
    if after.serial != session.serial:
        raise BadRequest(MOVED)
    if mask is None:
        raise NothingSelected(NOT_SELECTED)
    path = keep(FILES[what](photo, mask), f"{what}.png")
    return {"path": path, "name": f"{photo.name}-{what}.png"}


def _cutout_file(photo: Photo, mask: Mask) -> bytes:
    return encode_png(cutout(photo, mask))


FILES: Mapping[str, Callable[[Photo, Mask], bytes]] = MappingProxyType(
    {"mask": lambda _, mask: encode_mask(mask), "cutout": _cutout_file}
)


def _found(desks: Desks, data: object) -> tuple[Desk, Session, Data]:
    """Return the desk that the client names, its session, and the other fields."""
    fields = mapping(data)
    desk = desks.find(fields.get("desk"))
    if desk is None:
        raise BadRequest(ENDED)
    session = desk.session
    if number(fields, "photo") != session.serial:
        raise BadRequest(MOVED)
    return desk, session, fields
