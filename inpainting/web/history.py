"""Steps and the way back through them: undo, redo, and what segmenter and painter bring late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import dropwhile

from inpainting.web.answer import Answer, Composed, nothing
from inpainting.web.session import NO_PARTS, Part, Session, Step

MAX_HISTORY = 100
"""Steps that can be undone; the oldest are forgotten."""

MAX_HISTORY_BYTES = 64_000_000
"""Memory for what those steps hold; where it does not suffice fewer are kept, but one at least."""

CORNER_BYTES = 112
"""Memory of a corner of a stroke: a tuple of two floats."""


def push(session: Session, step: Step) -> Session:
    """Make `step` the present one; undo leads back to what was before.

    A step that changes nothing is none.
    """
    if _looks_like(session.now, step):
        return told_nothing(session)
    past = _bounded((*session.past, _remembered(session.now)))
    return _to(session, step, past, ())


def undo(session: Session) -> Session:
    """Go back to the last step of `behind`; where there is none nothing changes."""
    past = behind(session)
    if not past:
        return told_nothing(session)
    future = (_remembered(session.now), *session.future)
    return _to(session, past[-1], past[:-1], future)


def redo(session: Session) -> Session:
    """Take back the last undo; where there is none nothing changes."""
    future = ahead(session)
    if not future:
        return told_nothing(session)
    past = (*session.past, _remembered(session.now))
    return _to(session, future[0], past, future[1:])


def behind(session: Session) -> tuple[Step, ...]:
    """Return the steps that undo leads back through, the oldest first.

    Looking at results is no step, and may make the last one look like the present: undo would show
    nothing, so it is left out.
    """
    return tuple(dropwhile(partial(_looks_like, session.now), session.past[::-1]))[::-1]


def ahead(session: Session) -> tuple[Step, ...]:
    """Return the steps that redo leads through, the next first; as `behind`."""
    return tuple(dropwhile(partial(_looks_like, session.now), session.future))


def _looks_like(now: Step, step: Step) -> bool:
    return replace(step, composed=now.composed) == now


def answered(session: Session, version: int, key: int, answer: Answer) -> Session:
    """Take in the segmenter's answer for a part, unless the session has moved on."""
    if session.version != version:
        return session
    now = session.now
    parts = (replace(part, answer=answer) if part.key == key else part for part in now.parts)
    return replace(session, now=replace(now, parts=tuple(parts), composed=None))


def settled(session: Session, version: int, selection: Composed) -> Session:
    """Take in the selection as worked out, unless the session has moved on."""
    if session.version != version:
        return session
    return replace(session, now=replace(session.now, composed=selection))


def failed(session: Session, version: int, sentence: str) -> Session:
    """Take back the step that could not be answered, and say why.

    Where there is none before it, its selection is given up.
    """
    if session.version != version:
        return session
    before = session.past[-1] if session.past else _emptied(session.now)
    return say(_to(session, before, session.past[:-1], session.future), sentence)


def _emptied(step: Step) -> Step:
    composed = None if step.sheet is None else nothing(step.sheet.size)
    return replace(step, parts=NO_PARTS, active=0, composed=composed)


def say(session: Session, sentence: str) -> Session:
    """Tell why something was refused; all else stays."""
    return replace(session, message=sentence)


def remark(session: Session, sentence: str) -> Session:
    """Note something that is no refusal; all else stays."""
    return replace(session, note=sentence)


def told_nothing(session: Session) -> Session:
    """Forget what was told of the last action; all else stays."""
    return replace(session, message="", note="")


def _to(session: Session, step: Step, past: tuple[Step, ...], future: tuple[Step, ...]) -> Session:
    moved = step.sheet != session.now.sheet
    return replace(
        told_nothing(session),
        version=session.version + 1,
        serial=session.serial + moved,
        now=step,
        past=past,
        future=future,
    )


def _bounded(past: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the newest steps, as many as are kept; what steps share is counted once."""
    seen: set[int] = set()
    total = 0
    for count, step in enumerate(reversed(past[-MAX_HISTORY:])):
        for item, cost in _costs(step):
            total += 0 if item in seen else cost
            seen.add(item)
        if count and total > MAX_HISTORY_BYTES:
            return past[-count:]
    return past[-MAX_HISTORY:]


def _costs(step: Step) -> Iterator[tuple[int, int]]:
    """Yield the identity of all that is large in a step, and its memory in bytes."""
    if step.composed is not None:
        for mask in (step.composed.mask, step.composed.raw):
            yield id(mask), mask.nbytes
    for part in step.parts:
        for stroke in part.strokes[-1:]:  # the others were the last of former steps
            yield id(stroke), CORNER_BYTES * len(stroke.line)
        if part.answer is not None:
            yield id(part.answer), sum(map(len, part.answer.thumbs))
            for mask in part.answer.masks:
                yield id(mask), mask.nbytes


def _remembered(step: Step) -> Step:
    """Hints are large and serve the next click alone: the history does without them."""
    return replace(step, parts=tuple(map(_without_hints, step.parts)))


def _without_hints(part: Part) -> Part:
    if part.hint is None and (part.answer is None or not part.answer.hints):
        return part
    answer = None if part.answer is None else part.answer.without_hints()
    return replace(part, answer=answer, hint=None)
