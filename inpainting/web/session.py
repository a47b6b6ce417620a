"""What one browser session has on its desk, as a frozen value, and every way it changes.

A reducer takes a session and returns the next one. A request that cannot be followed raises
BadRequest and leaves the old session as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from inpainting.errors import BadRequest
from inpainting.requests import check_prompts
from inpainting.types import Box, Mask, Photo, Point, Prompts, Region
from inpainting.web.answer import Answer, Hint

MAX_HISTORY = 100
"""Steps that can be undone; the oldest are forgotten."""


NO_PROMPTS = Prompts()


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the selection: what was pointed at, the answer to it, and the candidate taken.

    `answer` is None while there are no prompts and while the segmenter is at work; `hint` is the
    former answer that the segmenter starts from.
    """

    prompts: Prompts = NO_PROMPTS
    answer: Answer | None = None
    chosen: int = 0
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The photo, the selection with its history, and the region to repaint.

    `display` is the path of the copy that the browser shows; `serial` counts the photos opened and
    `version` the changes, so that late events and late answers are told apart; `message` is a
    sentence on why the last action was refused, and `note` on what was done at opening.
    """

    photo: Photo | None = None
    display: str = ""
    serial: int = 0
    version: int = 0
    region: Region = Region.BACKGROUND
    now: Step = Step()
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()
    message: str = ""
    note: str = ""

    @property
    def unanswered(self) -> bool:
        """Whether the segmenter has to be asked about the prompts."""
        return bool(self.now.prompts) and self.now.answer is None

    @property
    def mask(self) -> Mask | None:
        """The chosen mask, HxW bool, True = subject; None where nothing is selected."""
        answer = self.now.answer
        return None if answer is None else answer.mask(self.now.chosen)


def load(session: Session, photo: Photo, display: str) -> Session:
    """Put another photo on the desk; nothing of the last one stays but the region."""
    return Session(
        photo=photo,
        display=display,
        serial=session.serial + 1,
        version=session.version + 1,
        region=session.region,
        note=" ".join(photo.notes),
    )


def restore(session: Session, prompts: Prompts, answer: Answer) -> Session:
    """Put a selection in place whose answer is known already."""
    return _push(session, Step(prompts, answer))


def remark(session: Session, sentence: str) -> Session:
    """Note something that is no refusal; all else stays."""
    return replace(session, note=sentence)


def reset(session: Session) -> Session:
    """Take the photo away."""
    return Session(serial=session.serial + 1, version=session.version + 1, region=session.region)


def click(session: Session, x: int, y: int) -> Session:
    """Include the pixel (x, y)."""
    return _with_point(session, Point(x, y))


def exclude(session: Session, x: int, y: int) -> Session:
    """Exclude the pixel (x, y)."""
    return _with_point(session, Point(x, y, include=False))


def box(session: Session, corners: Box) -> Session:
    """Draw the box, in place of an older one."""
    return _with_prompts(session, replace(session.now.prompts, box=corners), None)


def point_at(session: Session, prompts: Prompts) -> Session:
    """Put a whole selection in place, as an example does; empty prompts change nothing."""
    return _with_prompts(session, prompts, None) if prompts else session


def clear(session: Session) -> Session:
    """Take all points and the box away; this can be undone."""
    now = session.now
    return _push(session, Step()) if now.prompts or now.answer else _said(session)


def choose(session: Session, index: int) -> Session:
    """Take another candidate."""
    answer = session.now.answer
    count = 0 if answer is None else len(answer.masks)
    if not 0 <= index < count:
        raise BadRequest(f"There is no candidate {index}; choose one of the {count} shown.")
    if index == session.now.chosen:
        return _said(session)
    return _push(session, replace(session.now, chosen=index))


def undo(session: Session) -> Session:
    """Go back one step; at the first nothing changes."""
    if not session.past:
        return _said(session)
    return replace(
        _said(session),
        version=session.version + 1,
        now=session.past[-1],
        past=session.past[:-1],
        future=(_remembered(session.now), *session.future),
    )


def redo(session: Session) -> Session:
    """Take back the last undo; where there is none nothing changes."""
    if not session.future:
        return _said(session)
    return replace(
        _said(session),
        version=session.version + 1,
        now=session.future[0],
        past=(*session.past, _remembered(session.now)),
        future=session.future[1:],
    )


def set_region(session: Session, region: Region) -> Session:
    """Choose which side is repainted."""
    return replace(_said(session), region=region, version=session.version + 1)


def answered(session: Session, version: int, answer: Answer) -> Session:
    """Take in the segmenter's answer, unless the session has moved on since `version`."""
    if session.version != version:
        return session
    return replace(session, now=replace(session.now, answer=answer))


def failed(session: Session, version: int, sentence: str) -> Session:
    """Take back the step that the segmenter could not answer, and say why."""
    if session.version != version:
        return session
    before = session.past[-1] if session.past else Step()
    return replace(session, now=before, past=session.past[:-1], message=sentence)


def say(session: Session, sentence: str) -> Session:
    """Tell something; all else stays."""
    return replace(session, message=sentence)


def _with_point(session: Session, point: Point) -> Session:
    now = session.now
    hint = None if now.answer is None else now.answer.hint(now.chosen)
    prompts = replace(now.prompts, points=(*now.prompts.points, point))
    return _with_prompts(session, prompts, hint)


def _with_prompts(session: Session, prompts: Prompts, hint: Hint | None) -> Session:
    if session.photo is None:
        raise BadRequest("Open a photo first.")
    return _push(session, Step(check_prompts(prompts, session.photo.size), hint=hint))


def _push(session: Session, step: Step) -> Session:
    past = (*session.past, _remembered(session.now))[-MAX_HISTORY:]
    return replace(_said(session), version=session.version + 1, now=step, past=past, future=())


def _remembered(step: Step) -> Step:
    """Hints are large and serve the next click alone: the history does without them."""
    answer = None if step.answer is None else step.answer.without_hints()
    return replace(step, answer=answer, hint=None)


def _said(session: Session) -> Session:
    return replace(session, message="", note="")
