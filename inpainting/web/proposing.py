"""Selections that come without a click: the likely subject, and one of all segments."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from inpainting.errors import BadRequest
from inpainting.studio import Studio
from inpainting.types import Candidates, Photo
from inpainting.web import editing
from inpainting.web.actions import Data, for_photo, number
from inpainting.web.answer import Answer, pack
from inpainting.web.desk import Desk, one_at_a_time
from inpainting.web.segments import Segments, segments_of
from inpainting.web.session import Session

MAX_PROPOSALS = 4
"""Candidates for the subject that are offered."""

NOT_CUT = "Choose Everything first, to see what there is to pick."
AT_WORK = "This photo is being looked at already; please wait a moment."


def take_subject(studio: Studio, desk: Desk, fields: Data) -> Session:
    """Add what is likely the subject as a part; raises BadRequest where nothing proposes one."""
    session = desk.session
    if number(fields, "photo") != session.serial:
        return session
    photo, model = photo_on(desk, session), studio.segmenter.info.key
    with one_at_a_time(desk.proposing, AT_WORK):
        found = studio.propose(photo)
    answer = pack(_best(found), model)
    return _give(desk, session, answer)


def take_found(studio: Studio, desk: Desk, text: object) -> Session:
    """Add what a text names as a part; raises BadRequest and NothingSelected as `Studio.find`."""
    session = desk.session
    photo, model = photo_on(desk, session), studio.segmenter.info.key
    with one_at_a_time(desk.proposing, AT_WORK):
        found = studio.find(photo, text if isinstance(text, str) else "")
    return _give(desk, session, pack(_best(found), model))


def take_segment(_studio: Studio, desk: Desk, fields: Data) -> Session:
    """Add the segment with that index, of those last shown, as a part.

    Raises BadRequest where there is none.
    """
    session = desk.session
    if number(fields, "photo") != session.serial:
        return session
    index, photo = number(fields, "index"), photo_on(desk, session)
    shown = desk.segments
    if shown is None or shown.digest != photo.digest:
        raise BadRequest(NOT_CUT)
    return _give(desk, session, shown.answer(index, photo.size))


def segments_on(studio: Studio, desk: Desk, photo: Photo) -> Segments:
    """Return the segments of a photo on the desk, found once a photo and segmenter.

    Raises BadRequest where the segmenter finds none, and while another caller has them found.
    """
    key = photo.digest, studio.segmenter.info.key
    with one_at_a_time(desk.proposing, AT_WORK):
        held = desk.segments
        if held is not None and (held.digest, held.model) == key:
            return held
        desk.segments = segments_of(photo.digest, studio.segments(photo), key[1])
        return desk.segments


def photo_on(desk: Desk, session: Session) -> Photo:
    """Return the photo of a session; raises BadRequest where there is none."""
    if session.now.sheet is None:
        raise BadRequest("Open a photo first.")
    return desk.photo(session.now.sheet)


def _give(desk: Desk, seen: Session, answer: Answer) -> Session:
    give = partial(editing.give, answer=answer)
    return desk.change(partial(for_photo, give, seen.serial))


def _best(found: Candidates) -> Candidates:
    """Hints are dropped: no click goes on from a part that came without one."""
    return replace(
        found, masks=found.masks[:MAX_PROPOSALS], scores=found.scores[:MAX_PROPOSALS], hints=()
    )
