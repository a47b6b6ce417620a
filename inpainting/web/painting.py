"""A repaint from the page's fields to what the page shows, step by step."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from inpainting.errors import BadRequest, NothingSelected, PointPaintError
from inpainting.studio import Studio
from inpainting.types import PaintRequest, PaintResult
from inpainting.web import progress
from inpainting.web.desk import Desk
from inpainting.web.results import Finished, finish, panel
from inpainting.web.selecting import UNEXPECTED
from inpainting.web.session import Session

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

    All of it each time: a browser that falls behind may draw the last of several alone. The last
    result stays until there is a new picture.
    """

    progress: dict[str, Any]
    results: dict[str, Any]
    busy: bool = True


def request_of(session: Session, form: Form) -> PaintRequest:
    """Return what to paint, its ranges unchecked; raises BadRequest and NothingSelected."""
    photo, mask = session.photo, session.mask
    if photo is None:
        raise BadRequest("Open a photo first.")
    if mask is None:
        raise NothingSelected("Nothing is selected yet: click the subject of the photo first.")
    return PaintRequest(
        photo=photo,
        mask=mask,
        region=session.region,
        prompt=form.prompt or "",
        negative_prompt=form.negative_prompt or "",
        seed=_seed(form.seed),
        steps=_whole(form.steps),
        guidance=form.guidance,
        strength=form.strength,
        scheduler=form.scheduler or None,
        variations=_whole(form.variations) or 1,
        prompts=session.now.prompts,
    )


def _seed(value: Any) -> Any:
    """An empty field and -1 ask for a new seed each time; what is no number is left as it is."""
    text = str("" if value is None else _whole(value)).strip()
    if text in ("", "-1"):
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text[:20]


def _whole(value: Any) -> Any:
    """Sliders and number fields give 20.0 for 20; what is not whole is left for the check."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def paint(studio: Studio, desk: Desk, form: Form, ticket: int) -> Generator[Shown, None, None]:
    """Repaint what lies on the desk; yield what to show after each step, and last without `busy`.

    Ends within one step when the desk does not want `ticket` any more. Every error becomes its
    sentence; photo, points and prompt are never touched.
    """
    with closing(_paint(studio, desk, form, ticket)) as views:
        for shown in views:
            yield replace(shown, progress={**shown.progress, "run": ticket})


def _paint(studio: Studio, desk: Desk, form: Form, ticket: int) -> Generator[Shown, None, None]:
    session, finished = desk.session, list[Finished]()

    def shown(view: progress.View, busy: bool = False) -> Shown:
        if finished:
            desk.results = panel(session.display, finished, ticket)
        return Shown(view, desk.results, busy)

    try:
        if desk.wants(ticket):
            yield shown(progress.WAITING, busy=True)
            request = request_of(session, form)
            with closing(_steps(studio, desk, request, ticket, finished)) as views:
                for view in views:
                    yield shown(view, busy=True)
    except PointPaintError as error:
        yield shown(progress.failed(str(error)))
    except Exception:
        _LOG.exception("painting failed")
        yield shown(progress.failed(UNEXPECTED))
    else:
        if desk.wants(ticket):
            yield shown(progress.done(_closing_words(finished)))
        elif desk.stopped:
            # Stop may come before the first step: then this is the last that the page hears.
            yield shown(progress.STOPPED)


def _steps(
    studio: Studio, desk: Desk, request: PaintRequest, ticket: int, finished: list[Finished]
) -> Generator[progress.View, None, None]:
    """Yield the steps, and put the pictures into `finished` as they come; end when not wanted."""
    with closing(studio.paint(request)) as events:
        for event in events:
            if not desk.wants(ticket):
                return
            if isinstance(event, PaintResult):
                finished.append(finish(event))
                yield progress.WAITING
            else:
                yield progress.painting(event)


def _closing_words(finished: list[Finished]) -> str:
    seconds = sum(item.seconds for item in finished)
    count = "Done" if len(finished) == 1 else f"{len(finished)} pictures done"
    return f"{count} in {seconds:.1f} s. See the result below."
