"""The page of a studio: its parts, joined to their handlers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from inpainting.offers import Switch
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.web.desk import Desks
from inpainting.web.events import Events
from inpainting.web.layout import lay_out
from inpainting.web.serve import Page
from inpainting.web.wiring import wire


def build_page(
    studio: Studio,
    settings: Settings,
    examples: Sequence[Path],
    switch: Switch | None = None,
) -> gr.Blocks:
    """Return the page of a studio, not launched; `examples` are photos to begin with.

    With a `switch` other models can be loaded in the page.
    """
    page, desks = Page(settings), Desks()
    with page:
        widgets = lay_out(studio, settings, examples, desks, switch)
        wire(page, widgets, Events(studio, tuple(examples), desks, switch))
    return page
