"""What lies where on the page: its parts by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from inpainting.offers import Switch
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.web import modelparts, settingparts, statuscard, toolparts
from inpainting.web.canvas import point_canvas
from inpainting.web.desk import Desks
from inpainting.web.examples import example_strip
from inpainting.web.fields import painter_of
from inpainting.web.form import FIELDS
from inpainting.web.results import result_panel
from inpainting.web.serve import DELETE_AFTER
from inpainting.web.texts import TRANSLATE, label

HEADER = (
    '<div class="pp-header"><div><h1>Point &amp; Paint</h1>'
    "<p data-t>Click the subject, say what the rest should be.</p></div>${value}</div>"
)
POLL_SECONDS = 1.5
IDLE_SECONDS = 10.0
"""How often the page asks what is loaded while nothing is on its way."""

LINE_SECONDS = 2.0

CANVAS_SCRIPTS = (
    *("canvas_base", "canvas_view", "canvas_mask", "canvas_overlay", "canvas_marks"),
    *("canvas_tools", "canvas_panels", "canvas_pointer", "canvas_keys", "canvas_live"),
    *("canvas_files", "canvas_compare", "canvas"),
)


@dataclass(frozen=True, slots=True)
class Widgets:
    """The page's parts by name.

    `ticket` is that of the repaint that was asked for; `painter` the one that the settings' fields
    were made for; `window` is filled in by the browser with the key of the desk that it shows.
    Parts that are named as a field of `form.Form` are that field.
    """

    desk: gr.State
    ticket: gr.Number
    painter: gr.State
    window: gr.Textbox
    header: gr.HTML
    canvas: gr.HTML
    finding: gr.Column
    find: gr.Textbox
    result: gr.HTML
    examples: gr.HTML
    tool: gr.Radio
    region: gr.Radio
    method: gr.Dropdown
    quick_sides: gr.Dropdown
    left: gr.Number
    top: gr.Number
    right: gr.Number
    bottom: gr.Number
    shape: gr.Dropdown
    width: gr.Number
    height: gr.Number
    look: gr.Slider
    prompt: gr.Textbox
    tokens: gr.HTML
    negative_prompt: gr.Textbox
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
    presets: gr.Dropdown
    context: gr.Slider
    prefill: gr.Dropdown
    colour: gr.Dropdown
    softness: gr.Slider
    guidance_until: gr.Slider
    reuse: gr.Slider
    separate: gr.Checkbox
    film: gr.Checkbox
    lora: gr.Column
    lora_names: gr.Dropdown
    loras: gr.Textbox
    x_setting: gr.Dropdown
    x_values: gr.Textbox
    y_setting: gr.Dropdown
    y_values: gr.Textbox
    grid_size: gr.HTML
    status: gr.HTML
    timer: gr.Timer
    line: gr.Timer
    models: modelparts.Models | None

    @property
    def form(self) -> list[Any]:
        """The fields in the order of `form.Form`."""
        return [getattr(self, name) for name in FIELDS]


def lay_out(
    studio: Studio,
    settings: Settings,
    examples: Sequence[Path],
    desks: Desks,
    switch: Switch | None = None,
) -> Widgets:
    """Return the parts of the page, in the block that is open; its visitors' desks are `desks`.

    Without a `switch` there is no choice of models.
    """
    info = studio.painter.info
    parts: dict[str, Any] = {
        # gradio forgets the desk of a closed window after an hour, and this one with its files.
        "desk": gr.State(desks.new(), time_to_live=DELETE_AFTER),
        # Not a state: a repaint that waits in the queue keeps the ticket that it was sent with.
        "ticket": gr.Number(0, precision=0, visible=False),
        "painter": gr.State(painter_of(info)),
        "window": gr.Textbox(visible=False),
        "header": gr.HTML(
            statuscard.pill(studio.status()),
            html_template=HEADER,
            js_on_load=TRANSLATE,
            elem_id="pp-header",
        ),
        "timer": gr.Timer(POLL_SECONDS),
        "line": gr.Timer(LINE_SECONDS, active=False),
    }
    with gr.Row(elem_id="pp-main"):
        with gr.Column(scale=7, min_width=340, elem_id="pp-left"):
            options = {"scripts": CANVAS_SCRIPTS, "max_megapixels": settings.max_megapixels}
            parts["canvas"] = point_canvas(settings, studio, desks, **options)
            parts.update(_find(studio.can_find))
            parts["result"] = result_panel()
            parts["examples"] = example_strip(examples)
        with gr.Column(scale=3, min_width=320, elem_id="pp-side"):
            with gr.Column(elem_id="pp-form"):
                parts.update(toolparts.form(studio))
            with gr.Column(elem_id="pp-action"):
                parts.update(toolparts.action())
            loras = switch.loras() if switch else ()
            with gr.Column(elem_id="pp-more"):
                parts.update(settingparts.settings(info, loras))
                parts["models"] = modelparts.models(studio, switch)
            parts["status"] = gr.HTML(
                statuscard.card(studio.status()), js_on_load=TRANSLATE, elem_id="pp-status"
            )
    return Widgets(**parts)


def _find(shown: bool) -> dict[str, Any]:
    with gr.Column(visible=shown, elem_id="pp-finding") as finding:
        words = gr.Textbox(
            label=label("Find"),
            placeholder=label("Name what to select, such as: the dog; Enter selects it."),
            max_length=200,
            container=False,
            elem_id="pp-find",
        )
    return {"finding": finding, "find": words}
