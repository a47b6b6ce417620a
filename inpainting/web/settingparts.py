"""The settings, folded away: those of the painter, of the seams, and the grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from inpainting.framing import CONTEXT
from inpainting.grids import AXES, in_words
from inpainting.requests import (
    MAX_CONTEXT,
    MAX_GUIDANCE,
    MAX_REUSE,
    MAX_SOFTNESS,
    MAX_STEPS,
    MAX_VARIATIONS,
)
from inpainting.types import ModelInfo, PaintDefaults
from inpainting.web.fields import defaults_of
from inpainting.web.prompting import negative_choices
from inpainting.web.texts import TRANSLATE, label

SEED_INFO = "Same seed, same picture; empty draws a new one."

FILLED = (
    ("Automatic", "auto"),
    ("What was there", "original"),
    ("Blurred surroundings", "blur"),
    ("Surroundings, flowing in", "navier-stokes"),
    ("Surroundings, marching in", "telea"),
    ("Grey", "neutral"),
    ("Noise", "noise"),
)
"""What a hole is filled with before it is painted: words, and the name in a request."""

MATCHED = (("Automatic", "auto"), ("Always", "on"), ("Never", "off"))


def settings(info: ModelInfo, loras: Sequence[str]) -> dict[str, Any]:
    """Return the fields of the three drawers; `loras` are the files that can be added."""
    with gr.Accordion(label("Settings"), open=False, elem_id="pp-settings"):
        parts = {**_seed_row(), **_variations(), **_knobs(defaults_of(info), info.schedulers)}
        parts.update(_shortcuts(info))
        parts.update(_negative())
    with gr.Accordion(label("Fine tuning"), open=False, elem_id="pp-fine"):
        parts.update(_seams(info))
        parts.update(_extras(info, loras))
    with gr.Accordion(label("Compare settings"), open=False, elem_id="pp-grid"):
        parts.update(_grid())
    return parts


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
            0.0,
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


def _shortcuts(info: ModelInfo) -> dict[str, Any]:
    return {
        "guidance_until": gr.Slider(
            0.0,
            1.0,
            1.0,
            step=0.05,
            label=label("Guidance until"),
            info=label(
                "A quick finish: steps after this share of them take half the time, "
                "and heed the prompt less."
            ),
            visible=info.shortcuts,
            elem_id="pp-guidance-until",
        ),
        "reuse": gr.Slider(
            1,
            MAX_REUSE,
            1,
            step=1,
            label=label("Reuse"),
            info=label(
                "Skips work: with 3, every third step alone does all of it; quicker, less exact."
            ),
            visible=info.shortcuts,
            elem_id="pp-reuse",
        ),
    }


def _negative() -> dict[str, Any]:
    return {
        "presets": gr.Dropdown(
            [(label(name), name) for name in negative_choices()],
            value=None,
            label=label("Add to the negative prompt"),
            info=label("Ready-made words for what should not appear."),
            elem_id="pp-presets",
        )
    }


def _seams(info: ModelInfo) -> dict[str, Any]:
    return {
        "context": gr.Slider(
            0,
            MAX_CONTEXT,
            CONTEXT,
            step=0.05,
            label=label("Context"),
            info=label("How much the painter sees round what it paints; less shows finer detail."),
            elem_id="pp-context",
        ),
        "prefill": gr.Dropdown(
            [(label(text), name) for text, name in FILLED],
            value="auto",
            label=label("Begin with"),
            info=label("What stands in the hole before it is painted."),
            elem_id="pp-prefill",
        ),
        "colour": gr.Dropdown(
            [(label(text), name) for text, name in MATCHED],
            value="auto",
            label=label("Match colours"),
            info=label("Fits the new colours to those along the seam."),
            elem_id="pp-colour",
        ),
        "softness": gr.Slider(
            0,
            MAX_SOFTNESS,
            0,
            step=1,
            label=label("Softness"),
            info=label("Over how many pixels the change grows from the border inwards."),
            visible=info.soft,
            elem_id="pp-softness",
        ),
        "separate": gr.Checkbox(
            False,
            label=label("Holes one by one"),
            info=label("Paints places that lie apart each on its own, in finer detail."),
            elem_id="pp-separate",
        ),
    }


def _extras(info: ModelInfo, loras: Sequence[str]) -> dict[str, Any]:
    film = gr.Checkbox(
        False,
        label=label("Keep the steps"),
        info=label("A filmstrip of how the picture came about, beside each result."),
        elem_id="pp-film",
    )
    visible = bool(info.lora_base and loras)
    with gr.Column(visible=visible, elem_id="pp-lora", elem_classes="pp-group-of") as lora:
        names = gr.Dropdown(
            list(loras), value=None, label=label("Add a LoRA file"), elem_id="pp-lora-names"
        )
        text = gr.Textbox(
            label=label("LoRA files"),
            info=label("Each with its weight after a colon, such as film grain:0.8."),
            max_length=1000,
            elem_id="pp-loras",
        )
    return {"film": film, "lora": lora, "lora_names": names, "loras": text}


def _grid() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for axis, title in (("x", "Across"), ("y", "Down")):
        with gr.Row(elem_classes="pp-numbers"):
            parts[f"{axis}_setting"] = gr.Dropdown(
                [(label("nothing"), ""), *((label(in_words(name)), name) for name in AXES)],
                value="",
                label=label(title),
                min_width=100,
                elem_id=f"pp-{axis}-setting",
            )
            parts[f"{axis}_values"] = gr.Textbox(
                label=label("Values"),
                placeholder=label("such as 10, 20, 30"),
                max_lines=1,
                max_length=1000,
                min_width=100,
                elem_id=f"pp-{axis}-values",
            )
    parts["grid_size"] = gr.HTML("", js_on_load=TRANSLATE, elem_id="pp-grid-size")
    return parts
