"""The page's own components: markup, style and script in files beside this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).resolve().parent


def part(name: str) -> str:
    """Return the text of a file of this package."""
    return (FOLDER / name).read_text(encoding="utf8")


def component(name: str, value: object, **props: Any) -> gr.HTML:
    """Return the component that NAME.html, .css and .js make, with the id pp-NAME.

    `props` can be named in its markup and read by its script.
    """
    return gr.HTML(
        value=value,
        html_template=part(f"{name}.html"),
        css_template=part(f"{name}.css"),
        js_on_load=part(f"{name}.js"),
        apply_default_css=False,
        elem_id=f"pp-{name}",
        **props,
    )
