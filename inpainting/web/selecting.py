"""Having the newest state of a session worked out: the segmenter's answers, and the selection."""

from __future__ import annotations

import logging
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inpainting.cropped import CroppedMask
from inpainting.errors import PointPaintError
from inpainting.studio import Studio
from inpainting.types import Mask
from inpainting.web.answer import pack
from inpainting.web.composing import compose
from inpainting.web.desk import Desk
from inpainting.web.history import answered, failed, settled
from inpainting.web.session import Part, Session

UNEXPECTED = "Something went wrong that should not have. Please try again."

_LOG = logging.getLogger(__name__)


def settle(studio: Studio, desk: Desk) -> Session:
    """Have the session's newest prompts answered and its selection worked out; return the session.

    One caller at a time does so, until the newest state is settled; the others return at once with
    theirs unsettled, so that no number of clicks can take all threads. A step that cannot be
    followed is taken back with a sentence.
    """
    while desk.session.unsettled:
        if not desk.selecting.acquire(blocking=False):
            break
        try:
            _work(studio, desk)
        finally:
            desk.selecting.release()
        # Others may have come and gone since the answer: whoever gave the lock back looks again.
    return desk.session


def settle_wholly(studio: Studio, desk: Desk) -> Session:
    """Return the session with its selection worked out, by this call or by the one under way."""
    session = settle(studio, desk)
    while session.unsettled:
        with desk.selecting:  # whoever holds it is at work on the selection
            pass
        session = settle(studio, desk)
    return session


def _work(studio: Studio, desk: Desk) -> None:
    """Settle the session as it is now, or take its last step back."""
    session = desk.session
    try:
        if session.unsettled:
            _settle(studio, desk, session)
    except PointPaintError as error:
        _take_back(desk, session, str(error))
    except Exception:
        _LOG.exception("selecting failed")
        _take_back(desk, session, UNEXPECTED)


def _settle(studio: Studio, desk: Desk, session: Session) -> None:
    version, known = session.version, dict[CroppedMask, Mask]()
    for part in session.now.parts:
        if part.unanswered:
            session = _ask(studio, desk, session, part, known)
            if session.version != version:
                return
    selection = compose(session, studio.painter.info, known)
    desk.change(partial(settled, version=version, selection=selection))


def _ask(
    studio: Studio, desk: Desk, session: Session, part: Part, known: dict[CroppedMask, Mask]
) -> Session:
    """Have a part answered; its first mask goes into `known`, for it is what is wanted next."""
    if session.now.sheet is None:
        return session
    model = studio.segmenter.info.key
    photo = desk.photo(session.now.sheet)
    found = studio.select(photo, part.prompts, hint_for(part, model))
    answer = pack(found, model)
    known[answer.masks[0]] = found.masks[0]
    return desk.change(partial(answered, version=session.version, key=part.key, answer=answer))


def _take_back(desk: Desk, session: Session, sentence: str) -> None:
    desk.change(partial(failed, version=session.version, sentence=sentence))


def hint_for(part: Part, model: str) -> NDArray[np.float32] | None:
    """Return what the segmenter `model` starts from: a hint is of use to the one that gave it."""
    return part.hint.logits if part.hint is not None and part.hint.model == model else None
