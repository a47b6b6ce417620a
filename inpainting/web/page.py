"""The page: what lies where, and which handler answers which event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from inpainting.errors import BadRequest
from inpainting.requests import MAX_GUIDANCE, MAX_PROMPT, MAX_STEPS
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import ModelInfo, PaintDefaults, Region
from inpainting.web import handlers, progress, statuscard
from inpainting.web.canvas import point_canvas
from inpainting.web.desk import Desk
from inpainting.web.examples import example_strip
from inpainting.web.painting import Form, Shown, paint
from inpainting.web.restoring import Restored
from inpainting.web.results import result_panel
from inpainting.web.serve import DELETE_AFTER, Page

HEADER = (
    '<div class="pp-header"><div><h1>Point &amp; Paint</h1>'
    "<p>Click the subject, say what the rest should be.</p></div>${value}</div>"
)
POLL_SECONDS = 1.5
MAX_VARIATIONS = 4

QUICK: dict[str, Any] = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
"""For all that must never wait behind a repaint."""


@dataclass(frozen=True, slots=True)
class Widgets:
    """The page's parts by name."""

    desk: gr.State
    ticket: gr.State
    painter: gr.State
    header: gr.HTML
    canvas: gr.HTML
    examples: gr.HTML
    region: gr.Radio
    prompt: gr.Textbox
    negative: gr.Textbox
    repaint: gr.Button
    stop: gr.Button
    progress: gr.HTML
    seed: gr.Textbox
    dice: gr.Button
    guidance: gr.Slider
    steps: gr.Slider
    strength: gr.Slider
    scheduler: gr.Dropdown
    variations: gr.Slider
    status: gr.HTML
    result: gr.HTML
    timer: gr.Timer


def build_page(studio: Studio, settings: Settings, examples: Sequence[Path]) -> gr.Blocks:
    """Return the page of a studio, not launched; `examples` are photos to begin with."""
    page = Page(settings)
    with page:
        widgets = _layout(studio, settings, examples)
        events = Events(studio, tuple(examples))
        _wire_canvas(widgets, events)
        _wire_painting(widgets, events)
        _wire_status(page, widgets, events)
        _wire_visit(page, widgets, events)
    return page


def _layout(studio: Studio, settings: Settings, examples: Sequence[Path]) -> Widgets:
    parts: dict[str, Any] = {
        # gradio forgets the desk of a closed window after an hour, and this one with its files.
        "desk": gr.State(Desk(), time_to_live=DELETE_AFTER, delete_callback=Desk.forget),
        "ticket": gr.State(0),
        "painter": gr.State(""),
        "header": gr.HTML(
            statuscard.pill(studio.status()), html_template=HEADER, elem_id="pp-header"
        ),
        "timer": gr.Timer(POLL_SECONDS),
    }
    with gr.Row(elem_id="pp-main"):
        with gr.Column(scale=7, min_width=340):
            parts["canvas"] = point_canvas(settings)
            parts["examples"] = example_strip(examples)
        with gr.Column(scale=3, min_width=320, elem_id="pp-side"):
            parts.update(_form(), **_settings(studio.painter.info))
            parts["status"] = gr.HTML(statuscard.card(studio.status()), elem_id="pp-status")
    parts["result"] = result_panel()
    return Widgets(**parts)


def _form() -> dict[str, Any]:
    """What to repaint, with what, and the button that does it."""
    return {
        "region": gr.Radio(
            [("Background", Region.BACKGROUND.value), ("Subject", Region.SUBJECT.value)],
            value=Region.BACKGROUND.value,
            label="Repaint",
            elem_id="pp-region",
        ),
        "prompt": gr.Textbox(
            label="Prompt",
            placeholder="what to paint, such as: sunset sea",
            lines=2,
            max_lines=5,
            max_length=MAX_PROMPT,
            elem_id="pp-prompt",
        ),
        "negative": gr.Textbox(
            label="Negative prompt",
            placeholder="what should not appear",
            max_length=MAX_PROMPT,
            elem_id="pp-negative",
        ),
        "repaint": gr.Button("Repaint", variant="primary", elem_id="pp-repaint"),
        "stop": gr.Button("Stop", variant="stop", visible=False, elem_id="pp-stop"),
        "progress": progress.progress_card(),
    }


def _settings(info: ModelInfo) -> dict[str, Any]:
    """The settings of the painter, folded away."""
    best = defaults_of(info)
    with gr.Accordion("Settings", open=False, elem_id="pp-settings"):
        with gr.Row(elem_id="pp-seed-row"):
            seed = gr.Textbox(
                label="Seed",
                placeholder="new each time",
                max_length=10,
                min_width=120,
                elem_id="pp-seed",
            )
            dice = gr.Button("Random", size="md", elem_id="pp-dice")
        return {
            "seed": seed,
            "dice": dice,
            "guidance": gr.Slider(
                0, MAX_GUIDANCE, best.guidance, step=0.5, label="Guidance", elem_id="pp-guidance"
            ),
            "steps": gr.Slider(1, MAX_STEPS, best.steps, step=1, label="Steps", elem_id="pp-steps"),
            "strength": gr.Slider(
                0.05, 1.0, best.strength, step=0.01, label="Strength", elem_id="pp-strength"
            ),
            "scheduler": gr.Dropdown(
                list(info.schedulers),
                value=best.scheduler,
                label="Scheduler",
                elem_id="pp-scheduler",
            ),
            "variations": gr.Slider(
                1, MAX_VARIATIONS, 1, step=1, label="Variations", elem_id="pp-variations"
            ),
        }


def defaults_of(info: ModelInfo) -> PaintDefaults:
    """Return what the settings begin with for a painter."""
    first = info.schedulers[0] if info.schedulers else ""
    return info.defaults or PaintDefaults(20, 7.0, 1.0, first)


class Events:
    """The handlers in gradio's form: each calls a plain function and names its outputs' updates."""

    def __init__(self, studio: Studio, examples: tuple[Path, ...]) -> None:
        self.studio = studio
        self.examples = examples

    def arrive(self, desk: Desk) -> Any:
        """The page was loaded. gradio forgets in time only what an event gave back."""
        return desk

    def act(self, desk: Desk, event: gr.EventData) -> Any:
        """The canvas acted; the desk's time begins anew, as after each event that gives it back."""
        return handlers.act(self.studio, desk, event._data), desk

    def open(self, desk: Desk, event: gr.EventData) -> Any:
        """The canvas uploaded a file: canvas, desk, and the fields that it brings back."""
        folder = Path(get_upload_folder())
        view, restored = handlers.open_upload(self.studio, desk, event._data, folder)
        return view, desk, *_restored_fields(restored)

    def example(self, desk: Desk, event: gr.EventData) -> Any:
        """An example was pressed: canvas, desk, prompt, region."""
        view, example = handlers.open_example(self.studio, desk, event._data, self.examples)
        return view, desk, example.prompt, example.region.value

    def region(self, desk: Desk, value: str) -> Any:
        """The region switch was moved."""
        return handlers.choose_region(desk, value)

    def begin(self, desk: Desk) -> Any:
        """Repaint was pressed: ticket, and a page that shows it."""
        return desk.begin(), progress.WAITING, *_buttons(busy=True)

    def run(self, desk: Desk, ticket: int, *fields: Any) -> Iterator[Any]:
        """Paint: progress, result, buttons."""
        for shown in paint(self.studio, desk, Form(*fields), ticket):
            yield _updates(shown)

    def stop(self, desk: Desk) -> Any:
        """Stop was pressed."""
        desk.stop()
        return progress.STOPPED, *_buttons(busy=False)

    def refused(self, desk: Desk) -> Any:
        """The queue did not take the repaint."""
        if desk.stopped:
            return progress.STOPPED, *_buttons(busy=False)
        sentence = "Too many repaints are waiting. Please try again in a moment."
        return progress.failed(sentence), *_buttons(busy=False)

    def reuse(self, event: gr.EventData) -> Any:
        """The result's seed is wanted again."""
        try:
            return str(handlers.seed_of(event._data))
        except BadRequest:
            return gr.skip()

    def status(self, shown: str) -> Any:
        """Header, card, timer, and the painter's settings where it is another than `shown`."""
        status, info = self.studio.status(), self.studio.painter.info
        again = gr.Timer(active=bool(status.loading))
        fields = _fields(info) if info.key != shown else (gr.skip(),) * 4
        return statuscard.pill(status), statuscard.card(status), again, info.key, *fields


def _fields(info: ModelInfo) -> tuple[Any, ...]:
    best = defaults_of(info)
    return (
        gr.update(value=best.guidance),
        gr.update(value=best.steps),
        gr.update(value=best.strength),
        gr.update(value=best.scheduler, choices=list(info.schedulers)),
    )


def _restored_fields(restored: Restored | None) -> tuple[Any, ...]:
    """Return the fields' values in the order of `_wire_canvas`; a plain photo changes none."""
    if restored is None:
        return (gr.skip(),) * 8
    s = restored.settings
    return (
        *(restored.region.value, s.prompt, s.negative_prompt, str(s.seed)),
        *(s.guidance, s.steps, s.strength, s.scheduler),
    )


def _buttons(busy: bool) -> tuple[Any, Any]:
    return gr.update(visible=not busy), gr.update(visible=busy)


def _updates(shown: Shown) -> tuple[Any, ...]:
    return shown.progress, shown.results, *_buttons(shown.busy)


def _wire_canvas(w: Widgets, events: Events) -> None:
    many: dict[str, Any] = {**QUICK, "trigger_mode": "multiple"}
    w.canvas.act(events.act, [w.desk], [w.canvas, w.desk], **many)
    fields = [w.region, w.prompt, w.negative, w.seed, w.guidance, w.steps, w.strength, w.scheduler]
    w.canvas.open(events.open, [w.desk], [w.canvas, w.desk, *fields], **many)
    ready = [w.canvas, w.desk, w.prompt, w.region]
    w.examples.example(events.example, [w.desk], ready, **QUICK)
    w.region.input(events.region, [w.desk, w.region], [w.canvas], **QUICK)
    w.dice.click(handlers.draw_seed, None, [w.seed], **QUICK)
    w.result.reuse(events.reuse, None, [w.seed], **QUICK)


def _wire_painting(w: Widgets, events: Events) -> None:
    form = [
        *(w.prompt, w.negative, w.seed, w.guidance, w.steps, w.strength, w.scheduler),
        w.variations,
    ]
    begun = gr.on(
        [w.repaint.click, w.prompt.submit, w.negative.submit],
        events.begin,
        [w.desk],
        [w.ticket, w.progress, w.repaint, w.stop],
        **QUICK,
    )
    run = begun.then(
        events.run,
        [w.desk, w.ticket, *form],
        [w.progress, w.result, w.repaint, w.stop],
        show_progress="hidden",
        api_visibility="private",
        concurrency_id="paint",
        concurrency_limit=1,
        # A repaint that is wanted right after Stop is sent while the old one makes its last step.
        trigger_mode="multiple",
    )
    run.failure(events.refused, [w.desk], [w.progress, w.repaint, w.stop], **QUICK)
    # Not `cancels`: for gradio a cancelled run has failed, and its late failure would meet the next
    # repaint. A run that is not wanted any more ends by itself, within one step.
    w.stop.click(events.stop, [w.desk], [w.progress, w.repaint, w.stop], **QUICK)


def _wire_status(page: gr.Blocks, w: Widgets, events: Events) -> None:
    outputs = [w.header, w.status, w.timer, w.painter, w.guidance, w.steps, w.strength, w.scheduler]
    page.load(events.status, [w.painter], outputs, **QUICK)
    w.timer.tick(events.status, [w.painter], outputs, **QUICK)


def _wire_visit(page: gr.Blocks, w: Widgets, events: Events) -> None:
    """A window that is closed ends its repaint, and its desk is forgotten in time."""

    def leave(request: gr.Request) -> None:
        desk = desk_of(page, w.desk, request.session_hash)
        if desk is not None:
            desk.stop()

    page.load(events.arrive, [w.desk], [w.desk], **QUICK)
    page.unload(leave)


def desk_of(page: gr.Blocks, desk: gr.State, session: str | None) -> Desk | None:
    """Return the desk of a window's session, None where the server holds none.

    Events of a window that has gone have no inputs: gradio's store is asked.
    """
    if session is None or session not in page.state_holder:
        return None
    held = page.state_holder[session].get(desk._id)
    return held if isinstance(held, Desk) else None
