"""The page's handlers in gradio's form: each calls plain functions and orders what they return."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from inpainting.errors import BadRequest, PointPaintError
from inpainting.offers import Kind, Offer, Switch
from inpainting.requests import MAX_PROMPT
from inpainting.studio import Studio
from inpainting.types import ModelInfo
from inpainting.web import handlers, progress, statuscard
from inpainting.web.catalogue import choices, facts
from inpainting.web.desk import Desk, Desks
from inpainting.web.fields import (
    Painter,
    carried,
    for_another,
    given_back,
    painter_of,
    remembered,
    seed_problem,
)
from inpainting.web.form import COUNT, FIELDS, Form, with_lora
from inpainting.web.gridding import size_told
from inpainting.web.handlers import Acted
from inpainting.web.layout import IDLE_SECONDS, POLL_SECONDS
from inpainting.web.line import Line
from inpainting.web.painting import Shown, check, paint
from inpainting.web.prompting import token_line, with_negative
from inpainting.web.queries import ENDED
from inpainting.web.results import panel
from inpainting.web.session import Session
from inpainting.web.settingparts import SEED_INFO
from inpainting.web.sizing import extension, picture_size
from inpainting.web.texts import label
from inpainting.web.tooling import TITLES
from inpainting.web.toolparts import method_choices

SKIPPED_FIELDS = (gr.skip(),) * COUNT

FOLLOWED = -1
"""The ticket of a window that only hears of a repaint which another one has begun."""

UNFIT = "A setting has a value that the page cannot use. Please look the settings through."
CROWDED = "Too many repaints are waiting. Please try again in a moment."


class Events:
    """One method an event; what each returns is named in its first line, in order.

    *Scene* stands for canvas, desk, region and result panel; *job* for progress card, Repaint and
    Stop; *fields* for those of the form (`fields`). gradio forgets in time only a desk that an
    event gave back, and its time begins anew with each.
    """

    def __init__(
        self,
        studio: Studio,
        examples: tuple[Path, ...],
        desks: Desks,
        switch: Switch | None = None,
    ) -> None:
        self.studio = studio
        self.switch = switch
        self.examples = examples
        self.desks = desks
        self.line = Line()

    # ---- the canvas and the results

    def act(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job: the canvas acted."""
        before = desk.session
        acted = handlers.act(self.studio, desk, event._data)
        return *_scene(acted, desk), *self._job(desk, before)

    def show(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job: another result is to be seen, or the selection again."""
        before = desk.session
        acted = handlers.show(self.studio, desk, event._data)
        return *_scene(acted, desk), *self._job(desk, before)

    def further(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job: a result is to be the photo."""
        before = desk.session
        acted = handlers.further(self.studio, desk, event._data)
        return *_scene(acted, desk), *self._job(desk, before)

    def open(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job, fields, what to extend to: the canvas uploaded a photo, or a recipe."""
        before, folder = desk.session, Path(get_upload_folder())
        acted, restored = handlers.open_upload(self.studio, desk, event._data, folder)
        values = for_another(before, desk.session) | dict(restored.values if restored else {})
        scene = (*_scene(acted, desk), *self._job(desk, before))
        return *scene, *self._values(values), _quick_sides(values)

    def mask(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job: the canvas uploaded a mask."""
        before, folder = desk.session, Path(get_upload_folder())
        acted = handlers.upload_mask(self.studio, desk, event._data, folder)
        return *_scene(acted, desk), *self._job(desk, before)

    def example(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job, fields, what to extend to: an example was pressed."""
        before = desk.session
        acted, example = handlers.open_example(self.studio, desk, event._data, self.examples)
        values = for_another(before, desk.session)
        if desk.session.serial != before.serial:
            values["prompt"] = example.prompt
        scene = (*_scene(acted, desk), *self._job(desk, before))
        return *scene, *self._values(values), _quick_sides(values)

    def region(self, desk: Desk, value: str) -> Any:
        """Scene: the region switch was moved."""
        return _scene(handlers.choose_region(self.studio, desk, value), desk)

    def tool(self, desk: Desk, value: str) -> Any:
        """Scene, main button: the tool switch was moved, by a hand or by a recipe."""
        acted = handlers.choose_tool(self.studio, desk, value)
        scene = (acted.view, desk, desk.session.choice, gr.skip())
        return *scene, gr.update(value=label(TITLES[desk.session.tool]))

    def find(self, desk: Desk, text: str) -> Any:
        """Scene: words for what to select were entered."""
        return _scene(handlers.find(self.studio, desk, text), desk)

    def refresh(self, desk: Desk) -> Any:
        """Canvas, tool: a repaint has ended, and what it did can be undone."""
        return handlers.look(self.studio, desk), desk.session.tool.value

    def reuse(self, event: gr.EventData) -> Any:
        """Seed: that of a result is wanted again."""
        try:
            return str(handlers.seed_of(event._data))
        except BadRequest:
            return gr.skip()

    def _job(self, desk: Desk, before: Session) -> Any:
        """What was told of a repaint is over once another photo lies there than before, or the
        first of it is selected.
        """
        now = desk.session
        same = now.serial == before.serial and now.selects <= before.selects
        if same or self.line.has(desk):
            return (gr.skip(),) * 3
        return progress.IDLE, *_buttons(busy=False)

    # ---- a repaint

    def begin(self, desk: Desk, window: str, request: gr.Request, *fields: Any) -> Any:
        """Ticket, job, the line's timer: Repaint was pressed in a window that shows a desk."""
        try:
            if desk.session.now.sheet is None and window not in ("", desk.key):
                raise BadRequest(ENDED)
            check(self.studio, desk, Form(*fields))
        except PointPaintError as error:
            card = {**progress.failed(str(error)), "run": desk.refuse()}
            return 0, card, *_buttons(busy=False), gr.Timer(active=False)
        ticket = desk.begin(request.session_hash or "")
        first = self._first(self.line.join(desk, ticket))
        job = progress.waiting(first), *_buttons(busy=True)
        return ticket, *job, gr.Timer(active=first > 0)

    def _first(self, before: int) -> int:
        """How many of those before in the line end first: a batch is painted at a time."""
        return max(0, before + 1 - self.studio.painter.info.batch)

    def wait(self, desk: Desk, ticket: int) -> Any:
        """Progress card, result panel, the line's timer: others may have gone from the line."""
        if ticket == FOLLOWED:
            return self._follow(desk)
        before = self.line.before(desk, ticket)
        if before is None:
            return gr.skip(), gr.skip(), gr.Timer(active=False)
        return progress.waiting(self._first(before)), gr.skip(), gr.Timer(active=True)

    def _follow(self, desk: Desk) -> Any:
        """As `wait`, of a repaint that this window has not begun; its end is told once."""
        busy, stopped = desk.busy, desk.stopped
        card = progress.ELSEWHERE if busy else progress.OVER
        if stopped:
            card = progress.LEFT if desk.left else progress.STOPPED
        if busy:
            return card, gr.skip(), gr.Timer(active=True)
        desk.told()
        return card, panel(desk.session, desk.key), gr.Timer(active=False)

    def run(self, desk: Desk, ticket: int, *fields: Any) -> Generator[Any, None, None]:
        """Progress card, result panel, Repaint, Stop: paint."""
        quiet = True
        self.line.start(desk, ticket)
        try:
            # Without a ticket `begin` has refused it, and said why.
            with desk.work():
                for shown in paint(self.studio, desk, Form(*fields), ticket) if ticket else ():
                    quiet = False
                    if not shown.busy:
                        desk.end(ticket)
                    yield _updates(shown)
        finally:
            self.line.leave(desk, ticket)
        if quiet:  # gradio would empty the outputs of a run that never yields
            yield (gr.skip(),) * 4

    def stop(self, desk: Desk) -> Any:
        """Job: Stop was pressed."""
        desk.stop()
        return progress.STOPPED, *_buttons(busy=False)

    def unfit(self, desk: Desk) -> Any:
        """Job: gradio would not take the fields; a repaint that was begun before goes on."""
        card = {**progress.failed(UNFIT), "run": desk.refuse()}
        return card, *_buttons(busy=self.line.has(desk))

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

    def tokens(self, prompt: object) -> Any:
        """Line under the prompt: it has changed."""
        # What is longer is refused, and counting it could hold up everybody.
        text = prompt if isinstance(prompt, str) and len(prompt) <= MAX_PROMPT else ""
        return token_line(self.studio.tokens(text))

    def preset(self, negative: str, name: str) -> Any:
        """Negative prompt, the list of presets: one was chosen."""
        return with_negative(negative, name), None

    def add_lora(self, text: str, name: str) -> Any:
        """LoRA text, the list of files: one was chosen."""
        return with_lora(text, name), None

    def extend_to(self, desk: Desk, name: str) -> Any:
        """Left, top, right, bottom: a quick choice of what to extend to."""
        sheet = desk.session.now.sheet
        if sheet is None:
            return (gr.skip(),) * 4
        sides = extension(sheet.size, name)
        return sides.left, sides.top, sides.right, sides.bottom

    def shape(self, name: str) -> Any:
        """Width, height: a shape was chosen for a new picture."""
        return picture_size(self.studio.painter.info.native_side, name)

    def grid(self, *fields: Any) -> Any:
        """Line under the grid's fields: they have changed."""
        return told(size_told(Form(**dict(zip(GRID, fields, strict=True)))))

    # ---- the models

    def kind(self, kind: str) -> Any:
        """Model, facts: another kind of model is to be seen."""
        offers = self._offers()
        status = self.studio.status()
        used = {"painter": status.painter.key, "segmenter": status.segmenter.key}
        listed = choices(offers, kind)
        key = used.get(kind) or (listed[0][1] if listed else None)
        return gr.update(choices=listed, value=key), facts(offers, kind, key)

    def model(self, kind: str, key: str) -> Any:
        """Facts: another model is to be read about."""
        return facts(self._offers(), kind, key)

    def load(self, kind: Kind, key: str) -> Any:
        """What was wrong, timer: the model is to be loaded; the status card tells how far it is."""
        try:
            if self.switch is not None:
                self.switch.switch(kind, key)
        except PointPaintError as error:
            return told(str(error), "pp-mark"), self._again(loading=True)
        return "", self._again(loading=True)

    def _offers(self) -> tuple[Offer, ...]:
        return self.switch.offers() if self.switch else ()

    # ---- the page

    def arrive(self) -> Any:
        """Header, status card, and what hangs on the models: the page was loaded."""
        status = self.studio.status()
        return statuscard.pill(status), statuscard.card(status), *self._hanging()

    def _hanging(self) -> tuple[Any, ...]:
        """What is there with the models in use.

        Methods, softness, guidance until, reuse, LoRA files, their names, text to find.
        """
        info, fillers = self.studio.painter.info, self.studio.fillers
        loras = self.switch.loras() if self.switch else ()
        return (
            gr.update(choices=method_choices(fillers)),
            gr.update(visible=info.soft),
            gr.update(visible=info.shortcuts),
            gr.update(visible=info.shortcuts),
            gr.update(visible=bool(info.lora_base and loras)),
            gr.update(choices=list(loras)),
            gr.update(visible=self.studio.can_find),
        )

    def _again(self, loading: bool) -> gr.Timer:
        """Where models can be switched another window may do so at any time."""
        seconds = POLL_SECONDS if loading else IDLE_SECONDS
        return gr.Timer(seconds, active=loading or self.switch is not None)

    def resume(self, desk: Desk, event: gr.EventData) -> Any:
        """Scene, job's card, ticket, line's timer, painter, fields: the canvas of a page that was
        just loaded asks for what lay there.
        """
        found = handlers.resume(self.studio, self.desks, desk, event._data)
        kept, info = found.desk, self.studio.painter.info
        scene = found.view, kept, found.region, panel(kept.session, kept.key)
        job: tuple[Any, ...] = (gr.skip(),) * 3
        if kept.busy or kept.left:
            card, _, timer = self._follow(kept)
            job = card, FOLLOWED, timer
        values = given_back(found.form, info)
        if not values:
            return *scene, *job, gr.skip(), *SKIPPED_FIELDS
        return *scene, *job, painter_of(info), *self._values(values)

    def _values(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what each field shows; one without a value stays as it is."""
        fields = {name: values.get(name, gr.skip()) for name in FIELDS}
        if "scheduler" in values:
            fields["scheduler"] = _schedulers(self.studio.painter.info, values["scheduler"])
        return tuple(fields.values())

    def status(self, painter: Painter, *knobs: Any) -> Any:
        """Header, status card, timer, painter, what hangs on the models, and the knobs.

        Those change where it is another painter.
        """
        status, info = self.studio.status(), self.studio.painter.info
        again = self._again(bool(status.loading))
        fields: tuple[Any, ...] = (gr.skip(),) * len(knobs)
        if info.key != painter.key:
            values = carried(knobs, painter.best, info)
            fields = (*values[:3], _schedulers(info, values[3]), values[4])
        cards = statuscard.pill(status), statuscard.card(status)
        return *cards, again, painter_of(info), *self._hanging(), *fields


GRID = ("x_setting", "x_values", "y_setting", "y_values")
"""The fields of the grid, by their names in the form."""


def told(sentence: str, kind: str = "") -> str:
    """Return a sentence as markup that is translated in the page."""
    return f'<p class="{kind}" data-t>{escape(sentence)}</p>' if sentence else ""


def _scene(acted: Acted, desk: Desk) -> tuple[Any, ...]:
    region = gr.skip() if acted.region is None else acted.region
    results = panel(desk.session, desk.key) if acted.results else gr.skip()
    return acted.view, desk, region, results


def _quick_sides(values: Mapping[str, Any]) -> Any:
    """Return what the quick choice of sides shows: none where the sides are set without it."""
    return None if "left" in values else gr.skip()


def _schedulers(info: ModelInfo, value: str) -> Any:
    return gr.update(value=value, choices=list(info.schedulers))


def _buttons(busy: bool) -> tuple[Any, Any]:
    return gr.update(visible=not busy), gr.update(visible=busy)


def _updates(shown: Shown) -> tuple[Any, ...]:
    results = gr.skip() if shown.results is None else shown.results
    return shown.progress, results, *_buttons(shown.busy)
