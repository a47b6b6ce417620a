"""Asking the segmenter about the newest prompts of a session."""

from __future__ import annotations

import logging
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inpainting.errors import PointPaintError
from inpainting.studio import Studio
from inpainting.web.answer import pack
from inpainting.web.desk import Desk
from inpainting.web.session import Session, answered, failed

UNEXPECTED = "Something went wrong that should not have. Please try again."

_LOG = logging.getLogger(__name__)


def settle(studio: Studio, desk: Desk) -> Session:
    """Have the session's newest prompts answered, and return the session.

    One caller at a time asks, until the newest prompts are answered; the others return at once with
    their prompts unanswered, so that no number of clicks can take all threads. Prompts that the
    segmenter refuses are taken back with its sentence.
    """
    while desk.session.photo is not None and desk.session.unanswered:
        if not desk.selecting.acquire(blocking=False):
            break
        try:
            _ask(studio, desk)
        finally:
            desk.selecting.release()
        # Others may have come and gone since the answer: whoever gave the lock back looks again.
    return desk.session


def _ask(studio: Studio, desk: Desk) -> None:
    session = desk.session
    if session.photo is None or not session.unanswered:
        return
    model = studio.segmenter.info.key
    try:
        found = studio.select(session.photo, session.now.prompts, _hint(session, model))
    except PointPaintError as error:
        desk.change(partial(failed, version=session.version, sentence=str(error)))
    except Exception:
        _LOG.exception("selecting failed")
        desk.change(partial(failed, version=session.version, sentence=UNEXPECTED))
    else:
        desk.change(partial(answered, version=session.version, answer=pack(found, model)))


def _hint(session: Session, model: str) -> NDArray[np.float32] | None:
    """A hint is of use to the segmenter that gave it, and to no other."""
    hint = session.now.hint
    return hint.logits if hint is not None and hint.model == model else None
