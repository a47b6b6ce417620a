"""What lies where on the page: its parts by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from inpainting.requests import MAX_GUIDANCE, MAX_PROMPT, MAX_STEPS
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import ModelInfo, PaintDefaults, Region
from inpainting.web import progress, statuscard
from inpainting.web.canvas import point_canvas
from inpainting.web.desk import Desks
from inpainting.web.examples import example_strip
from inpainting.web.fields import defaults_of, painter_of
from inpainting.web.results import result_panel
from inpainting.web.serve import DELETE_AFTER
from inpainting.web.texts import TRANSLATE, label

HEADER = (
    '<div class="pp-header"><div><h1>Point &amp; Paint</h1>'
    "<p data-t>Click the subject, say what the rest should be.</p></div>${value}</div>"
)
POLL_SECONDS = 1.5
LINE_SECONDS = 2.0
MAX_VARIATIONS = 4

CANVAS_SCRIPTS = (
    *("canvas_base", "canvas_view", "canvas_mask", "canvas_overlay", "canvas_marks"),
    *("canvas_tools", "canvas_panels", "canvas_pointer", "canvas_keys", "canvas_live"),
    *("canvas_files", "canvas_compare", "canvas"),
)

SEED_INFO = "Same seed, same picture; empty draws a new one."


@dataclass(frozen=True, slots=True)
class Widgets:
    """The page's parts by name.

    `ticket` is that of the repaint that was asked for; `painter` the one that the settings' fields
    were made for; `window` is filled in by the browser with the key of the desk that it shows.
    """

    desk: gr.State
    ticket: gr.Number
    painter: gr.State
    window: gr.Textbox
    header: gr.HTML
    canvas: gr.HTML
    result: gr.HTML
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
    timer: gr.Timer
    line: gr.Timer

    @property
    def form(self) -> list[Any]:
        """The fields in the order of `painting.Form`."""
        texts = [self.prompt, self.negative, self.seed]
        return [*texts, self.guidance, self.steps, self.strength, self.scheduler, self.variations]


def lay_out(studio: Studio, settings: Settings, examples: Sequence[Path], desks: Desks) -> Widgets:
    """Return the parts of the page, in the block that is open; its visitors' desks are `desks`."""
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
            parts["result"] = result_panel()
            parts["examples"] = example_strip(examples)
        with gr.Column(scale=3, min_width=320, elem_id="pp-side"):
            with gr.Column(elem_id="pp-form"):
                parts.update(_form())
            parts.update(_settings(info))
            parts["status"] = gr.HTML(
                statuscard.card(studio.status()), js_on_load=TRANSLATE, elem_id="pp-status"
            )
    return Widgets(**parts)


def _form() -> dict[str, Any]:
    """What to repaint, with what, the button that does it, and how far it is."""
    sides = (("Background", Region.BACKGROUND), ("Subject", Region.SUBJECT))
    return {
        "region": gr.Radio(
            [(label(text), region.value) for text, region in sides],
            value=Region.BACKGROUND.value,
            label=label("Repaint"),
            elem_id="pp-region",
        ),
        "prompt": gr.Textbox(
            label=label("Prompt"),
            placeholder=label("what to paint, such as: sunset sea"),
            lines=2,
            max_lines=5,
            max_length=MAX_PROMPT,
            elem_id="pp-prompt",
        ),
        "negative": gr.Textbox(
            label=label("Negative prompt"),
            placeholder=label("what should not appear"),
            max_length=MAX_PROMPT,
            elem_id="pp-negative",
        ),
        "repaint": gr.Button(label("Repaint"), variant="primary", elem_id="pp-repaint"),
        "stop": gr.Button(label("Stop"), variant="stop", visible=False, elem_id="pp-stop"),
        "progress": progress.progress_card(),
    }


def _settings(info: ModelInfo) -> dict[str, Any]:
    """The settings of the painter, folded away."""
    with gr.Accordion(label("Settings"), open=False, elem_id="pp-settings"):
        return {**_seed_row(), **_knobs(defaults_of(info), info.schedulers), **_variations()}


def _seed_row() -> dict[str, Any]:
    with gr.Row(elem_id="pp-seed-row"):
        seed = gr.Textbox(
            label=label("Seed"),
            placeholder=label("new each time"),
            info=label(SEED_INFO),
            max_length=10,
            min_width=120,
            elem_id="pp-seed",
        )
        return {
            "seed": seed,
            "dice": gr.Button(label("Random"), size="md", elem_id="pp-dice"),
        }


def _knobs(best: PaintDefaults, schedulers: tuple[str, ...]) -> dict[str, Any]:
    return {
        "guidance": gr.Slider(
            0,
            MAX_GUIDANCE,
            best.guidance,
            step=0.5,
            label=label("Guidance"),
            info=label("How closely the painter keeps to the prompt; too much looks harsh."),
            elem_id="pp-guidance",
        ),
        "steps": gr.Slider(
            1,
            MAX_STEPS,
            best.steps,
            step=1,
            label=label("Steps"),
            info=label("In how many steps the picture is worked out; more take longer."),
            elem_id="pp-steps",
        ),
        "strength": gr.Slider(
            0.05,
            1.0,
            best.strength,
            step=0.01,
            label=label("Strength"),
            info=label("How much of what was there is painted over; less keeps its shapes."),
            elem_id="pp-strength",
        ),
        "scheduler": gr.Dropdown(
            list(schedulers),
            value=best.scheduler,
            # A page may know other choices than the server; the core says which there are.
            allow_custom_value=True,
            label=label("Scheduler"),
            info=label("The way from noise to picture; others give slightly other pictures."),
            elem_id="pp-scheduler",
        ),
    }


def _variations() -> dict[str, Any]:
    return {
        "variations": gr.Slider(
            1,
            MAX_VARIATIONS,
            1,
            step=1,
            label=label("Variations"),
            info=label("How many pictures are painted, each with the next seed."),
            elem_id="pp-variations",
        )
    }
