"""The choice of models, folded away: what kind, which one, its facts, and the button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from inpainting.offers import Switch
from inpainting.studio import Studio
from inpainting.web.catalogue import KINDS, choices, facts
from inpainting.web.texts import TRANSLATE, label


@dataclass(frozen=True, slots=True)
class Models:
    """The parts of the drawer; `told` is what was wrong with the last press of the button."""

    kind: gr.Radio
    model: gr.Dropdown
    facts: gr.HTML
    load: gr.Button
    told: gr.HTML

    @property
    def choice(self) -> list[Any]:
        """Kind and model."""
        return [self.kind, self.model]


def models(studio: Studio, switch: Switch | None) -> Models | None:
    """Return the drawer, None where there is nothing to choose from."""
    if switch is None:
        return None
    offers, kind = switch.offers(), KINDS[0][1]
    key = studio.painter.info.key
    with gr.Accordion(label("Models"), open=False, elem_id="pp-models"):
        return Models(
            kind=gr.Radio(
                [(label(text), name) for text, name in KINDS],
                value=kind,
                label=label("For"),
                elem_id="pp-kind",
            ),
            model=gr.Dropdown(
                choices(offers, kind),
                value=key,
                allow_custom_value=True,
                label=label("Model"),
                elem_id="pp-model",
            ),
            facts=gr.HTML(facts(offers, kind, key), js_on_load=TRANSLATE, elem_id="pp-facts"),
            load=gr.Button(label("Load this model"), elem_id="pp-load"),
            told=gr.HTML("", js_on_load=TRANSLATE, elem_id="pp-load-told"),
        )
