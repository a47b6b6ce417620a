"""The page's own components: markup, style and script in files beside this module."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).resolve().parent


def part(name: str) -> str:
    """Return the text of a file of this package."""
    return (FOLDER / name).read_text(encoding="utf8")


def component(name: str, value: object, scripts: Sequence[str] = (), **props: Any) -> gr.HTML:
    """Return the component that NAME.html, .css and .js make, with the id pp-NAME.

    `scripts` names the .js files, without their ending, that are joined in that order to its one
    script; NAME alone where there are none. `props` can be named in its markup and read by its
    script; `server_functions` among them are called by it.
    """
    return gr.HTML(
        value=value,
        html_template=part(f"{name}.html"),
        css_template=part(f"{name}.css"),
        js_on_load="\n".join(part(f"{script}.js") for script in scripts or (name,)),
        apply_default_css=False,
        elem_id=f"pp-{name}",
        **props,
    )
