"""A repaint from the page's fields to what the page shows, step by step."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from inpainting.errors import BadRequest, NothingSelected, PointPaintError
from inpainting.studio import Studio
from inpainting.types import Combine, PaintRequest, PaintResult, Photo, Prompts
from inpainting.web import progress
from inpainting.web.desk import Desk
from inpainting.web.results import add, finish, panel
from inpainting.web.selecting import UNEXPECTED, settle_wholly
from inpainting.web.session import NO_PROMPTS, Session, Step

NOT_SELECTED = "Nothing is selected yet: click the subject of the photo first."

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of the page as the client sent them; nothing about them is known yet."""

    prompt: Any = ""
    negative_prompt: Any = ""
    seed: Any = None
    guidance: Any = None
    steps: Any = None
    strength: Any = None
    scheduler: Any = None
    variations: Any = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows now: the progress card, the result panel, and whether work goes on.

    All of it each time: a browser that falls behind may draw the last of several alone.
    """

    progress: dict[str, Any]
    results: dict[str, Any]
    busy: bool = True


def request_of(session: Session, photo: Photo, form: Form) -> PaintRequest:
    """Return what to paint on `photo`, the session's own, its ranges unchecked.

    Raises NothingSelected.
    """
    now, mask = session.now, session.mask
    if mask is None:
        raise NothingSelected(NOT_SELECTED)
    return PaintRequest(
        photo=photo,
        mask=mask,
        region=now.region,
        prompt=form.prompt or "",
        negative_prompt=form.negative_prompt or "",
        seed=seed_from(form.seed),
        steps=_whole(form.steps),
        guidance=form.guidance,
        strength=form.strength,
        scheduler=form.scheduler or None,
        variations=_whole(form.variations) or 1,
        feather=now.edges.feather,
        prompts=_prompts(now),
    )


def _prompts(now: Step) -> Prompts:
    """The clicks, where they alone led to the mask; several parts' clicks would mean another."""
    parts = [part for part in now.parts if not part.empty]
    if len(parts) != 1 or parts[0].strokes or parts[0].op is not Combine.ADD:
        return NO_PROMPTS
    return parts[0].prompts


def seed_from(value: Any) -> Any:
    """Return the seed that a field's text means: None for an empty one and -1, else a number.

    None asks for a new seed each time. What is no whole number is left as text.
    """
    text = str("" if value is None else _whole(value)).strip()
    if text in ("", "-1"):
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text[:20]


def _whole(value: Any) -> Any:
    """Sliders and number fields give 20.0 for 20; what is not whole is left for the check."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def paint(studio: Studio, desk: Desk, form: Form, ticket: int) -> Generator[Shown, None, None]:
    """Repaint what lies on the desk; yield what to show after each step, and last without `busy`.

    Each picture is on the desk, and shown, as soon as it is finished. Ends within one step when the
    desk does not want `ticket` any more. Every error becomes its sentence; photo, selection, prompt
    and the results so far are never touched.
    """
    with closing(_paint(studio, desk, form, ticket)) as views:
        for shown in views:
            yield replace(shown, progress={**shown.progress, "run": ticket})


def _paint(studio: Studio, desk: Desk, form: Form, ticket: int) -> Generator[Shown, None, None]:
    begun, seconds = desk.session.serial, list[float]()

    def shown(view: progress.View, busy: bool = False) -> Shown:
        return Shown(view, panel(desk.session, desk.key), busy)

    try:
        if desk.wants(ticket):
            yield shown(progress.WAITING, busy=True)
            with closing(_steps(studio, desk, form, ticket, seconds)) as views:
                for view in views:
                    yield shown(view, busy=True)
    except PointPaintError as error:
        yield shown(progress.failed(str(error)))
    except Exception:
        _LOG.exception("painting failed")
        yield shown(progress.failed(UNEXPECTED))
    else:
        if desk.wants(ticket):
            yield shown(progress.done(_closing_words(seconds)))
        elif desk.stopped:
            # Stop may come before the first step: then this is the last that the page hears.
            moved = desk.session.serial != begun
            yield shown(progress.IDLE if moved else progress.STOPPED)


def _steps(
    studio: Studio, desk: Desk, form: Form, ticket: int, seconds: list[float]
) -> Generator[progress.View, None, None]:
    """Yield the steps, and put the pictures on the desk as they come; end when not wanted.

    `seconds` gets the time that each picture took.
    """
    session = settle_wholly(studio, desk)
    if session.now.sheet is None:
        raise BadRequest("Open a photo first.")
    request = request_of(session, desk.photo(session.now.sheet), form)
    with closing(studio.paint(request)) as events:
        for event in events:
            if not desk.wants(ticket):
                return
            if isinstance(event, PaintResult):
                item = finish(event, session.now.sheet.display)
                desk.change(partial(add, item=item, more=bool(seconds)))
                seconds.append(event.seconds)
                yield progress.WAITING
            else:
                yield progress.painting(event)


def _closing_words(seconds: list[float]) -> str:
    total = f"{sum(seconds):.1f}"
    if len(seconds) == 1:
        return f"Done in {total} s."
    return f"{len(seconds)} pictures done in {total} s."
