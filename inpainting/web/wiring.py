"""Which handler answers which event, with what it is given and what it draws."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import gradio as gr

from inpainting.web import handlers
from inpainting.web.desk import Desk
from inpainting.web.events import Events
from inpainting.web.layout import Widgets

QUICK: MappingProxyType[str, Any] = MappingProxyType(
    {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
)
"""For all that must never wait behind a repaint."""

EACH = MappingProxyType({**QUICK, "trigger_mode": "multiple"})
"""For what must be heard each time, also while the last is under way."""

LAST = MappingProxyType({**QUICK, "trigger_mode": "always_last"})
"""For what is only worth hearing as it stands."""

WINDOW = "(desk, _, ...form) => [desk, sessionStorage.getItem('pp-desk') || '', ...form]"
"""Fills in the desk that the window shows: a server that was started anew knows another one."""


def wire(page: gr.Blocks, w: Widgets, events: Events) -> None:
    """Connect the parts of a page, which is open as a block."""
    _wire_canvas(w, events)
    _wire_results(w, events)
    _wire_painting(w, events)
    _wire_form(w, events)
    _wire_models(w, events)
    _wire_visit(page, w, events)


def _scene(w: Widgets) -> list[Any]:
    return [w.canvas, w.desk, w.region, w.result]


def _job(w: Widgets) -> list[Any]:
    return [w.progress, w.repaint, w.stop]


def _wire_canvas(w: Widgets, events: Events) -> None:
    scene, both = _scene(w), [*_scene(w), *_job(w)]
    opened, heard = [*both, *w.form, w.quick_sides], [w.progress, w.ticket, w.line]
    w.canvas.act(events.act, [w.desk], both, **EACH)
    w.canvas.open(events.open, [w.desk], opened, **EACH)
    w.canvas.mask(events.mask, [w.desk], both, **EACH)
    w.canvas.resume(events.resume, [w.desk], [*scene, *heard, w.painter, *w.form], **EACH)
    w.examples.example(events.example, [w.desk], opened, **QUICK)
    w.region.input(events.region, [w.desk, w.region], scene, **LAST)
    w.tool.change(events.tool, [w.desk, w.tool], [*scene, w.repaint], **LAST)
    told = {**QUICK, "show_progress": "minimal"}  # it may take seconds
    w.find.submit(events.find, [w.desk, w.find], scene, **told)


def _wire_results(w: Widgets, events: Events) -> None:
    both = [*_scene(w), *_job(w)]
    w.result.show(events.show, [w.desk], both, **LAST)
    w.result.further(events.further, [w.desk], both, **QUICK)
    w.result.reuse(events.reuse, None, [w.seed], **QUICK)


def _wire_painting(w: Widgets, events: Events) -> None:
    begun = gr.on(
        [w.repaint.click, w.prompt.submit, w.negative_prompt.submit],
        events.begin,
        [w.desk, w.window, *w.form],
        [w.ticket, *_job(w), w.line],
        js=WINDOW,
        **QUICK,
    )
    # gradio refuses fields whose values are out of bounds before any handler of ours sees them.
    begun.failure(events.unfit, [w.desk], _job(w), **QUICK)
    run = begun.success(
        events.run,
        [w.desk, w.ticket, *w.form],
        [w.progress, w.result, w.repaint, w.stop],
        show_progress="hidden",
        api_visibility="private",
        concurrency_id="paint",
        concurrency_limit=events.studio.settings.batch,
        # A repaint that is wanted right after Stop is sent while the old one makes its last step.
        trigger_mode="multiple",
    )
    run.then(events.refresh, [w.desk], [w.canvas, w.tool], **EACH)
    # A painter that was loaded by its first job can tell only now how long a prompt is for it.
    run.then(events.tokens, [w.prompt], [w.tokens], **EACH)
    run.failure(events.refused, [w.desk], _job(w), **QUICK)
    # Not `cancels`: for gradio a cancelled run has failed, and its late failure would meet the next
    # repaint. A run that is not wanted any more ends by itself, within one step.
    w.stop.click(events.stop, [w.desk], _job(w), **QUICK)
    w.line.tick(events.wait, [w.desk, w.ticket], [w.progress, w.result, w.line], **QUICK)


def _wire_form(w: Widgets, events: Events) -> None:
    changes = [field.change for field in w.form]
    gr.on(changes, events.remember, [w.desk, w.painter, *w.form], None, **LAST)
    w.seed.change(events.check_seed, [w.seed], [w.seed], **LAST)
    w.dice.click(handlers.draw_seed, None, [w.seed], **QUICK)
    w.prompt.change(events.tokens, [w.prompt], [w.tokens], **LAST)
    w.presets.input(
        events.preset, [w.negative_prompt, w.presets], [w.negative_prompt, w.presets], **QUICK
    )
    w.lora_names.input(events.add_lora, [w.loras, w.lora_names], [w.loras, w.lora_names], **QUICK)
    sides = [w.left, w.top, w.right, w.bottom]
    w.quick_sides.input(events.extend_to, [w.desk, w.quick_sides], sides, **QUICK)
    w.shape.input(events.shape, [w.shape], [w.width, w.height], **QUICK)
    grid: list[Any] = [w.x_setting, w.x_values, w.y_setting, w.y_values]
    gr.on([field.change for field in grid], events.grid, grid, [w.grid_size], **LAST)


def _wire_models(w: Widgets, events: Events) -> None:
    if w.models is None:
        return
    choice = w.models.choice
    w.models.kind.input(events.kind, [w.models.kind], [w.models.model, w.models.facts], **LAST)
    w.models.model.input(events.model, choice, [w.models.facts], **LAST)
    w.models.load.click(events.load, choice, [w.models.told, w.timer], **QUICK)


def _hanging(w: Widgets) -> list[Any]:
    """What the models in use decide about."""
    shown = [w.softness, w.guidance_until, w.reuse]
    return [w.method, *shown, w.lora, w.lora_names, w.finding]


def _wire_visit(page: gr.Blocks, w: Widgets, events: Events) -> None:
    """A window that is closed ends the repaint it began, and its desk is forgotten in time."""

    def leave(request: gr.Request) -> None:
        desk = desk_of(page, w.desk, request.session_hash)
        if desk is not None and request.session_hash:
            desk.leave(request.session_hash)
            events.desks.find(desk.key)  # its last hour, for a reload, begins now
        events.line.tidy()

    page.load(events.arrive, None, [w.header, w.status, *_hanging(w)], **QUICK)
    page.unload(leave)
    knobs = [w.guidance, w.steps, w.strength, w.scheduler, w.look]
    outputs = [w.header, w.status, w.timer, w.painter, *_hanging(w), *knobs]
    w.timer.tick(events.status, [w.painter, *knobs], outputs, **QUICK)


def desk_of(page: gr.Blocks, desk: gr.State, session: str | None) -> Desk | None:
    """Return the desk of a window's session, None where the server holds none.

    Events of a window that has gone have no inputs: gradio's store is asked.
    """
    if session is None or session not in page.state_holder:
        return None
    held = page.state_holder[session].get(desk._id)
    return held if isinstance(held, Desk) else None
