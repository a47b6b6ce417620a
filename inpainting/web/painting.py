"""A repaint from the page's fields to what the page shows, step by step."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from inpainting.errors import PointPaintError
from inpainting.studio import Studio
from inpainting.types import PaintResult, Progress, Rgb, Tool
from inpainting.web import editing, progress
from inpainting.web.composing import compose
from inpainting.web.desk import Desk
from inpainting.web.display import reduced
from inpainting.web.filing import Filing
from inpainting.web.finished import Finished
from inpainting.web.form import Form, draft_of, request_of, suited, tool_of
from inpainting.web.gridding import CELL_SIDE, Plot, plot_of, sheet_of
from inpainting.web.results import add, finish, panel, sheet_of_all
from inpainting.web.selecting import UNEXPECTED, settle_wholly
from inpainting.web.session import Session

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows now: the progress card, the result panel, and whether work goes on.

    `results` is None where it is still as it was shown last: gradio looks at each of its files
    every time, which would take longer than a step where there are many. The first and the last of
    a run always have it.
    """

    progress: dict[str, Any]
    results: dict[str, Any] | None
    busy: bool = True


class Strip:
    """The result panel of a desk, for a page that has been shown it before."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown: tuple[tuple[Finished, ...], int] | None = None

    def news(self, whole: bool) -> dict[str, Any] | None:
        """Return the panel's value where it has changed, or `whole` is wanted; else None."""
        session = self._desk.session
        before, self._shown = self._shown, (session.results, session.now.result)
        return panel(session, self._desk.key) if whole or before != self._shown else None


@dataclass(slots=True)
class Tally:
    """What a run has brought so far.

    `painted` pictures, the `seconds` of each that is filed, and `small` copies for a grid.
    """

    painted: int = 0
    seconds: list[float] = field(default_factory=list)
    small: list[Rgb] = field(default_factory=list)


def check(studio: Studio, desk: Desk, form: Form) -> None:
    """Refuse, before anybody waits for it, what cannot be painted; raises as `Studio.check`."""
    session = desk.session
    photo = None if session.now.sheet is None else desk.photo(session.now.sheet)
    draft = suited(draft_of(session, photo, form), studio.painter.info)
    for request in plot_of(draft, form).requests:
        studio.check(request)


def paint(studio: Studio, desk: Desk, form: Form, ticket: int) -> Generator[Shown, None, None]:
    """Do what the form says with what lies on the desk; yield what to show after each step.

    The last comes without `busy`. Each picture is on the desk, and shown, as soon as it is
    finished. Ends within one step when the desk does not want `ticket` any more. Every error
    becomes its sentence; photo, selection, prompt and the results so far are never touched.
    """
    with closing(_paint(studio, desk, form, ticket)) as views:
        for shown in views:
            yield replace(shown, progress={**shown.progress, "run": ticket})


def _paint(studio: Studio, desk: Desk, form: Form, ticket: int) -> Generator[Shown, None, None]:
    begun, tally, strip = desk.session.serial, Tally(), Strip(desk)

    def shown(view: progress.View, busy: bool = False) -> Shown:
        return Shown(view, strip.news(whole=not busy), busy)

    try:
        if desk.wants(ticket):
            yield shown(progress.WAITING, busy=True)
            with closing(_steps(studio, desk, form, ticket, tally)) as views:
                for view in views:
                    yield shown(view, busy=True)
    except PointPaintError as error:
        yield shown(progress.failed(str(error)))
    except Exception:
        _LOG.exception("painting failed")
        yield shown(progress.failed(UNEXPECTED))
    else:
        if desk.wants(ticket):
            yield shown(progress.done(_closing_words(tally.seconds)))
        elif desk.stopped:
            # Stop may come before the first step: then this is the last that the page hears.
            moved = desk.session.serial != begun
            yield shown(progress.IDLE if moved else progress.STOPPED)


def _steps(
    studio: Studio, desk: Desk, form: Form, ticket: int, tally: Tally
) -> Generator[progress.View, None, None]:
    """Yield the steps, and put the pictures on the desk as they come; end when not wanted."""
    session = _for_tool(studio, settle_wholly(studio, desk), tool_of(form.tool))
    photo = None if session.now.sheet is None else desk.photo(session.now.sheet)
    source = "" if session.now.sheet is None else session.now.sheet.display
    request = suited(request_of(session, photo, form), studio.painter.info)
    plot = plot_of(request, form)
    file = partial(finish, photo=photo, source=source)
    seen = progress.WAITING
    with Filing(file) as filing:
        try:
            with closing(_events(studio, plot)) as events:
                for event in events:
                    if not desk.wants(ticket):
                        return
                    if isinstance(event, PaintResult):
                        _take(studio, event, plot, tally)
                        filing.add(event)
                    else:
                        seen = progress.painting(event, tally.painted + 1, plot.count)
                        yield seen
                    for item in filing.ready():
                        _put(desk, item, tally)
                        yield seen
            for item in filing.ready(0):
                _put(desk, item, tally)
                yield progress.WAITING
        finally:  # what is painted stays, also where somebody pressed Stop since
            for item in filing.rest():
                _put(desk, item, tally)
    if plot.is_grid:
        whole = sheet_of(plot, tally.small)
        desk.change(partial(add, item=sheet_of_all(whole, plot.seed, source), more=True))
        yield progress.WAITING


def _for_tool(studio: Studio, session: Session, tool: Tool) -> Session:
    """Return a settled session with the tool of the form, and its selection as that takes it.

    The desk is left alone: by the time a repaint begins its user may have gone on to another tool.
    """
    chosen = editing.choose_tool(session, tool)
    if not chosen.unsettled:
        return chosen
    selection = compose(chosen, studio.painter.info)
    return replace(chosen, now=replace(chosen.now, composed=selection))


def _events(studio: Studio, plot: Plot) -> Generator[Progress | PaintResult, None, None]:
    for request in plot.requests:
        with closing(studio.paint(request)) as events:
            yield from events


def _take(studio: Studio, result: PaintResult, plot: Plot, tally: Tally) -> None:
    """Note a picture, and look at one that will be clicked on."""
    if result.recipe.tool is Tool.CREATE and not tally.painted:
        studio.embed(result.photo)
    tally.painted += 1
    tally.small.extend([reduced(result.photo.rgb, CELL_SIDE)] if plot.is_grid else [])


def _put(desk: Desk, item: Finished, tally: Tally) -> None:
    desk.change(partial(add, item=item, more=bool(tally.seconds)))
    tally.seconds.append(item.seconds)


def _closing_words(seconds: list[float]) -> str:
    total = f"{sum(seconds):.1f}"
    if len(seconds) == 1:
        return f"Done in {total} s."
    return f"{len(seconds)} pictures done in {total} s."
