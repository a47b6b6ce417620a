"""The files of the page's own components: markup, style and script beside this module."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def part(name: str) -> str:
    """Return the text of a file of this package."""
    return (FOLDER / name).read_text(encoding="utf8")


def component(name: str) -> dict[str, str]:
    """Return the three arguments of `gr.HTML` that the files NAME.html, .css and .js fill."""
    return {
        "html_template": part(f"{name}.html"),
        "css_template": part(f"{name}.css"),
        "js_on_load": part(f"{name}.js"),
    }
