"""The page's handlers in gradio's form: each calls plain functions and orders what they return."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from inpainting.errors import BadRequest
from inpainting.studio import Studio
from inpainting.types import ModelInfo
from inpainting.web import handlers, progress, statuscard
from inpainting.web.desk import Desk, Desks
from inpainting.web.fields import (
    COUNT,
    Painter,
    carried,
    given_back,
    painter_of,
    remembered,
    seed_problem,
)
from inpainting.web.handlers import Acted
from inpainting.web.layout import SEED_INFO
from inpainting.web.line import Line
from inpainting.web.painting import Form, Shown, paint
from inpainting.web.queries import ENDED
from inpainting.web.restoring import Restored
from inpainting.web.results import panel
from inpainting.web.texts import label

SKIPPED_FIELDS = (gr.skip(),) * COUNT

CROWDED = "Too many repaints are waiting. Please try again in a moment."


class Events:
    """One method an event; what each returns is named in its first line, in order.

    *Scene* stands for canvas, desk, region and result panel; *job* for progress card, Repaint and
    Stop; *fields* for those of the form (`fields`). gradio forgets in time only a desk that an
    event gave back, and its time begins anew with each.
    """

    def __init__(self, studio: Studio, examples: tuple[Path, ...], desks: Desks) -> None:
        self.studio = studio
        self.examples = examples
        self.desks = desks
        self.line = Line()

    # ---- the canvas and the results

    def act(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job: the canvas acted."""
        before = desk.session.serial
        acted = handlers.act(self.studio, desk, event._data)
        return *_scene(acted, desk), *self._job(desk, before)

    def show(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job: another result is to be seen, or the selection again."""
        before = desk.session.serial
        acted = handlers.show(self.studio, desk, event._data)
        return *_scene(acted, desk), *self._job(desk, before)

    def further(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job: a result is to be the photo."""
        before = desk.session.serial
        acted = handlers.further(self.studio, desk, event._data)
        return *_scene(acted, desk), *self._job(desk, before)

    def open(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job, fields: the canvas uploaded a photo."""
        before, folder = desk.session.serial, Path(get_upload_folder())
        acted, restored = handlers.open_upload(self.studio, desk, event._data, folder)
        return *_scene(acted, desk), *self._job(desk, before), *_restored(restored)

    def mask(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job: the canvas uploaded a mask."""
        before, folder = desk.session.serial, Path(get_upload_folder())
        acted = handlers.upload_mask(self.studio, desk, event._data, folder)
        return *_scene(acted, desk), *self._job(desk, before)

    def example(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job, prompt: an example was pressed."""
        before = desk.session.serial
        acted, example = handlers.open_example(self.studio, desk, event._data, self.examples)
        prompt = example.prompt if desk.session.serial != before else gr.skip()
        return *_scene(acted, desk), *self._job(desk, before), prompt

    def region(self, desk: Desk, value: str) -> Any:
        """Scene: the region switch was moved."""
        return _scene(handlers.choose_region(self.studio, desk, value), desk)

    def refresh(self, desk: Desk) -> Any:
        """Canvas: a repaint has ended, and what it did can be undone."""
        return handlers.look(self.studio, desk)

    def reuse(self, event: gr.EventData) -> Any:
        """Seed: that of a result is wanted again."""
        try:
            return str(handlers.seed_of(event._data))
        except BadRequest:
            return gr.skip()

    def _job(self, desk: Desk, serial: int) -> Any:
        """What was told of a repaint of the photo `serial` is over once another lies there."""
        if desk.session.serial == serial or self.line.has(desk):
            return (gr.skip(),) * 3
        return progress.IDLE, *_buttons(busy=False)

    # ---- a repaint

    def begin(self, desk: Desk, window: str, request: gr.Request) -> Any:
        """Ticket, job, the line's timer: Repaint was pressed in a window that shows a desk."""
        if desk.session.now.sheet is None and window not in ("", desk.key):
            job = progress.failed(ENDED), *_buttons(busy=False)
            return 0, *job, gr.Timer(active=False)
        ticket = desk.begin(request.session_hash or "")
        before = self.line.join(desk, ticket)
        job = progress.waiting(before), *_buttons(busy=True)
        return ticket, *job, gr.Timer(active=before > 0)

    def wait(self, desk: Desk, ticket: int) -> Any:
        """Progress card, the line's timer: others may have gone from the line."""
        before = self.line.before(desk, ticket)
        if before is None:
            return gr.skip(), gr.Timer(active=False)
        return progress.waiting(before), gr.Timer(active=True)

    def run(self, desk: Desk, ticket: int, *fields: Any) -> Generator[Any, None, None]:
        """Progress card, result panel, Repaint, Stop: paint."""
        quiet = True
        self.line.start(desk, ticket)
        try:
            # Without a ticket `begin` has refused it, and said why.
            for shown in paint(self.studio, desk, Form(*fields), ticket) if ticket else ():
                quiet = False
                yield _updates(shown)
        finally:
            self.line.leave(desk, ticket)
        if quiet:  # gradio would empty the outputs of a run that never yields
            yield (gr.skip(),) * 4

    def stop(self, desk: Desk) -> Any:
        """Job: Stop was pressed."""
        desk.stop()
        return progress.STOPPED, *_buttons(busy=False)

    def refused(self, desk: Desk) -> Any:
        """Job: the queue did not take the repaint."""
        if desk.stopped:
            return progress.STOPPED, *_buttons(busy=False)
        desk.stop()
        return progress.failed(CROWDED), *_buttons(busy=False)

    # ---- the form

    def remember(self, desk: Desk, painter: Painter, *values: Any) -> None:
        """Nothing is drawn: the fields have changed."""
        desk.form = remembered(values, painter)

    def check_seed(self, value: str) -> Any:
        """Seed: what is wrong with it stands under its field at once."""
        problem = seed_problem(value)
        return gr.update(
            info=label(problem or SEED_INFO), elem_classes=["pp-wrong"] if problem else []
        )

    # ---- the page

    def arrive(self) -> Any:
        """Header, status card: the page was loaded."""
        status = self.studio.status()
        return statuscard.pill(status), statuscard.card(status)

    def resume(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, painter, fields: the canvas of a page just loaded asks for what lay there."""
        found = handlers.resume(self.studio, self.desks, desk, event._data)
        kept, info = found.desk, self.studio.painter.info
        scene = found.view, kept, found.region, panel(kept.session, kept.key)
        values = given_back(found.form, info)
        if values is None:
            return *scene, gr.skip(), *SKIPPED_FIELDS
        fields = (*values[:6], _schedulers(info, values[6]), values[7])
        return *scene, painter_of(info), *fields

    def status(self, painter: Painter, *knobs: Any) -> Any:
        """Header, status card, timer, painter, and the knobs where it is another one."""
        status, info = self.studio.status(), self.studio.painter.info
        again = gr.Timer(active=bool(status.loading))
        fields: tuple[Any, ...] = (gr.skip(),) * len(knobs)
        if info.key != painter.key:
            values = carried(knobs, painter.best, info)
            fields = (*values[:3], _schedulers(info, values[3]))
        told = statuscard.pill(status), statuscard.card(status)
        return *told, again, painter_of(info), *fields


def _scene(acted: Acted, desk: Desk) -> tuple[Any, ...]:
    region = gr.skip() if acted.region is None else acted.region
    results = panel(desk.session, desk.key) if acted.results else gr.skip()
    return acted.view, desk, region, results


def _restored(restored: Restored | None) -> tuple[Any, ...]:
    """Return the fields' values; a plain photo changes none."""
    if restored is None:
        return SKIPPED_FIELDS
    s = restored.settings
    texts = s.prompt, s.negative_prompt, str(s.seed)
    return *texts, s.guidance, s.steps, s.strength, s.scheduler, gr.skip()


def _schedulers(info: ModelInfo, value: str) -> Any:
    return gr.update(value=value, choices=list(info.schedulers))


def _buttons(busy: bool) -> tuple[Any, Any]:
    return gr.update(visible=not busy), gr.update(visible=busy)


def _updates(shown: Shown) -> tuple[Any, ...]:
    return shown.progress, shown.results, *_buttons(shown.busy)
