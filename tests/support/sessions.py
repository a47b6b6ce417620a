"""A session with a photo, answers to its clicks, and results, for the tests of its reducers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inpainting.types import Candidates
from inpainting.web import editing as e
from inpainting.web import history as h
from inpainting.web.answer import Answer, Composed, pack, pack_one
from inpainting.web.finished import Finished, Sheet
from inpainting.web.session import Session

SIZE = (64, 48)
SHEET = Sheet("a" * 64, SIZE, "noise", "x.jpg")
LOADED = e.load(Session(), SHEET)
Reducer = Callable[[Session], Session]


def corner(size: int) -> Answer:
    mask = np.zeros((48, 64), np.bool_)
    mask[:size, :size] = True
    return pack_one(mask)


def answer(value: int = 0) -> Answer:
    """Three candidates, of which the n-th has a corner of n + 1 + value pixels."""
    masks = tuple(corner(n + 1 + value).mask(0) for n in range(3))
    hints = tuple(np.full((4, 4), n, np.float32) for n in range(3))
    return pack(Candidates(masks, (0.9, 0.8, 0.7), hints), "model")


ANSWERS = tuple(map(answer, range(7)))


def settled(session: Session) -> Session:
    """The session with an answer to whatever is asked; it depends on the prompts alone."""
    for part in session.now.parts:
        if part.unanswered:
            found = ANSWERS[len(part.prompts.points) % 7]
            session = h.answered(session, session.version, part.key, found)
    if session.unsettled:
        raw = corner(len(session.now.parts)).masks[0]
        session = h.settled(session, session.version, Composed(raw, raw, 3, 1))
    return session


def clicked(*places: tuple[int, int], session: Session = LOADED) -> Session:
    for x, y in places or [(1, 1)]:
        session = settled(e.click(session, x, y))
    return session


def result(number: int, before: str = "x.jpg") -> Finished:
    sheet = Sheet(f"{number}" * 64, SIZE, "noise", f"{number}.jpg", f"{number}.png")
    return Finished(
        number, sheet, before, "thumb.jpg", f"noise-{number}.png", number, 1.5, source=before
    )
