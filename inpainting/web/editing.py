"""Everything that a user can do to a session: each takes it and returns the next one.

A request that cannot be followed raises BadRequest and leaves the old session as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from inpainting.errors import BadRequest
from inpainting.requests import check_edges, check_prompts, check_stroke
from inpainting.types import Box, Combine, Edges, Point, Prompts, Region, Size, Stroke, Tool
from inpainting.web.answer import Answer, Hint
from inpainting.web.finished import Finished, Sheet
from inpainting.web.history import push, told_nothing
from inpainting.web.session import NO_PARTS, Part, Session, Step

MAX_PARTS = 50
MAX_STROKES = 2000
MAX_CORNERS = 200_000
"""Corners of all strokes together: about 20 MB."""

MAX_RESULTS = 100

# ---- photos


def load(session: Session, sheet: Sheet, note: str = "", region: Region | None = None) -> Session:
    """Put another photo on the desk; results so far stay, and so does the region if none is given.

    `note` is what there is to say about it.
    """
    return _begun(session, _fresh(session, sheet, region), note)


def exchange(session: Session, sheet: Sheet, note: str = "") -> Session:
    """Put the photo in the place of a picture that was made from it; `note` as for `load`.

    What is selected stays selected where the two have the same size; else the feather alone stays.
    """
    now, fresh = session.now, _fresh(session, sheet)
    if _size(now) == sheet.size:
        fresh = replace(fresh, parts=now.parts, active=now.active, edges=now.edges)
    else:
        fresh = replace(fresh, edges=replace(fresh.edges, feather=now.edges.feather))
    return _begun(session, fresh, note)


def reset(session: Session) -> Session:
    """Take the photo away; the region stays, and so do the results so far."""
    return _begun(session, Step(region=session.now.region, whole=session.now.whole))


def _fresh(session: Session, sheet: Sheet, region: Region | None = None) -> Step:
    now = session.now
    edges = default_edges(sheet.size)
    return Step(sheet=sheet, region=region or now.region, whole=now.whole, edges=edges)


def default_edges(size: Size) -> Edges:
    """Return the edges that a photo begins with: what is repainted reaches a little further.

    One pixel in 1,000 of the longer side, so that no rim of the old picture is left.
    """
    return Edges(grow=max(1, round(max(size) / 1000)))


def further(session: Session, number: int) -> Session:
    """Go on with a result as the photo: nothing is selected in it yet; this can be undone.

    Raises BadRequest where there is no such result.
    """
    sheet = _result(session, number).sheet
    return push(session, _fresh(session, sheet))


# ---- pointing


def click(session: Session, x: int, y: int) -> Session:
    """Include the pixel (x, y)."""
    return push(session, _with_point(_for_clicks(_opened(session)), Point(x, y)))


def exclude(session: Session, x: int, y: int) -> Session:
    """Exclude the pixel (x, y); with a part that came without clicks, take away what is there."""
    now = _opened(session)
    if now.part.given:
        return push(session, _with_point(_with_new_part(now, Combine.SUBTRACT), Point(x, y)))
    return push(session, _with_point(now, Point(x, y, include=False)))


def remove(session: Session, index: int) -> Session:
    """Take the point with that index away; exclude points do not stay alone."""
    now = _opened(session)
    points, drawn = _points_with(now, index), now.part.prompts.box
    rest = (*points[:index], *points[index + 1 :])
    kept = rest if drawn or any(point.include for point in rest) else ()
    return push(session, _with_prompts(now, Prompts(kept, drawn)))


def move(session: Session, index: int, x: int, y: int) -> Session:
    """Put the point with that index at (x, y)."""
    now = _opened(session)
    points = _points_with(now, index)
    moved = replace(points[index], x=x, y=y)
    if moved == points[index]:
        return told_nothing(session)
    prompts = replace(now.part.prompts, points=(*points[:index], moved, *points[index + 1 :]))
    return push(session, _with_prompts(now, prompts))


def box(session: Session, corners: Box) -> Session:
    """Draw the box, in place of an older one."""
    now = _for_clicks(_opened(session))
    if corners == now.part.prompts.box:
        return told_nothing(session)
    return push(session, _with_prompts(now, replace(now.part.prompts, box=corners)))


def point_at(session: Session, prompts: Prompts) -> Session:
    """Put a whole selection in place, as an example does; empty prompts change nothing."""
    return push(session, _with_prompts(_opened(session), prompts)) if prompts else session


def clear(session: Session) -> Session:
    """Take the whole selection away; this can be undone."""
    return push(session, _with_parts(session.now, NO_PARTS, 0))


def choose(session: Session, index: int) -> Session:
    """Take another candidate of the active part."""
    part = session.now.part
    count = 0 if part.answer is None else len(part.answer.masks)
    if not 0 <= index < count:
        raise BadRequest(f"There is no candidate {index}; choose one of the {count} shown.")
    return push(session, _with_part(session.now, chosen=index))


# ---- strokes, edges, region


def stroke(session: Session, drawn: Stroke) -> Session:
    """Draw with brush or eraser on the active part."""
    now = _opened(session)
    check_stroke(drawn)
    strokes = [*(stroke for part in now.parts for stroke in part.strokes), drawn]
    if len(strokes) > MAX_STROKES or sum(len(stroke.line) for stroke in strokes) > MAX_CORNERS:
        raise BadRequest("There are so many strokes that no more are kept; clear or undo some.")
    return push(session, _with_part(now, strokes=(*now.part.strokes, drawn), shown=True))


def set_edges(session: Session, edges: Edges) -> Session:
    """Set what is done to the border of the selection."""
    now = _opened(session)
    return push(session, replace(now, edges=check_edges(edges), composed=None))


def set_region(session: Session, region: Region) -> Session:
    """Choose which side is repainted, by a restyle in place of the whole photo."""
    whole = session.now.whole and session.tool is not Tool.RESTYLE
    return push(session, replace(session.now, region=region, whole=whole, composed=None))


def set_whole(session: Session) -> Session:
    """Let a restyle take the whole photo."""
    return push(session, replace(session.now, whole=True))


def choose_tool(session: Session, tool: Tool) -> Session:
    """Take another tool: no step of its own, for it is the form's.

    Edges move the border of the side that is worked on: where that is another one, all selections
    are worked out anew.
    """
    if tool is session.tool:
        return session
    chosen = replace(session, tool=tool, version=session.version + 1)
    if Tool.REMOVE not in (tool, session.tool):
        return chosen
    past, future = (tuple(map(_uncomposed, steps)) for steps in (session.past, session.future))
    return replace(chosen, now=_uncomposed(session.now), past=past, future=future)


def _uncomposed(step: Step) -> Step:
    return replace(step, composed=None)


# ---- parts


def new_part(session: Session, op: Combine) -> Session:
    """Start another part; an active one that is still empty is taken instead."""
    now = _opened(session)
    if now.part.empty:
        return push(session, _with_part(now, op=op))
    return push(session, _with_new_part(now, op))


def pick_part(session: Session, key: int) -> Session:
    """Make a part the one that clicks and strokes go to."""
    return push(session, replace(session.now, active=_index_of(session.now, key)))


def set_op(session: Session, key: int, op: Combine) -> Session:
    """Choose how a part joins the ones before it."""
    return push(session, _with_part(session.now, _index_of(session.now, key), op=op))


def show_part(session: Session, key: int, shown: bool) -> Session:
    """Show a part, or leave it out of the selection."""
    return push(session, _with_part(session.now, _index_of(session.now, key), shown=shown))


def delete_part(session: Session, key: int) -> Session:
    """Take a part away; after the last one there is an empty one."""
    now = session.now
    index = _index_of(now, key)
    rest = (*now.parts[:index], *now.parts[index + 1 :]) or NO_PARTS
    # From nothing there is nothing to take away, nor to keep.
    rest = (replace(rest[0], op=Combine.ADD), *rest[1:])
    active = now.active - (index < now.active)
    return push(session, _with_parts(now, rest, min(active, len(rest) - 1)))


def give(session: Session, answer: Answer) -> Session:
    """Add a part whose mask is known without a click; this can be undone."""
    now = _opened(session)
    now = now if now.part.empty else _with_new_part(now, Combine.ADD)
    return push(session, _with_part(now, answer=answer, given=True, shown=True))


def bring_back(
    session: Session, parts: tuple[Part, ...], edges: Edges, region: Region, whole: bool
) -> Session:
    """Put back the selection that a picture was made with; this can be undone.

    Clicks go on changing the last part: the next answer takes the place of what was put back.
    Without any part what is selected now stays.
    """
    now = replace(_opened(session), region=region, whole=whole, result=0, composed=None)
    if parts:
        now = replace(_with_parts(now, parts, len(parts) - 1), edges=check_edges(edges))
    else:
        now = replace(now, edges=check_edges(replace(now.edges, feather=edges.feather)))
    return push(session, now)


# ---- results


def finished(session: Session, result: Finished, more: bool = False) -> Session:
    """Add a result, and show it where the photo it was painted on still lies on the desk.

    Undo shows what was shown before; the result stays listed. That is one step for all pictures of
    a run (`more` tells of a further one), and none while there is something to redo: it would go.
    Then the result is shown all the same, as `show_result` does. The first picture of a run that
    started from nothing becomes the photo to go on with, to be repainted.
    """
    last = session.results[-1].id if session.results else 0
    session = replace(session, results=(*session.results, result)[-MAX_RESULTS:])
    sheet = session.now.sheet
    here = "" if sheet is None else sheet.display
    if result.created and here == result.source and not (more or session.future):
        return choose_tool(further(session, result.id), Tool.REPAINT)
    if sheet is None or sheet.display != result.source:
        return replace(session, version=session.version + 1)
    now = replace(session.now, result=result.id)
    if session.future or (more and session.now.result == last):
        return replace(session, now=now, version=session.version + 1)
    return push(session, now)


def show_result(session: Session, number: int) -> Session:
    """Show a result, 0 for none: a way of looking, and no step. Raises BadRequest for no such."""
    if number:
        _result(session, number)
    now = replace(session.now, result=number)
    return replace(told_nothing(session), now=now, version=session.version + 1)


# ---- steps


def _opened(session: Session) -> Step:
    if session.now.sheet is None:
        raise BadRequest("Open a photo first.")
    return session.now


def _size(now: Step) -> Size:
    return (0, 0) if now.sheet is None else now.sheet.size


def _result(session: Session, number: int) -> Finished:
    found = session.result(number)
    if found is None:
        raise BadRequest("That result is not there any more; choose another.")
    return found


def _index_of(now: Step, key: int) -> int:
    keys = [part.key for part in now.parts]
    if key not in keys:
        raise BadRequest("That part is not there any more; choose another.")
    return keys.index(key)


def _points_with(now: Step, index: int) -> tuple[Point, ...]:
    points = now.part.prompts.points
    if not 0 <= index < len(points):
        raise BadRequest(f"There is no point {index}; there are {len(points)}.")
    return points


def _for_clicks(now: Step) -> Step:
    """Clicks do not change a part that came without them: they start one of their own."""
    return _with_new_part(now, Combine.ADD) if now.part.given else now


def _with_new_part(now: Step, op: Combine) -> Step:
    if len(now.parts) >= MAX_PARTS:
        raise BadRequest(f"There are {MAX_PARTS} parts, and no more are kept; delete one.")
    key = max(part.key for part in now.parts) + 1
    return _with_parts(now, (*now.parts, Part(key, op)), len(now.parts))


def _with_point(now: Step, point: Point) -> Step:
    part = now.part
    if part.shown and point in part.prompts.points:  # the second half of a double click
        return now
    hint = None if part.answer is None else part.answer.hint(part.chosen)
    prompts = replace(part.prompts, points=(*part.prompts.points, point))
    return _with_prompts(now, prompts, hint)


def _with_prompts(now: Step, prompts: Prompts, hint: Hint | None = None) -> Step:
    check_prompts(prompts, _size(now))
    return _with_part(now, prompts=prompts, answer=None, chosen=0, hint=hint, shown=True)


def _with_part(now: Step, index: int | None = None, **changes: Any) -> Step:
    at = now.active if index is None else index
    parts = (*now.parts[:at], replace(now.parts[at], **changes), *now.parts[at + 1 :])
    return _with_parts(now, parts, now.active)


def _with_parts(now: Step, parts: tuple[Part, ...], active: int) -> Step:
    return replace(now, parts=parts, active=active, composed=None)


def _begun(session: Session, step: Step, note: str = "") -> Session:
    return Session(
        now=step,
        results=session.results,
        serial=session.serial + 1,
        version=session.version + 1,
        note=note,
        tool=session.tool,
    )
