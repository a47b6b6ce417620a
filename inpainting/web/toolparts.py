"""The form: which tool, with what, and what stands below it: the button, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from inpainting.requests import MAX_PROMPT
from inpainting.studio import Studio
from inpainting.types import ModelInfo, Region, Tool
from inpainting.web import progress
from inpainting.web.fields import defaults_of
from inpainting.web.prompting import TIPS
from inpainting.web.sizing import EXTENSIONS, SHAPES, picture_size
from inpainting.web.texts import TRANSLATE, label
from inpainting.web.tooling import TITLES, WHOLE

SIDES = (("Left", "left"), ("Top", "top"), ("Right", "right"), ("Bottom", "bottom"))


def form(studio: Studio) -> dict[str, Any]:
    """Return what stands in the form from top to bottom."""
    return {
        **_tool(),
        **_method(studio.fillers),
        **_sides(),
        **_size(studio.painter.info),
        **_look(studio.painter.info),
        **_prompts(),
    }


def _tool() -> dict[str, Any]:
    sides = (
        ("Background", Region.BACKGROUND.value),
        ("Subject", Region.SUBJECT.value),
        ("Whole photo", WHOLE),
    )
    return {
        "tool": gr.Radio(
            [(label(title), tool.value) for tool, title in TITLES.items()],
            value=Tool.REPAINT.value,
            label=label("Tool"),
            container=False,
            elem_id="pp-tool",
        ),
        "region": gr.Radio(
            [(label(text), value) for text, value in sides],
            value=Region.BACKGROUND.value,
            label=label("What to paint"),
            elem_id="pp-region",
        ),
    }


def method_choices(fillers: Mapping[str, ModelInfo]) -> list[tuple[str, str]]:
    """Return titles and keys of what Remove can be done with."""
    return [(info.title, key) for key, info in fillers.items()]


def _method(fillers: Mapping[str, ModelInfo]) -> dict[str, Any]:
    choices = method_choices(fillers)
    return {
        "method": gr.Dropdown(
            choices,
            value=choices[0][1] if choices else None,
            # A page may know other choices than the server; the core says which there are.
            allow_custom_value=True,
            label=label("Method"),
            info=label("Takes the subject out and fills the place from what is round it."),
            elem_id="pp-method",
        )
    }


def _sides() -> dict[str, Any]:
    with gr.Column(elem_id="pp-sides", elem_classes="pp-group-of"):
        parts: dict[str, Any] = {
            "quick_sides": gr.Dropdown(
                [(label(name), name) for name in EXTENSIONS],
                value=None,
                label=label("Extend to"),
                info=label("Paints new ground round the photo; or say how much on each side."),
                elem_id="pp-quick-sides",
            )
        }
        with gr.Row(elem_classes="pp-numbers"):
            for title, name in SIDES:
                parts[name] = _pixels(title, name, 0)
    return parts


def _size(info: ModelInfo) -> dict[str, Any]:
    width, height = picture_size(info.native_side, "Square")
    with gr.Column(elem_id="pp-size", elem_classes="pp-group-of"):
        shape = gr.Dropdown(
            [(label(name), name) for name in SHAPES],
            value="Square",
            label=label("Shape"),
            info=label("Begins with an empty picture of that size; no photo is needed."),
            elem_id="pp-shape",
        )
        with gr.Row(elem_classes="pp-numbers"):
            return {
                "shape": shape,
                "width": _pixels("Width", "width", width),
                "height": _pixels("Height", "height", height),
            }


def _pixels(title: str, name: str, value: int) -> gr.Number:
    """Without bounds of its own: the core has a sentence for what is out of them."""
    return gr.Number(
        value,
        label=label(title),
        precision=0,
        min_width=60,
        elem_id=f"pp-n-{name}",
    )


def _look(info: ModelInfo) -> dict[str, Any]:
    return {
        "look": gr.Slider(
            0.0,
            1.0,
            defaults_of(info).restyle,
            step=0.01,
            label=label("How much changes"),
            info=label("Low keeps shapes and colours, high paints almost everything anew."),
            elem_id="pp-look",
        )
    }


def _prompts() -> dict[str, Any]:
    prompt = gr.Textbox(
        label=label("Prompt"),
        placeholder=label("what to paint, such as: sunset sea"),
        lines=2,
        max_lines=5,
        max_length=MAX_PROMPT,
        elem_id="pp-prompt",
    )
    with gr.Row(elem_id="pp-tokens"):
        tokens = gr.HTML("", js_on_load=TRANSLATE, elem_id="pp-count")
        gr.HTML(TIPS, js_on_load=TRANSLATE, elem_id="pp-tips")
    return {
        "prompt": prompt,
        "tokens": tokens,
        "negative_prompt": gr.Textbox(
            label=label("Negative prompt"),
            placeholder=label("what should not appear"),
            max_length=MAX_PROMPT,
            elem_id="pp-negative",
        ),
    }


def action() -> dict[str, Any]:
    """Return the buttons that begin and stop the work, and how far it is."""
    return {
        "repaint": gr.Button(label("Repaint"), variant="primary", elem_id="pp-repaint"),
        "stop": gr.Button(label("Stop"), variant="stop", visible=False, elem_id="pp-stop"),
        "progress": progress.progress_card(),
    }
